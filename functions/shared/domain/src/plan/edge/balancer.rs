//! Facts of Network Load Balancers and what is attached to them
//! (<https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/Welcome.html>).

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A Network Load Balancer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoadBalancer {
    /// ARN of the load balancer.
    pub arn: String,
    /// Name of the load balancer.
    pub name: String,
    /// Under which it answers.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub dns_name: String,
    /// `network`, `application` or `gateway`.
    pub kind: String,
    /// `internal` or `internet-facing`.
    pub scheme: String,
    /// `ipv4` or `dualstack`.
    pub ip_address_type: String,
    /// Id of the VPC.
    pub vpc_id: String,
    /// Its subnets, one per Availability Zone.
    pub subnet_ids: Vec<String>,
    /// Its security groups; they can be changed later only where there were some at creation.
    pub security_group_ids: Vec<String>,
    /// Whether its security groups are enforced on traffic of `PrivateLink`: `on`, `off`, or absent without security groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_link_enforcement: Option<String>,
    /// Whether its IPv6 addresses come from a prefix per subnet, which UDP listeners of `dualstack` want
    /// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html>).
    #[serde(default)]
    pub ipv6_source_nat: bool,
    /// Whether it has addresses that were chosen (Elastic IPs, private addresses): no clone can have them too.
    pub fixed_addresses: bool,
    /// `provisioning`, `active`, `active_impaired` or `failed`.
    pub state: String,
    /// Its attributes, such as `load_balancing.cross_zone.enabled`.
    pub attributes: BTreeMap<String, String>,
    /// Tags of the load balancer.
    pub tags: BTreeMap<String, String>,
}

/// A target group.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetGroup {
    /// ARN of the target group.
    pub arn: String,
    /// Name of the target group.
    pub name: String,
    /// `TCP`, `TLS`, `UDP` or `TCP_UDP`.
    pub protocol: String,
    /// The port of the targets: a node port.
    pub port: u16,
    /// Id of the VPC.
    pub vpc_id: String,
    /// `instance`, `ip` or `alb`.
    pub target_type: String,
    /// `ipv4` or `ipv6`.
    pub ip_address_type: String,
    /// How targets are checked.
    pub health_check: HealthCheck,
    /// Its attributes, such as `preserve_client_ip.enabled`.
    pub attributes: BTreeMap<String, String>,
    /// The Auto Scaling groups that register their instances.
    pub attached: Vec<Attached>,
    /// Tags of the target group.
    pub tags: BTreeMap<String, String>,
}

/// How the targets of a group are checked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HealthCheck {
    /// `TCP`, `HTTP` or `HTTPS`.
    pub protocol: String,
    /// A port, or `traffic-port`.
    pub port: String,
    /// The path, over HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The statuses of health, over HTTP, such as `200-399`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matcher: Option<String>,
    /// Seconds between two checks.
    pub interval_seconds: i32,
    /// Seconds until a check without answer has failed.
    pub timeout_seconds: i32,
    /// Good checks until a target is healthy.
    pub healthy_threshold: i32,
    /// Bad checks until a target is unhealthy.
    pub unhealthy_threshold: i32,
}

/// An Auto Scaling group of a target group.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attached {
    /// The Auto Scaling group.
    pub auto_scaling_group: String,
    /// The managed node group that it belongs to.
    pub node_group: String,
}

/// A listener.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Listener {
    /// ARN of the listener.
    pub arn: String,
    /// Its port.
    pub port: u16,
    /// `TCP`, `TLS`, `UDP` or `TCP_UDP`.
    pub protocol: String,
    /// The ARNs of its certificates, the default one first.
    pub certificates: Vec<String>,
    /// Its security policy, over TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssl_policy: Option<String>,
    /// Its ALPN policy, over TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alpn_policy: Option<String>,
    /// The ARNs of the target groups that it forwards to.
    pub target_group_arns: Vec<String>,
    /// Its attributes, such as `tcp.idle_timeout.seconds`.
    pub attributes: BTreeMap<String, String>,
}
