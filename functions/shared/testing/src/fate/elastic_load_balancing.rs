//! What Elastic Load Balancing tells of a Network Load Balancer and what is attached to it. Attributes are copied as they are, whatever their
//! names, but for those of [`ATTRIBUTES`].

use super::Fate::{Copied, Differs, Refused};
use super::{Fate, IDENTITY, STATE, Shape};

const OF_APPLICATIONS: Fate = Differs("of Application Load Balancers, which are refused");
const NAME: Fate = Differs("green's has a name of its own");

/// The attributes of a load balancer that are not as blue's.
pub const ATTRIBUTES: Shape =
    Shape::of(&[(Differs("preflight says to turn it on after the bake"), &["deletion_protection.enabled"])]);

/// `LoadBalancer`
pub const LOAD_BALANCER: Shape = Shape {
    members: &[
        (IDENTITY, &["load_balancer_arn", "dns_name", "canonical_hosted_zone_id", "created_time"]),
        (NAME, &["load_balancer_name"]),
        (STATE, &["state"]),
        (
            Copied,
            &[
                "scheme",
                "vpc_id",
                "availability_zones",
                "security_groups",
                "ip_address_type",
                "enforce_security_group_inbound_rules_on_private_link_traffic",
                "enable_prefix_for_ipv6_source_nat",
            ],
        ),
        (Refused, &["type"]),
        (OF_APPLICATIONS, &["customer_owned_ipv4_pool", "ipam_pools"]),
    ],
    parts: &[("availability_zones", &AVAILABILITY_ZONE)],
};

/// `AvailabilityZone`
pub const AVAILABILITY_ZONE: Shape = Shape::of(&[
    (Copied, &["subnet_id"]),
    (Refused, &["load_balancer_addresses"]),
    (Differs("follows from the subnet"), &["zone_name"]),
    (OF_APPLICATIONS, &["outpost_id"]),
    (Differs("a prefix is for one load balancer; AWS assigns green's"), &["source_nat_ipv6_prefixes"]),
]);

/// `TargetGroup`
pub const TARGET_GROUP: Shape = Shape {
    members: &[
        (IDENTITY, &["target_group_arn", "load_balancer_arns"]),
        (NAME, &["target_group_name"]),
        (
            Copied,
            &[
                "protocol",
                "port",
                "vpc_id",
                "health_check_protocol",
                "health_check_port",
                "health_check_interval_seconds",
                "health_check_timeout_seconds",
                "healthy_threshold_count",
                "unhealthy_threshold_count",
                "health_check_path",
                "matcher",
                "ip_address_type",
            ],
        ),
        (Differs("always on unless the target is a function"), &["health_check_enabled"]),
        (Refused, &["target_type"]),
        (OF_APPLICATIONS, &["protocol_version", "target_control_port"]),
    ],
    parts: &[("matcher", &MATCHER)],
};

/// `Matcher`
pub const MATCHER: Shape = Shape::of(&[(Copied, &["http_code"]), (OF_APPLICATIONS, &["grpc_code"])]);

/// `Listener`
pub const LISTENER: Shape = Shape {
    members: &[
        (IDENTITY, &["listener_arn", "load_balancer_arn"]),
        (Copied, &["port", "protocol", "certificates", "ssl_policy", "default_actions", "alpn_policy"]),
        (OF_APPLICATIONS, &["mutual_authentication"]),
    ],
    parts: &[("default_actions", &ACTION), ("certificates", &CERTIFICATE)],
};

/// `Certificate`
pub const CERTIFICATE: Shape = Shape::of(&[(Copied, &["certificate_arn", "is_default"])]);

/// `Action`
pub const ACTION: Shape = Shape {
    members: &[
        (Differs("forward: the only one of a Network Load Balancer"), &["type"]),
        (Copied, &["target_group_arn", "forward_config"]),
        (
            OF_APPLICATIONS,
            &[
                "authenticate_oidc_config",
                "authenticate_cognito_config",
                "order",
                "redirect_config",
                "fixed_response_config",
                "jwt_validation_config",
            ],
        ),
    ],
    parts: &[("forward_config", &FORWARD)],
};

/// `ForwardActionConfig`: weights and stickiness are between several target groups of one listener.
pub const FORWARD: Shape = Shape {
    members: &[(Copied, &["target_groups"]), (Refused, &["target_group_stickiness_config"])],
    parts: &[("target_groups", &FORWARD_TARGET)],
};

/// `TargetGroupTuple`
pub const FORWARD_TARGET: Shape = Shape::of(&[(Copied, &["target_group_arn"]), (Refused, &["weight"])]);
