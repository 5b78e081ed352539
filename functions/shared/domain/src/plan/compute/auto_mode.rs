//! EKS Auto Mode: controllers that EKS runs outside of a cluster make its nodes, load balancers and volumes
//! (<https://docs.aws.amazon.com/eks/latest/userguide/automode.html>). They delete nodes and load balancers with the cluster
//! (<https://docs.aws.amazon.com/eks/latest/userguide/delete-cluster.html>).

use super::{Cluster, Tags};
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

impl Cluster {
    /// Whether an instance with these tags was made by EKS Auto Mode for this cluster.
    #[must_use]
    pub fn is_auto_node(&self, tags: &Tags) -> bool {
        let is_its = tags.get(CLUSTER_TAG).is_some_and(|name| *name == self.name);
        self.auto_mode.is_some() && is_its && tags.contains_key(NODE_POOL_TAG)
    }
}
