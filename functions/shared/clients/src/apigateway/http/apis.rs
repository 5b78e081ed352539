//! HTTP APIs and their configuration.

use super::{client, convert, definition, every, once, patient};
use crate::apigateway::{apis as rest, convert::unsorted, found, gone, refusal};
use crate::{Account, error::phase_error};
use aws_sdk_apigatewayv2::types::ProtocolType;
use domain::plan::edge::{Api, Connection, Protocol};
use domain::ports::gateway::{Method, Patch};
use domain::{PhaseError, Tags};
use serde_json::Value;

/// The most that a page holds: as of REST APIs. Without it a page has 25 items.
pub(super) const PAGE: &str = "500";

/// The setting of an API that can be changed.
const ENDPOINT: &str = "/disableExecuteApiEndpoint";

pub(crate) async fn api(account: &Account, id: &str) -> Result<Option<Api>, PhaseError> {
    let answer = client(account).get_api().api_id(id).send().await;
    let Some(answer) = found(&format!("reading the API {id}"), answer)? else {
        return Ok(None);
    };
    if answer.protocol_type != Some(ProtocolType::Http) {
        return Ok(None);
    }
    account.remember(id, Protocol::Http);
    // GetApi answers the same fields as the items of GetApis, under a type of its own.
    let api = aws_sdk_apigatewayv2::types::Api::builder()
        .set_api_id(answer.api_id)
        .set_name(answer.name)
        .set_disable_execute_api_endpoint(answer.disable_execute_api_endpoint)
        .set_tags(answer.tags)
        .build();
    Ok(Some(convert::api(api)))
}

/// Every HTTP API of the account in this Region.
pub(crate) async fn apis(account: &Account) -> Result<Vec<Api>, PhaseError> {
    let client = &client(account);
    let ask = |token| async move {
        let answer = client.get_apis().max_results(PAGE).set_next_token(token).send().await?;
        Ok((answer.items, answer.next_token))
    };
    let found = every(ask).await.map_err(|error| phase_error("listing the HTTP APIs", &error))?;
    let http = found.into_iter().filter(|api| api.protocol_type == Some(ProtocolType::Http));
    Ok(http.map(convert::api).collect())
}

pub(crate) async fn methods(account: &Account, api: &str) -> Result<Vec<Method>, PhaseError> {
    let client = &client(account);
    let ask = |token| async move {
        let answer = client.get_routes().api_id(api).max_results(PAGE).set_next_token(token).send().await?;
        Ok((answer.items, answer.next_token))
    };
    let routes = every(ask).await.map_err(|error| phase_error(&format!("reading the routes of {api}"), &error))?;
    let ask = |token| async move {
        let answer = client.get_integrations().api_id(api).max_results(PAGE).set_next_token(token).send().await?;
        Ok((answer.items, answer.next_token))
    };
    let integrations =
        every(ask).await.map_err(|error| phase_error(&format!("reading the integrations of {api}"), &error))?;
    Ok(routes.iter().map(|route| convert::method(route, &integrations)).collect())
}

pub(crate) async fn export(account: &Account, api: &str, stage: &str) -> Result<Value, PhaseError> {
    let context = format!("exporting the stage {stage} of {api}");
    let answer = patient(account)
        .export_api()
        .api_id(api)
        .stage_name(stage)
        .specification("OAS30")
        .output_type("JSON")
        .include_extensions(true)
        .send()
        .await
        .map_err(|error| phase_error(&context, &error))?;
    Ok(definition::exported(rest::document(&context, answer.body())?))
}

/// Makes an HTTP API, without tags.
pub(crate) async fn import(account: &Account, document: &Value) -> Result<String, PhaseError> {
    let answer = once(account)
        .import_api()
        .fail_on_warnings(false)
        .body(definition::imported(document).to_string())
        .send()
        .await
        .map_err(|error| phase_error("importing the temporary API", &error))?;
    let id = answer.api_id.filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| PhaseError::unavailable("importing the temporary API: the answer has no id"))?;
    account.remember(&id, Protocol::Http);
    Ok(id)
}

/// A document may say an HTTP API's tags, and AWS does not say what becomes of those that it leaves out. Without its tags no role may
/// change the temporary API any more: so the document says those that it has.
pub(crate) async fn overwrite(account: &Account, api: &str, document: &Value) -> Result<(), PhaseError> {
    let context = format!("overwriting the API {api}");
    let Some(before) = self::api(account, api).await? else {
        return Err(PhaseError::refused(format!("{context}: there is no such API")));
    };
    let answer = once(account)
        .reimport_api()
        .api_id(api)
        .fail_on_warnings(false)
        .body(definition::with_tags(definition::imported(document), &before.tags).to_string())
        .send()
        .await
        .map_err(|error| phase_error(&context, &error))?;
    let is_there = |(key, value)| answer.tags().and_then(|tags| tags.get(key)) == Some(value);
    if before.tags.iter().all(is_there) { Ok(()) } else { tag(account, api, &before.tags).await }
}

/// Of the settings of a REST API an HTTP API has one.
pub(crate) async fn update_api(account: &Account, api: &str, patches: &[Patch]) -> Result<(), PhaseError> {
    let context = format!("changing the API {api}");
    let mut is_disabled = None;
    for patch in patches {
        match patch {
            Patch::Replace(path, value) if path == ENDPOINT => is_disabled = Some(value == "true"),
            other => return Err(PhaseError::refused(format!("{context}: an HTTP API has no setting for {other:?}"))),
        }
    }
    let call = client(account).update_api().api_id(api).set_disable_execute_api_endpoint(is_disabled);
    call.send().await.map(|_| ()).map_err(|error| phase_error(&context, &error))
}

pub(crate) async fn tag(account: &Account, api: &str, tags: &Tags) -> Result<(), PhaseError> {
    client(account)
        .tag_resource()
        .resource_arn(rest::arn(account, "apis", api))
        .set_tags(unsorted(tags))
        .send()
        .await
        .map(|_| ())
        .map_err(|error| phase_error(&format!("tagging the API {api}"), &error))
}

pub(crate) async fn delete_api(account: &Account, api: &str) -> Result<(), PhaseError> {
    gone(&format!("deleting the API {api}"), client(account).delete_api().api_id(api).send().await)
}

/// Points an integration, and so every route that has it, at another load balancer.
pub(crate) async fn connect(
    account: &Account,
    api: &str,
    integration: &str,
    connection: &Connection,
) -> Result<(), PhaseError> {
    let context = format!("pointing the integration {integration} of {api} at {connection}");
    let Connection::VpcLinkV2 { id, target } = connection else {
        return Err(PhaseError::refused(format!("{context}: an HTTP API goes through a VPC link V2 only")));
    };
    client(account)
        .update_integration()
        .api_id(api)
        .integration_id(integration)
        .connection_id(id)
        .integration_uri(target)
        .send()
        .await
        .map(|_| ())
        .map_err(|error| refusal(&context, &error))
}
