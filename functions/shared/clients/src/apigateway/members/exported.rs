//! What an API consists of comes to the temporary API with the export of the stage, by the extensions of
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html>, and is compared with what was
//! deployed before deployment G is made of it.

use super::EXPORTED;
use crate::fate::{Fate::Differs, IDENTITY, all, check};
use aws_sdk_apigateway::types;

/// Members that the export carries, beside others.
fn exported(
    names: &[&'static str],
    others: &[(&'static str, crate::fate::Fate)],
) -> Vec<(&'static str, crate::fate::Fate)> {
    [all(names, EXPORTED), others.to_vec()].concat()
}

#[test]
fn every_member_of_resources_and_methods_has_its_fate() {
    let tree = Differs("an import makes the resources of the paths");
    check(
        &types::Resource::builder().build(),
        &exported(&["path", "resource_methods"], &[("id", IDENTITY), ("parent_id", tree), ("path_part", tree)]),
    );
    let method = [
        "http_method",
        "authorization_type",
        "api_key_required",
        "operation_name",
        "request_parameters",
        "request_models",
        "method_responses",
        "method_integration",
        "authorization_scopes",
    ];
    let by_name = Differs("the export names it, and the import gives it an id");
    let others = [("authorizer_id", by_name), ("request_validator_id", by_name)];
    check(&types::Method::builder().build(), &exported(&method, &others));
    let response = ["status_code", "response_parameters", "response_models"];
    check(&types::MethodResponse::builder().build(), &exported(&response, &[]));
}

#[test]
fn every_member_of_an_integration_has_its_fate() {
    let integration = [
        "type",
        "http_method",
        "uri",
        "connection_type",
        "credentials",
        "request_parameters",
        "request_templates",
        "passthrough_behavior",
        "content_handling",
        "timeout_in_millis",
        "cache_namespace",
        "cache_key_parameters",
        "integration_responses",
        "tls_config",
        "response_transfer_mode",
    ];
    let green = Differs("green's for blue's: what is switched");
    let others = [("connection_id", green), ("integration_target", green)];
    check(&types::Integration::builder().build(), &exported(&integration, &others));
    let response =
        ["status_code", "selection_pattern", "response_parameters", "response_templates", "content_handling"];
    check(&types::IntegrationResponse::builder().build(), &exported(&response, &[]));
    check(&types::TlsConfig::builder().build(), &exported(&["insecure_skip_verification"], &[]));
}

#[test]
fn every_member_of_what_methods_refer_to_has_its_fate() {
    let authorizer = [
        "name",
        "type",
        "provider_arns",
        "auth_type",
        "authorizer_uri",
        "authorizer_credentials",
        "identity_source",
        "identity_validation_expression",
        "authorizer_result_ttl_in_seconds",
    ];
    check(&types::Authorizer::builder().build(), &exported(&authorizer, &[("id", IDENTITY)]));
    let validator = ["name", "validate_request_body", "validate_request_parameters"];
    check(&types::RequestValidator::builder().build(), &exported(&validator, &[("id", IDENTITY)]));
    let others = [
        ("id", IDENTITY),
        ("description", Differs("no request depends on it")),
        ("content_type", Differs("application/json: the methods name the types that a model is for")),
    ];
    check(&types::Model::builder().build(), &exported(&["name", "schema"], &others));
    let response = ["response_type", "status_code", "response_parameters", "response_templates"];
    let default = Differs("whether it is API Gateway's own, which an export leaves out");
    check(&types::GatewayResponse::builder().build(), &exported(&response, &[("default_response", default)]));
}

#[test]
fn every_member_of_deployments_and_documentation_has_its_fate() {
    let own = Differs("deployments of Bascule's own have ids and descriptions of their own");
    check(
        &types::Deployment::builder().build(),
        &[("id", IDENTITY), ("description", own), ("created_date", IDENTITY), ("api_summary", EXPORTED)],
    );
    let part = Differs("no request depends on it");
    check(&types::DocumentationPart::builder().build(), &all(&["id", "location", "properties"], part));
}
