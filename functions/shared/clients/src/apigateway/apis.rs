//! REST APIs and their configuration.

use super::{GAP, PAGE, client, convert, found, gone, once, patient, refusal};
use crate::{Account, error::phase_error};
use aws_sdk_apigateway::primitives::Blob;
use aws_sdk_apigateway::types::PutMode;
use domain::plan::edge::{Api, Connection, Protocol};
use domain::ports::Apis;
use domain::ports::gateway::{Method, Patch};
use domain::{PhaseError, Tags};
use serde_json::Value;

impl Apis for Account {
    async fn api(&self, id: &str) -> Result<Option<Api>, PhaseError> {
        let answer = client(self).get_rest_api().rest_api_id(id).send().await;
        let Some(answer) = found(&format!("reading the API {id}"), answer)? else {
            return Ok(None);
        };
        // GetRestApi answers the same fields as the items of GetRestApis, under a type of its own.
        let api = aws_sdk_apigateway::types::RestApi::builder()
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
        Ok(apis.iter().map(convert::api).collect())
    }

    async fn methods(&self, api: &str) -> Result<Vec<Method>, PhaseError> {
        let pages =
            client(self).get_resources().rest_api_id(api).embed("methods").limit(PAGE).into_paginator().items().send();
        let resources: Result<Vec<_>, _> = pages.collect().await;
        let resources = resources.map_err(|error| phase_error(&format!("reading the resources of {api}"), &error))?;
        let mut methods: Vec<Method> = resources.iter().flat_map(convert::methods).collect();
        methods.sort_by(|a, b| (&a.path, &a.method).cmp(&(&b.path, &b.method)));
        Ok(methods)
    }

    async fn export(&self, api: &str, stage: &str) -> Result<Value, PhaseError> {
        let context = format!("exporting the stage {stage} of {api}");
        let answer = patient(self)
            .get_export()
            .rest_api_id(api)
            .stage_name(stage)
            .export_type("oas30")
            .parameters("extensions", "apigateway")
            .accepts("application/json")
            .send()
            .await
            .map_err(|error| phase_error(&context, &error))?;
        let body = answer.body().map(AsRef::as_ref).unwrap_or_default();
        serde_json::from_slice(body)
            .map_err(|error| PhaseError::unavailable(format!("{context}: the answer is no JSON: {error}")))
    }

    async fn import(&self, document: &Value, endpoint_type: &str, protocol: Protocol) -> Result<String, PhaseError> {
        if !protocol.is_rest() {
            return Err(PhaseError::refused("HTTP APIs are not imported"));
        }
        let answer = once(self)
            .import_rest_api()
            .fail_on_warnings(false)
            .parameters("endpointConfigurationTypes", endpoint_type)
            .body(Blob::new(document.to_string().into_bytes()))
            .send()
            .await
            .map_err(|error| phase_error("importing the temporary API", &error))?;
        answer.id.ok_or_else(|| PhaseError::unavailable("importing the temporary API: the answer has no id"))
    }

    async fn overwrite(&self, api: &str, document: &Value) -> Result<(), PhaseError> {
        once(self)
            .put_rest_api()
            .rest_api_id(api)
            .mode(PutMode::Overwrite)
            .fail_on_warnings(false)
            .body(Blob::new(document.to_string().into_bytes()))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| phase_error(&format!("overwriting the API {api}"), &error))
    }

    async fn update_api(&self, api: &str, patches: &[Patch]) -> Result<(), PhaseError> {
        client(self)
            .update_rest_api()
            .rest_api_id(api)
            .set_patch_operations(Some(convert::patches(patches)))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| phase_error(&format!("changing the API {api}"), &error))
    }

    async fn tag(&self, api: &str, tags: &Tags) -> Result<(), PhaseError> {
        let region = self.config().region().map(ToString::to_string).unwrap_or_default();
        client(self)
            .tag_resource()
            .resource_arn(format!("arn:{}:apigateway:{region}::/restapis/{api}", partition(&region)))
            .set_tags(convert::unsorted(tags))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| phase_error(&format!("tagging the API {api}"), &error))
    }

    async fn delete_api(&self, api: &str) -> Result<(), PhaseError> {
        gone(&format!("deleting the API {api}"), client(self).delete_rest_api().rest_api_id(api).send().await)
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
        client(self)
            .update_integration()
            .rest_api_id(api)
            .resource_id(resource)
            .http_method(method)
            .set_patch_operations(Some(convert::patches(&patches)))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| {
                refusal(&format!("pointing {method} of resource {resource} of {api} at {connection}"), &error)
            })
    }
}

/// The partition that a Region is in (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>).
pub(super) fn partition(region: &str) -> &'static str {
    match region.split_once('-') {
        Some(("cn", _)) => "aws-cn",
        Some(("us", rest)) if rest.starts_with("gov-") => "aws-us-gov",
        _ => "aws",
    }
}
