//! What EKS Auto Mode makes for a cluster, simulated: one node of its first built-in pool and one for each NodePool of people's own, as if Pods
//! waited for them; the definitions and objects of the built-in pools and their class
//! (<https://docs.aws.amazon.com/eks/latest/userguide/set-builtin-node-pools.html>); and access entries of the nodes' role and the cluster's
//! (<https://docs.aws.amazon.com/eks/latest/userguide/auto-learn-iam.html>). All of it goes with the cluster
//! (<https://docs.aws.amazon.com/eks/latest/userguide/delete-cluster.html>).

use super::super::{Aws, aws::pair};
use domain::Tags;
use domain::manifest::Object;
use domain::plan::compute::auto_mode::{CLUSTER_TAG, NODE_POOL_TAG};
use domain::plan::compute::{AccessEntry, AccessPolicy};
use domain::ports::network::Instance;
use domain::resources::node_pool::{is_auto_class, is_auto_pool};
use serde_json::{Value, json};

/// The node class of the built-in pools.
const CLASS: &str = "default";

fn definition(group: &str, kind: &str, plural: &str) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": format!("{plural}.{group}") },
        "spec": {
            "group": group, "scope": "Cluster", "names": { "kind": kind, "plural": plural },
            "versions": [{ "name": "v1", "served": true, "storage": true }],
        },
        "status": { "conditions": [{ "type": "Established", "status": "True" }] },
    })
}

/// What EKS puts into the cluster.
fn objects(node_pools: &[String]) -> Vec<Value> {
    let metadata = |name: &str| json!({ "name": name, "labels": { "app.kubernetes.io/managed-by": "eks" } });
    let class =
        json!({ "apiVersion": "eks.amazonaws.com/v1", "kind": "NodeClass", "metadata": metadata(CLASS), "spec": {} });
    let reference = json!({ "group": "eks.amazonaws.com", "kind": "NodeClass", "name": CLASS });
    let pool = |name: &String| {
        json!({
            "apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": metadata(name),
            "spec": { "template": { "spec": { "nodeClassRef": reference } } },
        })
    };
    let mut all = vec![
        definition("karpenter.sh", "NodePool", "nodepools"),
        definition("karpenter.sh", "NodeClaim", "nodeclaims"),
        definition("eks.amazonaws.com", "NodeClass", "nodeclasses"),
    ];
    all.extend((!node_pools.is_empty()).then_some(class));
    all.extend(node_pools.iter().map(pool));
    all
}

fn node(cluster: &str, pool: &str) -> Instance {
    let mut tags: Tags =
        [(CLUSTER_TAG, cluster), (NODE_POOL_TAG, pool)].map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    // AWS documents the two above only; other nodes have this one as well.
    tags.insert(format!("kubernetes.io/cluster/{cluster}"), "owned".to_owned());
    Instance { id: format!("i-auto-{cluster}-{pool}"), tags, ..Instance::default() }
}

/// The access entry of a role of nodes.
pub(crate) fn auto_nodes(role: &str) -> AccessEntry {
    entry(role, "EC2", "AmazonEKSAutoNodePolicy")
}

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
        let of_nodes = auto.node_role_arn.iter().map(|role| auto_nodes(role));
        for made in of_nodes.chain([of_cluster]) {
            self.access_entries.insert(pair(name, &made.principal_arn), made);
        }
        self.instances.extend(auto.node_pools.first().map(|pool| node(name, pool)));
        let there = self.objects.entry(name.to_owned()).or_default();
        let made = objects(&auto.node_pools).into_iter().filter_map(|value| Object::new(0, 0, value));
        there.extend(made.map(|object| (object.id, object.value)));
    }

    /// Makes the nodes of NodePools of people's own, each once there is its NodeClass.
    pub(crate) fn auto_mode_makes_nodes(&mut self, name: &str) {
        let Some(auto) = self.clusters.get(name).and_then(|found| found.cluster.auto_mode.clone()) else { return };
        let objects = self.objects.get(name).cloned().unwrap_or_default();
        let has_class = |value: &Value| {
            let class = &value["spec"]["template"]["spec"]["nodeClassRef"]["name"];
            objects.keys().any(|id| is_auto_class(id) && *class == id.name.as_str())
        };
        let pools = objects.iter().filter(|(id, value)| is_auto_pool(id, value) && has_class(value));
        for (id, _) in pools.filter(|(id, _)| !auto.node_pools.contains(&id.name)) {
            let made = node(name, &id.name);
            if !self.instances.iter().any(|known| known.id == made.id) {
                self.instances.push(made);
            }
        }
    }

    /// Takes the nodes away. Access entries go as everybody's do.
    pub(crate) fn auto_mode_ends(&mut self, name: &str) {
        self.instances.retain(|instance| instance.tags.get(CLUSTER_TAG).is_none_or(|cluster| cluster != name));
    }
}
