//! APIs and their configuration: the calls of REST APIs.

use super::kind::either;
use super::{GAP, PAGE, client, convert, found, gone, http, once, patient, refusal};
use crate::{Account, error::phase_error};
use aws_sdk_apigateway::operation::get_export::GetExportOutput;
use aws_sdk_apigateway::primitives::Blob;
use aws_sdk_apigateway::types::{self, PutMode};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::http::Response;
use domain::plan::edge::{Api, Connection, Protocol};
use domain::ports::Apis;
use domain::ports::gateway::{Method, Patch};
use domain::{PhaseError, Tags};
use serde_json::Value;

impl Apis for Account {
    async fn api(&self, id: &str) -> Result<Option<Api>, PhaseError> {
        if self.protocol(id) == Some(Protocol::Http) {
            return http::api(self, id).await;
        }
        let answer = client(self).get_rest_api().rest_api_id(id).send().await;
        let Some(answer) = found(&format!("reading the API {id}"), answer)? else {
            return if self.protocol(id).is_some() { Ok(None) } else { http::api(self, id).await };
        };
        self.remember(id, Protocol::Rest);
        // GetRestApi answers the same fields as the items of GetRestApis, under a type of its own.
        let api = types::RestApi::builder()
            .set_id(answer.id)
            .set_name(answer.name)
            .set_endpoint_configuration(answer.endpoint_configuration)
            .set_endpoint_access_mode(answer.endpoint_access_mode)
            .set_binary_media_types(answer.binary_media_types)
            .set_policy(answer.policy)
            .set_api_key_source(answer.api_key_source)
            .set_minimum_compression_size(answer.minimum_compression_size)
            .disable_execute_api_endpoint(answer.disable_execute_api_endpoint)
            .set_tags(answer.tags)
            .build();
        Ok(Some(convert::api(&api)))
    }

    async fn apis(&self) -> Result<Vec<Api>, PhaseError> {
        let pages = client(self).get_rest_apis().limit(PAGE).into_paginator().items().send();
        let apis: Result<Vec<_>, _> = pages.collect().await;
        let apis = apis.map_err(|error| phase_error("listing the REST APIs", &error))?;
        let mut apis: Vec<Api> = apis.iter().map(convert::api).collect();
        apis.extend(http::apis(self).await?);
        for api in &apis {
            self.remember(&api.id, api.protocol);
        }
        Ok(apis)
    }

    async fn methods(&self, api: &str) -> Result<Vec<Method>, PhaseError> {
        let pages =
            client(self).get_resources().rest_api_id(api).embed("methods").limit(PAGE).into_paginator().items().send();
        let rest = pages.collect::<Result<Vec<_>, _>>();
        let read = |answer: Result<Vec<types::Resource>, _>| {
            let resources = answer.map_err(|error| phase_error(&format!("reading the resources of {api}"), &error))?;
            Ok(resources.iter().flat_map(convert::methods).collect())
        };
        let mut methods: Vec<Method> =
            either(self, api, Box::pin(rest), read, Box::pin(http::methods(self, api))).await?;
        methods.sort_by(|a, b| (&a.path, &a.method).cmp(&(&b.path, &b.method)));
        Ok(methods)
    }

    async fn export(&self, api: &str, stage: &str) -> Result<Value, PhaseError> {
        let context = format!("exporting the stage {stage} of {api}");
        let rest = patient(self)
            .get_export()
            .rest_api_id(api)
            .stage_name(stage)
            .export_type("oas30")
            .parameters("extensions", "apigateway")
            .accepts("application/json")
            .send();
        let read = |answer: Result<GetExportOutput, _>| {
            let answer = answer.map_err(|error| phase_error(&context, &error))?;
            document(&context, answer.body())
        };
        either(self, api, Box::pin(rest), read, Box::pin(http::export(self, api, stage))).await
    }

    async fn import(&self, document: &Value, endpoint_type: &str, protocol: Protocol) -> Result<String, PhaseError> {
        if !protocol.is_rest() {
            return http::import(self, document).await;
        }
        let answer = once(self)
            .import_rest_api()
            .fail_on_warnings(false)
            .parameters("endpointConfigurationTypes", endpoint_type)
            .body(Blob::new(document.to_string().into_bytes()))
            .send()
            .await
            .map_err(|error| phase_error("importing the temporary API", &error))?;
        let id = answer.id.filter(|id| !id.is_empty());
        let id = id.ok_or_else(|| PhaseError::unavailable("importing the temporary API: the answer has no id"))?;
        self.remember(&id, Protocol::Rest);
        Ok(id)
    }

    async fn overwrite(&self, api: &str, document: &Value, protocol: Protocol) -> Result<(), PhaseError> {
        if !protocol.is_rest() {
            return http::overwrite(self, api, document).await;
        }
        once(self)
            .put_rest_api()
            .rest_api_id(api)
            .mode(PutMode::Overwrite)
            .fail_on_warnings(false)
            .body(Blob::new(document.to_string().into_bytes()))
            .send()
            .await
            .map(|_| self.remember(api, Protocol::Rest))
            .map_err(|error| phase_error(&format!("overwriting the API {api}"), &error))
    }

    async fn update_api(&self, api: &str, patches: &[Patch]) -> Result<(), PhaseError> {
        let rest = client(self)
            .update_rest_api()
            .rest_api_id(api)
            .set_patch_operations(Some(convert::patches(patches)))
            .send();
        let read = done(format!("changing the API {api}"), phase_error);
        either(self, api, Box::pin(rest), read, Box::pin(http::update_api(self, api, patches))).await
    }

    async fn tag(&self, api: &str, tags: &Tags) -> Result<(), PhaseError> {
        let rest = client(self)
            .tag_resource()
            .resource_arn(arn(self, "restapis", api))
            .set_tags(convert::unsorted(tags))
            .send();
        let read = done(format!("tagging the API {api}"), phase_error);
        either(self, api, Box::pin(rest), read, Box::pin(http::tag(self, api, tags))).await
    }

    async fn delete_api(&self, api: &str) -> Result<(), PhaseError> {
        let rest = client(self).delete_rest_api().rest_api_id(api).send();
        let read = |answer| gone(&format!("deleting the API {api}"), answer);
        either(self, api, Box::pin(rest), read, Box::pin(http::delete_api(self, api))).await
    }

    async fn connect(
        &self,
        api: &str,
        resource: &str,
        method: &str,
        connection: &Connection,
    ) -> Result<(), PhaseError> {
        self.pace(GAP).await;
        let patches: Vec<Patch> =
            connection.fields().map(|(field, value)| Patch::replace(&format!("/{field}"), value)).collect();
        let rest = client(self)
            .update_integration()
            .rest_api_id(api)
            .resource_id(resource)
            .http_method(method)
            .set_patch_operations(Some(convert::patches(&patches)))
            .send();
        let read = done(format!("pointing {method} of resource {resource} of {api} at {connection}"), refusal);
        either(self, api, Box::pin(rest), read, Box::pin(http::connect(self, api, resource, connection))).await
    }
}

/// Reads the answer of a change that has nothing to say, in what it was done for; `told` says what an error means.
pub(super) fn done<O, E>(
    context: String,
    told: impl FnOnce(&str, &SdkError<E, Response>) -> PhaseError + Send,
) -> impl FnOnce(Result<O, SdkError<E, Response>>) -> Result<(), PhaseError> + Send {
    move |answer| answer.map(|_| ()).map_err(|error| told(&context, &error))
}

/// The document that an export is.
pub(super) fn document(context: &str, body: Option<&Blob>) -> Result<Value, PhaseError> {
    serde_json::from_slice(body.map(AsRef::as_ref).unwrap_or_default())
        .map_err(|error| PhaseError::unavailable(format!("{context}: the answer is no JSON: {error}")))
}

/// The ARN of an API (<https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html>): `restapis` or `apis`.
pub(super) fn arn(account: &Account, kind: &str, api: &str) -> String {
    let region = account.region();
    format!("arn:{}:apigateway:{region}::/{kind}/{api}", partition(region))
}

/// The partition that a Region is in (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>).
pub(super) fn partition(region: &str) -> &'static str {
    match region.split_once('-') {
        Some(("cn", _)) => "aws-cn",
        Some(("us", rest)) if rest.starts_with("gov-") => "aws-us-gov",
        _ => "aws",
    }
}
