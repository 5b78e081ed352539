//! Every member of what API Gateway tells of an API, a stage and a usage plan has its fate: for the temporary API, and for the two stages
//! that hold deployments B and G. Production's own stage and plans stay as they are. What is in an API beside these comes with its
//! export, which is compared after the import.

use crate::fate::{
    Fate::{Copied, Differs, Refused, Told},
    IDENTITY, STATE, check,
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
        &[
            ("types", Copied),
            ("ip_address_type", CLIENTS),
            ("vpc_endpoint_ids", Differs("of private APIs, which are refused")),
        ],
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
