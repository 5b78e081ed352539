//! What EKS Auto Mode makes for a cluster, simulated: one node of its first built-in pool, as if Pods waited for it, and access entries of the
//! nodes' role and the cluster's (<https://docs.aws.amazon.com/eks/latest/userguide/auto-learn-iam.html>). All of it goes with the cluster
//! (<https://docs.aws.amazon.com/eks/latest/userguide/delete-cluster.html>).

use super::super::{Aws, aws::pair};
use domain::Tags;
use domain::plan::compute::auto_mode::{CLUSTER_TAG, NODE_POOL_TAG};
use domain::plan::compute::{AccessEntry, AccessPolicy};
use domain::ports::network::Instance;

fn entry(principal: &str, of_type: &str, policy: &str) -> AccessEntry {
    AccessEntry {
        principal_arn: principal.to_owned(),
        entry_type: of_type.to_owned(),
        policies: vec![AccessPolicy {
            arn: format!("arn:aws:eks::aws:cluster-access-policy/{policy}"),
            namespaces: Vec::new(),
        }],
        ..AccessEntry::default()
    }
}

impl Aws {
    /// Makes what a cluster in EKS Auto Mode has by itself.
    pub(crate) fn auto_mode_begins(&mut self, name: &str) {
        let Some(cluster) = self.clusters.get(name).map(|found| found.cluster.clone()) else { return };
        let Some(auto) = &cluster.auto_mode else { return };
        let of_cluster = entry(&cluster.role_arn, "STANDARD", "AmazonEKSComputePolicy");
        let of_nodes = auto.node_role_arn.iter().map(|role| entry(role, "EC2", "AmazonEKSAutoNodePolicy"));
        for made in of_nodes.chain([of_cluster]) {
            self.access_entries.insert(pair(name, &made.principal_arn), made);
        }
        self.instances.extend(auto.node_pools.first().map(|pool| {
            let mut tags: Tags = [(CLUSTER_TAG, name), (NODE_POOL_TAG, pool)]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into();
            // AWS documents the two above only; other nodes have this one as well.
            tags.insert(format!("kubernetes.io/cluster/{name}"), "owned".to_owned());
            Instance { id: format!("i-auto-{name}"), tags, ..Instance::default() }
        }));
    }

    /// Takes the nodes away. Access entries go as everybody's do.
    pub(crate) fn auto_mode_ends(&mut self, name: &str) {
        self.instances.retain(|instance| instance.tags.get(CLUSTER_TAG).is_none_or(|cluster| cluster != name));
    }
}
