//! Amazon EC2 Auto Scaling as phases use it: the groups that EKS makes for managed node groups.

use crate::PhaseError;
use std::future::Future;

/// The tag that EKS gives to the Auto Scaling groups of its managed node groups.
pub const NODE_GROUP_TAG: &str = "eks:nodegroup-name";
/// The tag that names the cluster of a managed node group.
pub const CLUSTER_TAG: &str = "eks:cluster-name";

/// An Auto Scaling group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AutoScalingGroup {
    /// Its name.
    pub name: String,
    /// The cluster of its node group, where EKS made it.
    pub cluster: String,
    /// Its node group, where EKS made it.
    pub node_group: String,
    /// The ARNs of the target groups that its instances are registered with.
    pub target_group_arns: Vec<String>,
    /// The ids of its instances in service.
    pub instance_ids: Vec<String>,
    /// What people set on it beside what EKS sets, in the words of the API.
    pub settings: Vec<String>,
}

/// Auto Scaling groups.
pub trait Scaling: Sync {
    /// The Auto Scaling groups of a cluster's managed node groups.
    fn scaling_groups(&self, cluster: &str) -> impl Future<Output = Result<Vec<AutoScalingGroup>, PhaseError>> + Send;

    /// Every Auto Scaling group that is attached to this target group.
    fn attached_to(
        &self,
        target_group_arn: &str,
    ) -> impl Future<Output = Result<Vec<AutoScalingGroup>, PhaseError>> + Send;

    /// What people hung on a group, each with its kind: scheduled actions, scaling policies, lifecycle hooks, notifications.
    fn hung_on(&self, group: &str) -> impl Future<Output = Result<Vec<String>, PhaseError>> + Send;

    /// Registers the group's instances, present and future, with a target group.
    fn attach(&self, group: &str, target_group_arn: &str) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Deregisters them again.
    fn detach(&self, group: &str, target_group_arn: &str) -> impl Future<Output = Result<(), PhaseError>> + Send;
}
