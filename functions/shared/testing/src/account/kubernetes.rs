//! The Kubernetes APIs of the clusters. Controllers do what a written object asks for after [`Durations::rollout`](super::Durations).

use super::aws::pair;
use super::time::Change;
use super::{Account, Aws};
use super::{karpenter, services};
use domain::PhaseError;
use domain::manifest::{Object, ObjectId, Prepared, hold};
use domain::object::is_built_in;
use domain::ports::kubernetes::{Event, FIELD_MANAGER, Reached, Tried};
use domain::ports::{Kubernetes, KubernetesApi, Settings};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The Kubernetes API of one cluster.
#[derive(Debug, Clone)]
pub struct Cluster {
    account: Account,
    name: String,
}

/// Kinds whose status a controller writes.
fn has_controller(kind: &str) -> bool {
    matches!(kind, "Deployment" | "StatefulSet" | "CustomResourceDefinition" | "Job" | "PersistentVolumeClaim")
}

/// The status that the object's controller leaves in the end.
fn status(kind: &str, value: &Value) -> Value {
    let count = value["spec"]["replicas"].as_i64().unwrap_or(1);
    match kind {
        "CustomResourceDefinition" => json!({ "conditions": [{ "type": "Established", "status": "True" }] }),
        "Job" => json!({ "conditions": [{ "type": "Complete", "status": "True" }] }),
        "PersistentVolumeClaim" => json!({ "phase": "Bound" }),
        _ => json!({ "replicas": count, "updatedReplicas": count, "availableReplicas": count, "readyReplicas": count }),
    }
}

/// The manager other than Bascule that owns a field of this object which would get another value
/// (<https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts>). Here lists are owned as a whole.
fn in_conflict<'a>(live: &'a Value, wanted: &Value) -> Option<&'a str> {
    fn differs(fields: &Value, live: &Value, wanted: &Value) -> bool {
        let owned = fields.as_object().into_iter().flatten();
        owned.filter_map(|(name, fields)| Some((name.strip_prefix("f:")?, fields))).any(|(name, fields)| {
            let (live, wanted) = (&live[name], &wanted[name]);
            let leaf = fields.as_object().is_none_or(serde_json::Map::is_empty);
            !wanted.is_null() && if leaf { live != wanted } else { differs(fields, live, wanted) }
        })
    }
    let entries = live["metadata"]["managedFields"].as_array()?;
    let mut others = entries.iter().filter(|entry| entry["manager"] != FIELD_MANAGER);
    others.find(|entry| differs(&entry["fieldsV1"], live, wanted))?["manager"].as_str()
}

impl Aws {
    /// The object's controller has done what it asks for.
    pub(super) fn reconcile(&mut self, cluster: &str, id: &ObjectId) {
        let all = self.objects.get(cluster).into_iter().flat_map(BTreeMap::keys);
        let there: Vec<String> = all.filter(|of| of.kind == "PersistentVolume").map(|of| of.name.clone()).collect();
        if let Some(value) = self.objects.get_mut(cluster).and_then(|objects| objects.get_mut(id)) {
            value["status"] = status(&id.kind, value);
            let named = value["spec"]["volumeName"].as_str().filter(|_| id.kind == "PersistentVolumeClaim");
            if named.is_some_and(|named| !there.iter().any(|volume| volume == named)) {
                value["status"] = json!({ "phase": "Pending" });
            }
            if id.kind == "Deployment" {
                self.wake_controller(cluster);
                self.wake_karpenter(cluster);
            }
        }
        self.make_volumes(cluster, id);
    }

    fn write(&mut self, cluster: &str, id: &ObjectId, change: impl FnOnce(&mut Value)) -> Value {
        self.history.writes.push((cluster.to_owned(), id.to_string()));
        let object = self.objects.entry(cluster.to_owned()).or_default().entry(id.clone()).or_default();
        let before = object.clone();
        change(object);
        let after = object.clone();
        if has_controller(&id.kind) && before["spec"] != after["spec"] {
            if before["status"].is_null() {
                object["status"] = json!({});
            }
            self.later(|durations| durations.rollout, Change::ObjectReconciled(cluster.to_owned(), id.clone()));
        }
        if id.kind == "PersistentVolume" {
            // The binder looks at the claims that wait for one of this name.
            let waiting: Vec<ObjectId> = self.claims_that_name(cluster, &id.name);
            for claim in waiting {
                self.later(|durations| durations.rollout, Change::ObjectReconciled(cluster.to_owned(), claim));
            }
        }
        if before["spec"] != after["spec"] && id.group().starts_with("karpenter.") {
            self.wake_karpenter(cluster);
        }
        if after["spec"]["type"] == "LoadBalancer" && before["spec"] != after["spec"] {
            self.later(|durations| durations.rollout, Change::ServiceReconciled(cluster.to_owned(), id.clone()));
        }
        after
    }

    /// What an apply makes of an object that somebody else made: both have their fields, and an apply of none leaves the other's
    /// (<https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management>). Fields are merged here as by RFC 7396.
    fn owned(&mut self, cluster: &str, id: &ObjectId, wanted: Value) -> Value {
        let key = (cluster.to_owned(), id.clone());
        let live = self.objects.get(cluster).and_then(|objects| objects.get(id));
        let Some(mut others) = self.others.entry(key.clone()).or_insert_with(|| live.cloned()).clone() else {
            return wanted;
        };
        let says_who = |name: &String| matches!(name.as_str(), "apiVersion" | "kind" | "metadata");
        if wanted.as_object().is_some_and(|wanted| wanted.keys().all(says_who))
            && wanted["metadata"]["labels"].is_null()
        {
            self.others.remove(&key);
        }
        hold::merge(&mut others, &wanted);
        others
    }

    /// Whether a custom resource of this kind has an established definition.
    fn is_defined(&self, cluster: &str, kind: &str) -> bool {
        let mut objects = self.objects.get(cluster).into_iter().flat_map(BTreeMap::values);
        objects.any(|definition| {
            definition["spec"]["names"]["kind"] == kind && definition["status"]["conditions"][0]["status"] == "True"
        })
    }
}

impl Account {
    /// The API of a cluster, whether it has one or not.
    #[must_use]
    pub fn cluster(&self, name: &str) -> Cluster {
        Cluster { account: self.clone(), name: name.to_owned() }
    }
}

impl Cluster {
    /// Puts an object there with the status that its controller leaves in the end; nothing where it is none.
    pub fn put(&self, mut value: Value) {
        if let Some(object) = Object::new(0, 0, value.clone()) {
            if has_controller(&object.id.kind) {
                value["status"] = status(&object.id.kind, &value);
            }
            services::with_own(&object.id, &self.name, &Value::Null, &mut value);
            self.put_with_status(value);
        }
    }

    /// Puts an object there with the status that it has.
    pub fn put_with_status(&self, value: Value) {
        if let Some(object) = Object::new(0, 0, value) {
            self.account.aws().objects.entry(self.name.clone()).or_default().insert(object.id, object.value);
        }
    }

    /// Removes an object, by `Kind/namespace/name`, as a controller does.
    pub fn remove(&self, name: &str) {
        if let Some(objects) = self.account.aws().objects.get_mut(&self.name) {
            objects.retain(|id, _| id.to_string() != name);
        }
    }

    /// One object, by `Kind/namespace/name`.
    #[must_use]
    pub fn object(&self, name: &str) -> Option<Value> {
        self.all().remove(name)
    }

    /// Everything, by `Kind/namespace/name`.
    #[must_use]
    pub fn all(&self) -> BTreeMap<String, Value> {
        let aws = self.account.aws();
        let objects = aws.objects.get(&self.name).into_iter().flatten();
        objects.map(|(id, value)| (id.to_string(), value.clone())).collect()
    }

    /// The names of what was written, in order, since the last time.
    #[must_use]
    pub fn writes(&self) -> Vec<String> {
        let writes = &mut self.account.aws().history.writes;
        let (own, others) = std::mem::take(writes).into_iter().partition(|(cluster, _)| *cluster == self.name);
        *writes = others;
        let own: Vec<(String, String)> = own;
        own.into_iter().map(|(_, object)| object).collect()
    }

    pub(super) fn change<T>(
        &self,
        operation: &'static str,
        change: impl FnOnce(&mut Aws, &str) -> Result<T, PhaseError>,
    ) -> Result<T, PhaseError> {
        self.account.change(operation, |aws| {
            if aws.clusters.contains_key(&self.name) {
                change(aws, &self.name)
            } else {
                Err(PhaseError::unavailable(format!("the API server of {} does not answer", self.name)))
            }
        })
    }
}

impl KubernetesApi for Cluster {
    async fn open(&self, _objects: usize) -> Result<(), PhaseError> {
        self.change("kubernetes:List", |_, _| Ok(()))
    }

    async fn applied(&self, objects: &[&Prepared]) -> Result<Vec<bool>, PhaseError> {
        self.change("kubernetes:List", |aws, cluster| {
            let is = |object: &&Prepared| {
                let mut live =
                    aws.objects.get(cluster).and_then(|live| live.get(&object.id)).cloned().unwrap_or_default();
                if let Some(live) = live.as_object_mut() {
                    live.remove("status");
                }
                services::without_own(&object.id, &mut live);
                karpenter::without_own(&object.id, &mut live);
                live == object.value()
            };
            Ok(objects.iter().map(is).collect())
        })
    }

    async fn apply(&self, objects: &[&Prepared], _: jiff::Timestamp) -> Vec<Result<(), PhaseError>> {
        let apply = |object: &&Prepared| {
            self.change("kubernetes:Apply", |aws, cluster| {
                if !is_built_in(&object.id.api_version) && !aws.is_defined(cluster, &object.id.kind) {
                    return Err(PhaseError::not_ready(format!("{} is not served", object.id.kind)));
                }
                let wanted = object.value();
                let live = aws.objects.get(cluster).and_then(|live| live.get(&object.id));
                if let Some(manager) = live.filter(|_| !object.is_forced).and_then(|live| in_conflict(live, &wanted)) {
                    return Err(PhaseError::conflict(format!("{}: conflict with {manager:?}", object.id)));
                }
                let wanted = aws.owned(cluster, &object.id, wanted);
                aws.write(cluster, &object.id, |live| {
                    let (status, volume) = (live["status"].take(), live["spec"]["volumeName"].take());
                    let before = std::mem::replace(live, wanted);
                    services::with_own(&object.id, cluster, &before, live);
                    karpenter::with_own(&object.id, &before, live);
                    // The binder's.
                    if !volume.is_null() {
                        live["spec"]["volumeName"] = volume;
                    }
                    if !status.is_null() {
                        live["status"] = status;
                    }
                });
                Ok(())
            })
        };
        objects.iter().map(apply).collect()
    }

    async fn rehearse(&self, objects: &[&Prepared], _: jiff::Timestamp) -> Vec<Result<Tried, PhaseError>> {
        let rehearse = |object: &&Prepared| {
            self.change("kubernetes:DryRun", |aws, cluster| {
                let id = &object.id;
                if !is_built_in(&id.api_version) && !aws.is_defined(cluster, &id.kind) {
                    return Ok(Tried::NotServed);
                }
                let wanted = object.value();
                let live = aws.objects.get(cluster);
                if let Some(namespace) = &id.namespace {
                    let mut namespaces = live.into_iter().flat_map(BTreeMap::keys).filter(|id| id.kind == "Namespace");
                    let is_initial = matches!(namespace.as_str(), "default" | "kube-system");
                    if !is_initial && !namespaces.any(|id| id.name == *namespace) {
                        return Err(PhaseError::refused(format!("namespaces {namespace:?} not found")));
                    }
                }
                // Of Kubernetes' many rules the one that these tests break
                // (https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/apps/validation/validation.go).
                if let Some(replicas) = wanted["spec"]["replicas"].as_i64().filter(|replicas| *replicas < 0) {
                    let rule = "must be greater than or equal to 0";
                    return Err(PhaseError::refused(format!("spec.replicas: Invalid value: {replicas}: {rule}")));
                }
                match live.and_then(|live| live.get(id)).and_then(|live| in_conflict(live, &wanted)) {
                    Some(manager) if !object.is_forced => {
                        Err(PhaseError::conflict(format!("conflict with {manager:?}")))
                    }
                    _ => Ok(Tried::Accepted),
                }
            })
        };
        objects.iter().map(rehearse).collect()
    }

    async fn get(&self, id: &ObjectId) -> Result<Option<Value>, PhaseError> {
        self.change("kubernetes:Get", |aws, cluster| {
            Ok(aws.objects.get(cluster).and_then(|objects| objects.get(id)).cloned())
        })
    }

    async fn list(&self, _: &str, kind: &str, _: Option<&str>) -> Result<Vec<Value>, PhaseError> {
        self.change("kubernetes:List", |aws, cluster| {
            let objects = aws.objects.get(cluster).into_iter().flatten();
            Ok(objects.filter(|(id, _)| id.kind == kind).map(|(_, value)| value.clone()).collect())
        })
    }

    async fn metadata(&self, api_version: &str, kind: &str) -> Result<Vec<Value>, PhaseError> {
        let objects = self.list(api_version, kind, None).await?;
        Ok(objects.into_iter().map(|mut object| object["metadata"].take()).collect())
    }

    async fn kinds(&self) -> Result<Vec<(String, String)>, PhaseError> {
        self.change("kubernetes:Discover", |aws, cluster| {
            let ids = aws.objects.get(cluster).into_iter().flat_map(BTreeMap::keys);
            let kinds: BTreeSet<_> = ids.map(|id| (id.api_version.clone(), id.kind.clone())).collect();
            Ok(kinds.into_iter().collect())
        })
    }

    async fn warnings(&self) -> Result<Vec<Event>, PhaseError> {
        self.change("kubernetes:List", |aws, cluster| {
            let objects = aws.objects.get(cluster).into_iter().flatten();
            let warnings = objects.filter(|(id, value)| id.kind == "Event" && value["type"] == "Warning");
            Ok(warnings.map(|(_, value)| Event::of(value)).collect())
        })
    }

    async fn delete(&self, id: &ObjectId, uid: Option<&str>) -> Result<(), PhaseError> {
        self.ask_for_deletion(id, uid)
    }

    async fn patch(&self, id: &ObjectId, patch: &Value) -> Result<Value, PhaseError> {
        self.change("kubernetes:Patch", |aws, cluster| {
            if !aws.objects.get(cluster).is_some_and(|objects| objects.contains_key(id)) {
                return Err(PhaseError::refused(format!("{id} is not there")));
            }
            Ok(aws.write(cluster, id, |live| hold::merge(live, patch)))
        })
    }
}

impl Kubernetes for Account {
    type Api = Cluster;

    async fn reach(&self, cluster: &str) -> Result<Option<Reached>, PhaseError> {
        self.read("eks:DescribeCluster", |aws| {
            let found = aws.clusters.get(cluster)?;
            Some(Reached { version: found.cluster.version.clone(), fault: aws.unreachable.get(cluster).cloned() })
        })
    }

    async fn connect(&self, cluster: &str) -> Result<Cluster, PhaseError> {
        let role = self.kubernetes_role_arn()?;
        self.change("eks:DescribeCluster", |aws| {
            if aws.clusters.get(cluster).is_none_or(|found| found.status != "ACTIVE") {
                return Err(PhaseError::not_ready(format!("cluster {cluster} has no API server")));
            }
            if !aws.access_entries.contains_key(&pair(cluster, &role)) {
                return Err(PhaseError::denied(format!("Unauthorized: {cluster} has no access entry of {role}")));
            }
            Ok(self.cluster(cluster))
        })
    }
}
