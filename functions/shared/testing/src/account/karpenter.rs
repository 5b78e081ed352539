//! A small simulation of Karpenter's controller: it makes one node for each NodePool while it runs and the cluster has a node that it can run
//! on, and takes away what it made before it lets go of NodeClaims and EC2NodeClasses. After
//! <https://karpenter.sh/docs/concepts/disruption/#control-flow>, the tags of <https://karpenter.sh/docs/concepts/nodeclasses/#spectags>, and
//! of aws/karpenter-provider-aws `pkg/controllers/nodeclass/controller.go` and of kubernetes-sigs/karpenter
//! `pkg/controllers/node/termination`. It drains at once, and launches whatever Pods there are.

use super::Aws;
use super::time::Change;
use domain::manifest::{Object, ObjectId};
use domain::ports::network::Instance;
use domain::resources::node_pool::{POOL, is_auto_pool, is_class, is_pool};
use serde_json::{Value, json};

/// By which Karpenter holds a NodeClaim until its instance is terminated.
const OF_CLAIM: &str = "karpenter.sh/termination";
/// By which it holds an EC2NodeClass until no NodeClaim refers to it.
const OF_CLASS: &str = "karpenter.k8s.aws/termination";

fn is_its(id: &ObjectId) -> bool {
    is_pool(id) || is_class(id) || id.kind == "NodeClaim"
}

/// What Karpenter writes into an object, and no bundle: its finalizers.
pub(super) fn without_own(id: &ObjectId, live: &mut Value) {
    if is_its(id)
        && let Some(metadata) = live["metadata"].as_object_mut()
    {
        metadata.remove("finalizers");
        metadata.remove("deletionTimestamp");
    }
}

/// Keeps in an applied object what Karpenter wrote into it.
pub(super) fn with_own(id: &ObjectId, live: &Value, applied: &mut Value) {
    for name in ["finalizers", "deletionTimestamp"] {
        if is_its(id) && !live["metadata"][name].is_null() {
            applied["metadata"][name] = live["metadata"][name].clone();
        }
    }
}

impl Aws {
    /// Under which name of a cluster Karpenter works in this one, where it runs.
    fn karpenter(&self, cluster: &str) -> Option<String> {
        let has_nodes = self.node_groups.iter().any(|((of, _), group)| of == cluster && group.status == "ACTIVE");
        let objects = self.objects.get(cluster).filter(|_| has_nodes)?;
        objects.values().find_map(|object| {
            let containers = object["spec"]["template"]["spec"]["containers"].as_array().into_iter().flatten();
            let mut its = containers.filter(|of| of["image"].as_str().is_some_and(|image| image.contains("karpenter")));
            let variables = its.next()?["env"].as_array()?;
            let name = variables.iter().find(|variable| variable["name"] == "CLUSTER_NAME")?["value"].as_str()?;
            (object["status"]["readyReplicas"].as_i64() > Some(0)).then(|| name.to_owned())
        })
    }

    /// Karpenter is told of what is its own.
    pub(super) fn wake_karpenter(&mut self, cluster: &str) {
        let is_any = self.objects.get(cluster).is_some_and(|objects| objects.keys().any(is_its));
        if is_any {
            self.later(|durations| durations.rollout, Change::NodesReconciled(cluster.to_owned()));
        }
    }

    /// An object of Karpenter's is asked to go; true where that is all there is to do.
    pub(super) fn release(&mut self, cluster: &str, id: &ObjectId) -> bool {
        if !is_its(id) {
            return false;
        }
        let now = self.now().to_string();
        let Some(objects) = self.objects.get_mut(cluster) else { return true };
        let name = id.name.clone();
        // The garbage collector takes the NodeClaims of a NodePool, which none holds.
        let goes = |found: &ObjectId, value: &Value| {
            found == id
                || (is_pool(id) && found.kind == "NodeClaim" && value["metadata"]["labels"][POOL] == name.as_str())
        };
        for (found, value) in objects.iter_mut() {
            if goes(found, value) {
                value["metadata"]["deletionTimestamp"] = json!(now);
            }
        }
        objects.retain(|found, value| {
            let held = value["metadata"]["finalizers"].as_array().is_some_and(|held| !held.is_empty());
            held || value["metadata"]["deletionTimestamp"].is_null() || !is_its(found)
        });
        self.wake_karpenter(cluster);
        true
    }

    /// Karpenter has done what there was to do.
    pub(super) fn reconcile_nodes(&mut self, cluster: &str) {
        self.auto_mode_makes_nodes(cluster);
        let Some(name) = self.karpenter(cluster) else { return };
        let objects = self.objects.get(cluster).cloned().unwrap_or_default();
        let is_going = |value: &Value| !value["metadata"]["deletionTimestamp"].is_null();
        for (id, _) in objects.iter().filter(|(id, value)| id.kind == "NodeClaim" && is_going(value)) {
            let instance = format!("i-{}", id.name);
            self.instances.retain(|found| found.id != instance);
            self.objects.entry(cluster.to_owned()).or_default().remove(id);
        }
        let claimed = |pool: &str| {
            let mut claims = objects.iter().filter(|(id, _)| id.kind == "NodeClaim");
            claims.any(|(_, value)| value["metadata"]["labels"][POOL] == pool)
        };
        let is_own = |id: &ObjectId, value: &Value| is_pool(id) && !is_auto_pool(id, value);
        for (id, _) in objects.iter().filter(|(id, value)| is_own(id, value) && !is_going(value) && !claimed(&id.name))
        {
            self.launch(cluster, &name, id);
        }
        let left = self.objects.entry(cluster.to_owned()).or_default();
        let is_used = left.keys().any(|id| id.kind == "NodeClaim");
        left.retain(|id, value| !is_class(id) || is_used || !is_going(value));
        let statuses = json!({ "conditions": [{ "type": "Ready", "status": "True" }] });
        for (id, value) in left.iter_mut().filter(|(id, _)| is_pool(id) || is_class(id)) {
            value["status"] = statuses.clone();
            if is_class(id) {
                value["metadata"]["finalizers"] = json!([OF_CLASS]);
            }
        }
    }

    fn launch(&mut self, cluster: &str, name: &str, pool: &ObjectId) {
        let claim = format!("{cluster}-{}-x7k2p", pool.name);
        let metadata = json!({
            "name": claim, "labels": { POOL: pool.name }, "finalizers": [OF_CLAIM],
            "ownerReferences": [{ "apiVersion": pool.api_version, "kind": "NodePool", "name": pool.name, "uid": "" }],
            "managedFields": [{ "manager": "karpenter" }],
        });
        let value = json!({ "apiVersion": pool.api_version, "kind": "NodeClaim", "metadata": metadata });
        if let (Some(object), Some(objects)) = (Object::new(0, 0, value), self.objects.get_mut(cluster)) {
            objects.insert(object.id, object.value);
        }
        let tags = [
            (POOL.to_owned(), pool.name.clone()),
            (format!("kubernetes.io/cluster/{name}"), "owned".to_owned()),
            ("eks:eks-cluster-name".to_owned(), name.to_owned()),
        ];
        self.instances.push(Instance { id: format!("i-{claim}"), tags: tags.into(), ..Instance::default() });
    }
}
