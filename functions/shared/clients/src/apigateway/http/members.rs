//! Every member of what API Gateway tells of an HTTP API and its stage has its fate, as those of REST APIs in `super::super::members`: for the
//! temporary API, and for the two stages that hold deployments B and G.

use crate::fate::{
    Fate::{self, Copied, Differs, Refused, Told},
    IDENTITY, STATE, all, check,
};
use aws_sdk_apigatewayv2::types;

const EXPORTED: Fate = Differs("the export carries it");
const CLIENTS: Fate = Differs("how clients connect, which production's own endpoint decides");
const OF_WEBSOCKETS: Fate = Differs("API Gateway supports it only for WebSocket APIs, which are not served");
const LOG: Fate = Differs("production's stage keeps its log; the others serve those who qualify");
const MANAGED: Fate = Differs("whether API Gateway made it by itself, as quick create does");

/// Members that the export carries, beside others.
fn exported(names: &[&'static str], others: &[(&'static str, Fate)]) -> Vec<(&'static str, Fate)> {
    [all(names, EXPORTED), others.to_vec()].concat()
}

#[test]
fn every_member_of_an_api_has_its_fate() {
    check(
        &types::Api::builder().build(),
        &[
            ("api_endpoint", IDENTITY),
            ("api_gateway_managed", MANAGED),
            ("api_id", IDENTITY),
            ("api_key_selection_expression", OF_WEBSOCKETS),
            ("cors_configuration", EXPORTED),
            ("created_date", IDENTITY),
            ("description", EXPORTED),
            ("disable_schema_validation", OF_WEBSOCKETS),
            ("disable_execute_api_endpoint", Refused),
            ("import_info", STATE),
            ("ip_address_type", CLIENTS),
            ("name", Differs("the temporary API has a name of its own")),
            ("protocol_type", Copied),
            ("route_selection_expression", Differs("of an HTTP API it is always the method and the path")),
            ("tags", Copied),
            ("version", EXPORTED),
            ("warnings", STATE),
        ],
    );
    let cors = ["allow_credentials", "allow_headers", "allow_methods", "allow_origins", "expose_headers", "max_age"];
    check(&types::Cors::builder().build(), &all(&cors, EXPORTED));
}

#[test]
fn every_member_of_a_stage_has_its_fate() {
    check(
        &types::Stage::builder().build(),
        &[
            ("access_log_settings", LOG),
            ("api_gateway_managed", MANAGED),
            ("auto_deploy", Refused),
            ("client_certificate_id", OF_WEBSOCKETS),
            ("created_date", IDENTITY),
            ("default_route_settings", Told),
            ("deployment_id", Differs("what is switched")),
            ("description", Differs("no request depends on it")),
            ("last_deployment_status_message", STATE),
            ("last_updated_date", IDENTITY),
            ("route_settings", Told),
            ("stage_name", Copied),
            ("stage_variables", Copied),
            ("tags", Copied),
        ],
    );
    check(
        &types::RouteSettings::builder().build(),
        &[
            ("data_trace_enabled", OF_WEBSOCKETS),
            ("detailed_metrics_enabled", LOG),
            ("logging_level", OF_WEBSOCKETS),
            ("throttling_burst_limit", Told),
            ("throttling_rate_limit", Told),
        ],
    );
    check(&types::AccessLogSettings::builder().build(), &all(&["format", "destination_arn"], LOG));
}

#[test]
fn every_member_of_routes_and_integrations_has_its_fate() {
    let by_name = Differs("the export names it, and the import gives it an id");
    let route = ["authorization_scopes", "authorization_type", "operation_name", "route_key"];
    check(
        &types::Route::builder().build(),
        &exported(
            &route,
            &[
                ("api_gateway_managed", MANAGED),
                ("api_key_required", OF_WEBSOCKETS),
                ("authorizer_id", by_name),
                ("model_selection_expression", OF_WEBSOCKETS),
                ("request_models", OF_WEBSOCKETS),
                ("request_parameters", OF_WEBSOCKETS),
                ("route_id", IDENTITY),
                ("route_response_selection_expression", OF_WEBSOCKETS),
                ("target", Differs("the export has the integration in the route, and the import gives it an id")),
            ],
        ),
    );
    check(&types::ParameterConstraints::builder().build(), &[("required", OF_WEBSOCKETS)]);
    let integration = [
        "connection_type",
        "credentials_arn",
        "integration_method",
        "integration_subtype",
        "integration_type",
        "payload_format_version",
        "request_parameters",
        "response_parameters",
        "timeout_in_millis",
        "tls_config",
    ];
    let green = Differs("green's for blue's: what is switched");
    check(
        &types::Integration::builder().build(),
        &exported(
            &integration,
            &[
                ("api_gateway_managed", MANAGED),
                ("connection_id", green),
                ("content_handling_strategy", OF_WEBSOCKETS),
                ("description", Differs("no request depends on it")),
                ("integration_id", IDENTITY),
                ("integration_response_selection_expression", OF_WEBSOCKETS),
                ("integration_uri", green),
                ("passthrough_behavior", OF_WEBSOCKETS),
                ("request_templates", OF_WEBSOCKETS),
                ("template_selection_expression", OF_WEBSOCKETS),
            ],
        ),
    );
    check(&types::TlsConfig::builder().build(), &exported(&["server_name_to_verify"], &[]));
}

#[test]
fn every_member_of_what_routes_refer_to_has_its_fate() {
    let authorizer = [
        "authorizer_credentials_arn",
        "authorizer_payload_format_version",
        "authorizer_result_ttl_in_seconds",
        "authorizer_type",
        "authorizer_uri",
        "enable_simple_responses",
        "identity_source",
        "jwt_configuration",
        "name",
    ];
    let of_tokens =
        Differs("it does not apply to authorizers of the types REQUEST and JWT, and HTTP APIs have no other");
    let others = [("authorizer_id", IDENTITY), ("identity_validation_expression", of_tokens)];
    check(&types::Authorizer::builder().build(), &exported(&authorizer, &others));
    check(&types::JwtConfiguration::builder().build(), &exported(&["audience", "issuer"], &[]));
}

#[test]
fn every_member_of_a_deployment_has_its_fate() {
    check(
        &types::Deployment::builder().build(),
        &[
            (
                "auto_deployed",
                Differs("how it was made; deployment B may be such a one where auto-deploy was turned off"),
            ),
            ("created_date", IDENTITY),
            ("deployment_id", IDENTITY),
            ("deployment_status", STATE),
            ("deployment_status_message", STATE),
            ("description", Differs("deployments of Bascule's own have descriptions of their own")),
        ],
    );
}

/// What no call of Bascule's reads or changes: it names the API and the stage, and the switch leaves both.
const UNTOUCHED: Fate = Differs("production's own, which names API and stage and stays as it is");

#[test]
fn every_member_of_what_names_the_api_and_its_stage_has_its_fate() {
    check(
        &types::ApiMapping::builder().build(),
        &all(&["api_id", "api_mapping_id", "api_mapping_key", "stage"], UNTOUCHED),
    );
    let domain = [
        "api_mapping_selection_expression",
        "domain_name",
        "domain_name_arn",
        "domain_name_configurations",
        "mutual_tls_authentication",
        "routing_mode",
        "tags",
    ];
    check(&types::DomainName::builder().build(), &all(&domain, UNTOUCHED));
    let configuration = [
        "api_gateway_domain_name",
        "certificate_arn",
        "certificate_name",
        "certificate_upload_date",
        "domain_name_status",
        "domain_name_status_message",
        "endpoint_type",
        "hosted_zone_id",
        "ip_address_type",
        "security_policy",
        "ownership_verification_certificate_arn",
    ];
    check(&types::DomainNameConfiguration::builder().build(), &all(&configuration, UNTOUCHED));
    let truststore = ["truststore_uri", "truststore_version", "truststore_warnings"];
    check(&types::MutualTlsAuthentication::builder().build(), &all(&truststore, UNTOUCHED));
}
