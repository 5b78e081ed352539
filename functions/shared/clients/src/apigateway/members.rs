//! Every member of what API Gateway tells of an API, a stage and a usage plan has its fate: for the temporary API, and for the two stages
//! that hold deployments B and G. Production's own stage and plans stay as they are. What is in an API beside these comes with its
//! export, which is compared after the import.

mod exported;

use crate::fate::{
    Fate::{Copied, Differs, Refused, Told},
    IDENTITY, STATE, all, check,
};
use aws_sdk_apigateway::types;

const EXPORTED: crate::fate::Fate = Differs("the export carries it");
const CLIENTS: crate::fate::Fate = Differs("how clients connect, which production's own endpoint decides");

#[test]
fn every_member_of_an_api_has_its_fate() {
    check(
        &types::RestApi::builder().build(),
        &[
            ("id", IDENTITY),
            ("name", Differs("the temporary API has a name of its own")),
            ("description", EXPORTED),
            ("created_date", IDENTITY),
            ("version", EXPORTED),
            ("warnings", STATE),
            ("binary_media_types", Copied),
            ("minimum_compression_size", Copied),
            ("api_key_source", Copied),
            ("endpoint_configuration", Copied),
            ("policy", Copied),
            ("tags", Copied),
            ("disable_execute_api_endpoint", Refused),
            ("root_resource_id", IDENTITY),
            ("security_policy", CLIENTS),
            ("endpoint_access_mode", CLIENTS),
            ("api_status", STATE),
            ("api_status_message", STATE),
        ],
    );
    check(
        &types::EndpointConfiguration::builder().build(),
        &[("types", Copied), ("ip_address_type", CLIENTS), ("vpc_endpoint_ids", Copied)],
    );
}

#[test]
fn every_member_of_a_stage_has_its_fate() {
    let log = Differs("production's stage keeps its log; the others serve those who qualify");
    check(
        &types::Stage::builder().build(),
        &[
            ("deployment_id", Differs("what is switched")),
            ("client_certificate_id", Copied),
            ("stage_name", Copied),
            ("description", Differs("no request depends on it")),
            ("cache_cluster_enabled", Told),
            ("cache_cluster_size", Told),
            ("cache_cluster_status", STATE),
            ("method_settings", Told),
            ("variables", Copied),
            ("documentation_version", Differs("no request depends on it")),
            ("access_log_settings", log),
            ("canary_settings", Refused),
            ("tracing_enabled", log),
            ("web_acl_arn", Told),
            ("tags", Copied),
            ("created_date", IDENTITY),
            ("last_updated_date", IDENTITY),
        ],
    );
}

#[test]
fn every_member_of_what_a_stage_says_of_methods_and_its_canary_has_its_fate() {
    let log = Differs("production's stage keeps its log; the others serve those who qualify");
    let cached = Differs("the temporary API has no cache, which preflight tells");
    check(
        &types::MethodSetting::builder().build(),
        &[
            ("metrics_enabled", log),
            ("logging_level", log),
            ("data_trace_enabled", log),
            ("throttling_burst_limit", Told),
            ("throttling_rate_limit", Told),
            ("caching_enabled", Told),
            ("cache_ttl_in_seconds", cached),
            ("cache_data_encrypted", cached),
            ("require_authorization_for_cache_control", cached),
            ("unauthorized_cache_control_header_strategy", cached),
        ],
    );
    check(&types::AccessLogSettings::builder().build(), &all(&["format", "destination_arn"], log));
    // A stage with a canary is refused; the one of the switch is Bascule's.
    let canary = ["percent_traffic", "deployment_id", "stage_variable_overrides", "use_stage_cache"];
    check(&types::CanarySettings::builder().build(), &all(&canary, Refused));
}

#[test]
fn every_member_of_a_vpc_link_has_its_fate() {
    check(
        &types::VpcLink::builder().build(),
        &[
            ("id", IDENTITY),
            ("name", Differs("green's has a name of its own")),
            ("description", Differs("no request depends on it")),
            ("target_arns", Differs("green's load balancer for blue's")),
            ("status", STATE),
            ("status_message", STATE),
            ("tags", Copied),
        ],
    );
}

/// What no call of Bascule's reads or changes: it names the API and the stage, and the switch leaves both.
const UNTOUCHED: crate::fate::Fate = Differs("production's own, which names API and stage and stays as it is");

#[test]
fn every_member_of_what_names_the_api_and_its_stage_has_its_fate() {
    check(&types::BasePathMapping::builder().build(), &all(&["base_path", "rest_api_id", "stage"], UNTOUCHED));
    let domain = [
        "domain_name",
        "domain_name_id",
        "domain_name_arn",
        "certificate_name",
        "certificate_arn",
        "certificate_upload_date",
        "regional_domain_name",
        "regional_hosted_zone_id",
        "regional_certificate_name",
        "regional_certificate_arn",
        "distribution_domain_name",
        "distribution_hosted_zone_id",
        "endpoint_configuration",
        "domain_name_status",
        "domain_name_status_message",
        "security_policy",
        "endpoint_access_mode",
        "tags",
        "mutual_tls_authentication",
        "ownership_verification_certificate_arn",
        "management_policy",
        "policy",
        "routing_mode",
    ];
    check(&types::DomainName::builder().build(), &all(&domain, UNTOUCHED));
    // Each stage may name the same one.
    let certificate =
        ["client_certificate_id", "description", "pem_encoded_certificate", "created_date", "expiration_date", "tags"];
    check(&types::ClientCertificate::builder().build(), &all(&certificate, UNTOUCHED));
    let key = [
        "id",
        "value",
        "name",
        "customer_id",
        "description",
        "enabled",
        "created_date",
        "last_updated_date",
        "stage_keys",
        "tags",
    ];
    check(&types::ApiKey::builder().build(), &all(&key, UNTOUCHED));
}

#[test]
fn every_member_of_a_usage_plan_has_its_fate() {
    check(
        &types::UsagePlan::builder().build(),
        &[
            ("id", IDENTITY),
            ("name", Differs("the temporary plan has a name of its own")),
            ("description", Differs("no request depends on it")),
            ("api_stages", Differs("the temporary plan is for the temporary API's stage")),
            ("throttle", Copied),
            ("quota", Copied),
            ("product_code", Differs("of AWS Marketplace, which bills nobody for qualification")),
            ("tags", Copied),
        ],
    );
    check(
        &types::ApiStage::builder().build(),
        &[
            ("api_id", IDENTITY),
            ("stage", IDENTITY),
            ("throttle", Differs("throttles by method are production's; the plan's own hold on the temporary API")),
        ],
    );
}

#[test]
fn every_member_of_the_parts_of_a_usage_plan_has_its_fate() {
    check(&types::ThrottleSettings::builder().build(), &all(&["burst_limit", "rate_limit"], Copied));
    check(&types::QuotaSettings::builder().build(), &all(&["limit", "offset", "period"], Copied));
    // The same keys are members of the temporary plan, by their ids.
    let told = Differs("the key's own");
    check(
        &types::UsagePlanKey::builder().build(),
        &[("id", Copied), ("type", Differs("API_KEY: the only one")), ("value", told), ("name", told)],
    );
}
