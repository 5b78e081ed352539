//! Amazon API Gateway: REST APIs, and HTTP APIs, whose calls are counted under the names of those of REST APIs.

pub(super) mod document;
mod links;
pub(super) mod policy;
mod stages;
mod usage_plans;

pub(super) use links::balancers_of;
pub(super) use usage_plans::KEY;

use super::{Account, Aws};
use domain::plan::edge::{Api, Connection, Protocol};
use domain::ports::Apis;
use domain::ports::gateway::{Method, Patch};
use domain::{PhaseError, Side, Tags, ownership};
use serde_json::Value;

fn unknown(api: &str) -> PhaseError {
    PhaseError::refused(format!("NotFoundException: Invalid API identifier specified {api}"))
}

/// infra/template.yaml allows changes and the deletion of an API that carries the tag of a temporary one, and of no other.
fn may_change(aws: &Aws, api: &str) -> Result<(), PhaseError> {
    let found = aws.apis.get(api);
    if found.is_some_and(|found| found.tags.get(ownership::SIDE).is_none_or(|side| side != Side::Temporary.name())) {
        return Err(PhaseError::denied(format!("the API {api} is no temporary one")));
    }
    Ok(())
}

impl Apis for Account {
    async fn api(&self, id: &str) -> Result<Option<Api>, PhaseError> {
        self.read("apigateway:GetRestApi", |aws| aws.apis.get(id).cloned())
    }

    async fn apis(&self) -> Result<Vec<Api>, PhaseError> {
        self.read("apigateway:GetRestApis", |aws| aws.apis.values().cloned().collect())
    }

    async fn methods(&self, api: &str) -> Result<Vec<Method>, PhaseError> {
        self.read("apigateway:GetResources", |aws| aws.methods.get(api).cloned().unwrap_or_default())
    }

    async fn export(&self, api: &str, stage: &str) -> Result<Value, PhaseError> {
        self.change("apigateway:GetExport", |aws| {
            let served = super::probes::served(aws, api, stage);
            let (deployment, methods) =
                served.first().ok_or_else(|| PhaseError::refused(format!("no stage {stage} of {api}")))?;
            if deployment.is_empty() {
                return Err(PhaseError::refused(format!("nothing was deployed to the stage {stage} of {api}")));
            }
            let found = aws.apis.get(api).ok_or_else(|| unknown(api))?;
            Ok(document::write(found, stage, methods, aws.authorizers.get(api)))
        })
    }

    async fn import(&self, document: &Value, endpoint_type: &str, protocol: Protocol) -> Result<String, PhaseError> {
        self.change("apigateway:ImportRestApi", |aws| {
            let name = document::title(document);
            let id = aws.create("RestApi", "api-", &name);
            let api = Api {
                id: id.clone(),
                name,
                protocol,
                endpoint_type: endpoint_type.to_owned(),
                vpc_endpoint_ids: document::vpc_endpoint_ids(document),
                api_key_source: "HEADER".to_owned(),
                policy: policy::expanded(document, &id),
                execute_api_disabled: document::is_closed(document),
                ..Api::default()
            };
            aws.methods.insert(id.clone(), document::import(document, &id));
            aws.authorizers.extend(document::authorizer(document).map(|authorizer| (id.clone(), authorizer)));
            aws.apis.insert(id.clone(), api);
            Ok(id)
        })
    }

    async fn overwrite(&self, api: &str, document: &Value, _: Protocol) -> Result<(), PhaseError> {
        self.change("apigateway:PutRestApi", |aws| {
            let found = aws.apis.get_mut(api).ok_or_else(|| unknown(api))?;
            // Terraform's provider knows an overwrite of a REST API to do that (its rest_api.go).
            let endpoint_type = if found.protocol.is_rest() { "EDGE".to_owned() } else { found.endpoint_type.clone() };
            *found = Api {
                name: document::title(document),
                api_key_source: "HEADER".to_owned(),
                binary_media_types: Vec::new(),
                minimum_compression_size: None,
                policy: policy::expanded(document, api),
                vpc_endpoint_ids: document::vpc_endpoint_ids(document),
                execute_api_disabled: document::is_closed(document),
                endpoint_type,
                ..found.clone()
            };
            aws.methods.insert(api.to_owned(), document::import(document, api));
            aws.authorizers.remove(api);
            aws.authorizers.extend(document::authorizer(document).map(|authorizer| (api.to_owned(), authorizer)));
            Ok(())
        })
    }

    async fn update_api(&self, api: &str, patches: &[Patch]) -> Result<(), PhaseError> {
        self.change("apigateway:UpdateRestApi", |aws| {
            may_change(aws, api)?;
            let found = aws.apis.get_mut(api).ok_or_else(|| unknown(api))?;
            for patch in patches {
                match patch {
                    // What UpdateApi takes beside is nothing that an import loses
                    // (https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid.html).
                    Patch::Add(path, _) | Patch::Replace(path, _)
                        if !found.protocol.is_rest() && path != "/disableExecuteApiEndpoint" =>
                    {
                        return Err(PhaseError::refused(format!("{path} is nothing of an HTTP API")));
                    }
                    Patch::Add(path, _) if path.starts_with("/binaryMediaTypes/") => {
                        let name = path.trim_start_matches("/binaryMediaTypes/").replace("~1", "/");
                        found.binary_media_types.push(name);
                    }
                    Patch::Add(path, id) if path == "/endpointConfiguration/vpcEndpointIds" => {
                        found.vpc_endpoint_ids.push(id.clone());
                    }
                    Patch::Replace(path, value) if path == "/disableExecuteApiEndpoint" => {
                        found.execute_api_disabled = value == "true";
                    }
                    Patch::Replace(path, value) if path == "/minimumCompressionSize" => {
                        found.minimum_compression_size = value.parse().ok();
                    }
                    Patch::Replace(path, value)
                        if *path == format!("/endpointConfiguration/types/{}", found.endpoint_type) =>
                    {
                        found.endpoint_type.clone_from(value);
                    }
                    other => return Err(PhaseError::refused(format!("{other:?} is no patch of an API"))),
                }
            }
            Ok(())
        })
    }

    async fn tag(&self, api: &str, tags: &Tags) -> Result<(), PhaseError> {
        self.change("apigateway:TagResource", |aws| {
            let found = aws.apis.get_mut(api).ok_or_else(|| unknown(api))?;
            found.tags.extend(tags.clone());
            Ok(())
        })
    }

    async fn delete_api(&self, api: &str) -> Result<(), PhaseError> {
        self.change("apigateway:DeleteRestApi", |aws| {
            may_change(aws, api)?;
            aws.apis.remove(api);
            aws.methods.remove(api);
            aws.authorizers.remove(api);
            aws.deployments.retain(|(of, _), _| of != api);
            aws.stages.retain(|(of, _), _| of != api);
            for plan in aws.plans.values_mut() {
                plan.stages.retain(|(of, _)| of != api);
            }
            Ok(())
        })
    }

    async fn connect(
        &self,
        api: &str,
        resource: &str,
        method: &str,
        connection: &Connection,
    ) -> Result<(), PhaseError> {
        self.change("apigateway:UpdateIntegration", |aws| {
            let is_http = aws.apis.get(api).is_some_and(|api| !api.protocol.is_rest());
            if is_http && !matches!(connection, Connection::VpcLinkV2 { .. }) {
                return Err(PhaseError::refused(format!("an HTTP API goes through no VPC link V1: {connection}")));
            }
            let methods = aws.methods.get_mut(api).into_iter().flatten();
            // Routes of an HTTP API share integrations, which are changed by their ids.
            let is_it = |found: &Method| found.resource_id == resource && (is_http || found.method == method);
            let found = methods.filter(|found| is_it(found)).filter_map(|found| found.integration.as_mut());
            let changed = found.map(|found| found.connection = connection.clone()).count();
            if changed == 0 { Err(PhaseError::conflict("no such integration")) } else { Ok(()) }
        })
    }
}
