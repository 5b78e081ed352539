//! Elastic Load Balancing as phases use it: Network Load Balancers, target groups, listeners, and what flows through.
//!
//! Reads answer nothing where the thing does not exist, deletes do nothing where it is gone.

use crate::plan::edge::{Listener, LoadBalancer, TargetGroup};
use crate::{PhaseError, Tags};
use std::{collections::BTreeMap, future::Future};

/// Which load balancer or target group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named<'a> {
    /// By its ARN.
    Arn(&'a str),
    /// By its name, unique in account and Region.
    Name(&'a str),
}

/// A target as a target group sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The instance's id.
    pub id: String,
    /// The port.
    pub port: u16,
    /// `initial`, `healthy`, `unhealthy`, `unused`, `draining` or `unavailable`.
    pub state: String,
    /// Why, where it is not healthy.
    pub reason: String,
}

/// Network Load Balancers.
pub trait LoadBalancers: Sync {
    /// One load balancer, with its attributes and tags.
    fn load_balancer(&self, which: Named<'_>) -> impl Future<Output = Result<Option<LoadBalancer>, PhaseError>> + Send;

    /// Asks for a load balancer of this scheme, address type, subnets and security groups, and gives its ARN.
    fn create_load_balancer(
        &self,
        name: &str,
        like: &LoadBalancer,
        tags: &Tags,
    ) -> impl Future<Output = Result<String, PhaseError>> + Send;

    /// Sets attributes of a load balancer.
    fn set_load_balancer_attributes(
        &self,
        arn: &str,
        attributes: &BTreeMap<String, String>,
    ) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Says whether security groups are enforced on traffic of `PrivateLink`: `on` or `off`.
    fn enforce_on_private_link(
        &self,
        arn: &str,
        security_group_ids: &[String],
        enforcement: &str,
    ) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Deletes a load balancer and its listeners; `NotReady` while another service uses it, `Refused` while it is protected
    /// (hashicorp/terraform-provider-aws#5701 and #2512).
    fn delete_load_balancer(&self, arn: &str) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// The listeners of a load balancer.
    fn listeners(&self, load_balancer_arn: &str) -> impl Future<Output = Result<Vec<Listener>, PhaseError>> + Send;

    /// Makes a listener like this one, which forwards to `target_group_arns`, and gives its ARN.
    fn create_listener(
        &self,
        load_balancer_arn: &str,
        like: &Listener,
        tags: &Tags,
    ) -> impl Future<Output = Result<String, PhaseError>> + Send;

    /// Sets attributes of a listener.
    fn set_listener_attributes(
        &self,
        arn: &str,
        attributes: &BTreeMap<String, String>,
    ) -> impl Future<Output = Result<(), PhaseError>> + Send;
}

/// Target groups.
pub trait TargetGroups: Sync {
    /// One target group, with its attributes and tags, without what is attached.
    fn target_group(&self, which: Named<'_>) -> impl Future<Output = Result<Option<TargetGroup>, PhaseError>> + Send;

    /// Makes a target group of this port, protocol, VPC, target type and health check, and gives its ARN.
    fn create_target_group(
        &self,
        name: &str,
        like: &TargetGroup,
        tags: &Tags,
    ) -> impl Future<Output = Result<String, PhaseError>> + Send;

    /// Sets attributes of a target group.
    fn set_target_group_attributes(
        &self,
        arn: &str,
        attributes: &BTreeMap<String, String>,
    ) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Deletes a target group; `NotReady` while a listener uses it.
    fn delete_target_group(&self, arn: &str) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// The targets of a target group.
    fn targets(&self, arn: &str) -> impl Future<Output = Result<Vec<Target>, PhaseError>> + Send;
}

/// Everything of a VPC that balances load, whoever made it.
pub trait Neighbours: Sync {
    /// The target groups of a VPC, without attributes and tags.
    fn target_groups_in(&self, vpc_id: &str) -> impl Future<Output = Result<Vec<TargetGroup>, PhaseError>> + Send;

    /// The load balancers of a VPC with their tags, without attributes.
    fn load_balancers_in(&self, vpc_id: &str) -> impl Future<Output = Result<Vec<LoadBalancer>, PhaseError>> + Send;
}

/// What flows through a Network Load Balancer, from Amazon CloudWatch
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-cloudwatch-metrics.html>).
pub trait Flows: Sync {
    /// The highest `ActiveFlowCount` between two times; nothing where the metric was not reported.
    fn active_flows(
        &self,
        load_balancer_arn: &str,
        since: jiff::Timestamp,
        until: jiff::Timestamp,
    ) -> impl Future<Output = Result<Option<f64>, PhaseError>> + Send;
}
