//! Every member of what Elastic Load Balancing tells of a Network Load Balancer and what is attached to it has its fate. Attributes are
//! copied as they are, whatever their names.

use crate::fate::{
    Fate::{Copied, Differs, Refused},
    IDENTITY, STATE, check,
};
use aws_sdk_elasticloadbalancingv2::types;

const OF_APPLICATIONS: crate::fate::Fate = Differs("of Application Load Balancers, which are refused");
const NAME: crate::fate::Fate = Differs("green's has a name of its own");

#[test]
fn every_member_of_a_load_balancer_has_its_fate() {
    check(
        &types::LoadBalancer::builder().build(),
        &[
            ("load_balancer_arn", IDENTITY),
            ("dns_name", IDENTITY),
            ("canonical_hosted_zone_id", IDENTITY),
            ("created_time", IDENTITY),
            ("load_balancer_name", NAME),
            ("scheme", Copied),
            ("vpc_id", Copied),
            ("state", STATE),
            ("type", Refused),
            ("availability_zones", Copied),
            ("security_groups", Copied),
            ("ip_address_type", Copied),
            ("customer_owned_ipv4_pool", OF_APPLICATIONS),
            ("enforce_security_group_inbound_rules_on_private_link_traffic", Copied),
            ("enable_prefix_for_ipv6_source_nat", Copied),
            ("ipam_pools", OF_APPLICATIONS),
        ],
    );
    check(
        &types::AvailabilityZone::builder().build(),
        &[
            ("zone_name", Differs("follows from the subnet")),
            ("subnet_id", Copied),
            ("outpost_id", OF_APPLICATIONS),
            ("load_balancer_addresses", Refused),
            ("source_nat_ipv6_prefixes", Differs("a prefix is for one load balancer; AWS assigns green's")),
        ],
    );
}

#[test]
fn every_member_of_a_target_group_has_its_fate() {
    check(
        &types::TargetGroup::builder().build(),
        &[
            ("target_group_arn", IDENTITY),
            ("target_group_name", NAME),
            ("protocol", Copied),
            ("port", Copied),
            ("vpc_id", Copied),
            ("health_check_protocol", Copied),
            ("health_check_port", Copied),
            ("health_check_enabled", Differs("always on unless the target is a function")),
            ("health_check_interval_seconds", Copied),
            ("health_check_timeout_seconds", Copied),
            ("healthy_threshold_count", Copied),
            ("unhealthy_threshold_count", Copied),
            ("health_check_path", Copied),
            ("matcher", Copied),
            ("load_balancer_arns", IDENTITY),
            ("target_type", Refused),
            ("protocol_version", OF_APPLICATIONS),
            ("ip_address_type", Copied),
            ("target_control_port", OF_APPLICATIONS),
        ],
    );
    check(&types::Matcher::builder().build(), &[("http_code", Copied), ("grpc_code", OF_APPLICATIONS)]);
}

#[test]
fn every_member_of_a_listener_has_its_fate() {
    check(
        &types::Listener::builder().build(),
        &[
            ("listener_arn", IDENTITY),
            ("load_balancer_arn", IDENTITY),
            ("port", Copied),
            ("protocol", Copied),
            ("certificates", Copied),
            ("ssl_policy", Copied),
            ("default_actions", Copied),
            ("alpn_policy", Copied),
            ("mutual_authentication", OF_APPLICATIONS),
        ],
    );
    check(
        &types::Action::builder().build(),
        &[
            ("type", Differs("forward: the only one of a Network Load Balancer")),
            ("target_group_arn", Copied),
            ("authenticate_oidc_config", OF_APPLICATIONS),
            ("authenticate_cognito_config", OF_APPLICATIONS),
            ("order", OF_APPLICATIONS),
            ("redirect_config", OF_APPLICATIONS),
            ("fixed_response_config", OF_APPLICATIONS),
            ("forward_config", Copied),
            ("jwt_validation_config", OF_APPLICATIONS),
        ],
    );
    // Weights and stickiness are between several target groups of one listener.
    check(
        &types::ForwardActionConfig::builder().build(),
        &[("target_groups", Copied), ("target_group_stickiness_config", Refused)],
    );
    check(&types::TargetGroupTuple::builder().build(), &[("target_group_arn", Copied), ("weight", Refused)]);
}

#[test]
fn every_member_of_a_listeners_certificate_has_its_fate() {
    check(&types::Certificate::builder().build(), &[("certificate_arn", Copied), ("is_default", Copied)]);
}
