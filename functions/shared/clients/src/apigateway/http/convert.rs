//! Between the SDK's types for HTTP APIs and the domain's.

use super::definition;
use crate::apigateway::convert::{sorted, text};
use aws_sdk_apigatewayv2::types::{self, ConnectionType, IntegrationType};
use domain::plan::edge::{Api, Connection, Integration, Protocol, Stage};
use domain::ports::gateway::{Deployment, Method};

/// An HTTP API is regional, has no resource policy, no API keys and no compression, and passes every body on as it is
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-vs-rest.html>).
pub(super) fn api(api: types::Api) -> Api {
    Api {
        tags: sorted(api.tags()),
        id: api.api_id.unwrap_or_default(),
        name: api.name.unwrap_or_default(),
        protocol: Protocol::Http,
        endpoint_type: "REGIONAL".to_owned(),
        api_key_source: "HEADER".to_owned(),
        execute_api_disabled: api.disable_execute_api_endpoint.unwrap_or_default(),
        ..Api::default()
    }
}

/// A route, with its integration among all of the API's. An export writes the route `$default` as any method of the path `/$default`.
pub(super) fn method(route: &types::Route, integrations: &[types::Integration]) -> Method {
    let key = route.route_key().unwrap_or_default();
    let (method, path) = match key.split_once(' ') {
        Some((method, path)) => (method, path.to_owned()),
        None => ("ANY", format!("/{key}")),
    };
    let target = route.target().and_then(|target| target.strip_prefix("integrations/"));
    let found = target.and_then(|id| integrations.iter().find(|found| found.integration_id() == Some(id)));
    Method {
        resource_id: text(target),
        path,
        method: method.to_owned(),
        api_key_required: route.api_key_required().unwrap_or_default(),
        authorization: route.authorization_type().map_or("NONE", types::AuthorizationType::as_str).to_owned(),
        integration: found.map(integration),
    }
}

fn integration(integration: &types::Integration) -> Integration {
    let uri = integration.integration_uri().unwrap_or_default();
    let is_private = integration.connection_type() == Some(&ConnectionType::VpcLink);
    Integration {
        kind: integration.integration_type().map_or("", IntegrationType::as_str).to_owned(),
        http_method: text(integration.integration_method()),
        // A private integration has the listener there, which is where its connection leads.
        uri: if is_private { String::new() } else { definition::invocation(uri) },
        connection: if is_private {
            let id = text(integration.connection_id());
            Connection::VpcLinkV2 { id, target: uri.to_owned() }
        } else {
            Connection::Internet
        },
        timeout_millis: integration
            .timeout_in_millis()
            .and_then(|millis| millis.try_into().ok())
            .unwrap_or(definition::TIMEOUT),
        insecure_skip_verification: false,
        request_parameters: sorted(integration.request_parameters()),
    }
}

pub(super) fn stage(stage: types::Stage) -> Stage {
    Stage {
        variables: sorted(stage.stage_variables()),
        tags: sorted(stage.tags()),
        name: stage.stage_name.unwrap_or_default(),
        deployment_id: stage.deployment_id.unwrap_or_default(),
        auto_deploy: stage.auto_deploy.unwrap_or_default(),
        ..Stage::default()
    }
}

pub(super) fn deployment(deployment: types::Deployment) -> Deployment {
    Deployment {
        created: deployment.created_date().map(ToString::to_string).unwrap_or_default(),
        id: deployment.deployment_id.unwrap_or_default(),
        description: deployment.description.unwrap_or_default(),
    }
}
