//! EKS Auto Mode: controllers that EKS runs outside of a cluster make its nodes, load balancers and volumes
//! (<https://docs.aws.amazon.com/eks/latest/userguide/automode.html>). They delete nodes and load balancers with the cluster
//! (<https://docs.aws.amazon.com/eks/latest/userguide/delete-cluster.html>).

use super::{Cluster, Compute, SecurityGroup, Tags};
use serde::{Deserialize, Serialize};

/// The tag with the cluster's name of whatever they make in EC2 and Elastic Load Balancing
/// (<https://docs.aws.amazon.com/eks/latest/userguide/auto-cluster-iam-role.html#tag-prop>).
pub const CLUSTER_TAG: &str = "eks:eks-cluster-name";

/// The tag of an instance with the name of its node pool, of the same page.
pub const NODE_POOL_TAG: &str = "eks:kubernetes-node-pool-name";

/// How a cluster is in EKS Auto Mode. Compute, block storage and load balancing are all enabled, or none is
/// (<https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html>).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AutoMode {
    /// The built-in node pools that are enabled: `general-purpose`, `system`, or none.
    pub node_pools: Vec<String>,
    /// The role of their nodes, where there are any.
    pub node_role_arn: Option<String>,
}

impl Compute {
    /// Whether EKS Auto Mode makes all of blue's nodes. These bring network, DNS and the agent of Pod Identity by themselves
    /// (<https://docs.aws.amazon.com/eks/latest/userguide/automode.html>).
    #[must_use]
    pub fn is_auto_alone(&self) -> bool {
        self.blue.auto_mode.is_some() && self.node_groups.is_empty() && self.fargate_profiles.is_empty()
    }
}

impl Cluster {
    /// Whether EKS Auto Mode made this security group for this cluster: for a load balancer, or for the way from all of them to nodes and Pods.
    /// It deletes them, and its rules about them in other groups, with what they are for.
    #[must_use]
    pub fn is_auto_group(&self, group: &SecurityGroup) -> bool {
        self.auto_mode.is_some() && group.tags.get(CLUSTER_TAG).is_some_and(|name| *name == self.name)
    }

    /// Whether an instance with these tags was made by EKS Auto Mode for this cluster.
    #[must_use]
    pub fn is_auto_node(&self, tags: &Tags) -> bool {
        let is_its = tags.get(CLUSTER_TAG).is_some_and(|name| *name == self.name);
        self.auto_mode.is_some() && is_its && tags.contains_key(NODE_POOL_TAG)
    }
}
