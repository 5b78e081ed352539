//! The Kubernetes APIs of the clusters. Controllers do what a written object asks for after [`Durations::rollout`](super::Durations).

use super::aws::pair;
use super::time::Change;
use super::{Account, Aws};
use domain::PhaseError;
use domain::manifest::{Object, ObjectId, hold};
use domain::object::is_built_in;
use domain::ports::kubernetes::Reached;
use domain::ports::{Kubernetes, KubernetesApi, Settings};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The Kubernetes API of one cluster.
#[derive(Debug, Clone)]
pub struct Cluster {
    account: Account,
    name: String,
}

/// Kinds whose status a controller writes.
fn has_controller(kind: &str) -> bool {
    matches!(kind, "Deployment" | "StatefulSet" | "CustomResourceDefinition" | "Job")
}

/// The status that the object's controller leaves in the end.
fn status(kind: &str, value: &Value) -> Value {
    let count = value["spec"]["replicas"].as_i64().unwrap_or(1);
    match kind {
        "CustomResourceDefinition" => json!({ "conditions": [{ "type": "Established", "status": "True" }] }),
        "Job" => json!({ "conditions": [{ "type": "Complete", "status": "True" }] }),
        _ => json!({ "replicas": count, "updatedReplicas": count, "availableReplicas": count, "readyReplicas": count }),
    }
}

impl Aws {
    /// The object's controller has done what it asks for.
    pub(super) fn reconcile(&mut self, cluster: &str, id: &ObjectId) {
        if let Some(value) = self.objects.get_mut(cluster).and_then(|objects| objects.get_mut(id)) {
            value["status"] = status(&id.kind, value);
        }
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
        after
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
            self.put_with_status(value);
        }
    }

    /// Puts an object there with the status that it has.
    pub fn put_with_status(&self, value: Value) {
        if let Some(object) = Object::new(0, 0, value) {
            self.account.aws().objects.entry(self.name.clone()).or_default().insert(object.id, object.value);
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

    fn change<T>(
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
    async fn apply(&self, objects: &[Value], _: jiff::Timestamp) -> Vec<Result<(), PhaseError>> {
        let apply = |value: &Value| {
            let object = Object::new(0, 0, value.clone()).ok_or_else(|| PhaseError::refused("no object"))?;
            self.change("kubernetes:Apply", |aws, cluster| {
                if !is_built_in(&object.id.api_version) && !aws.is_defined(cluster, &object.id.kind) {
                    return Err(PhaseError::not_ready(format!("{} is not served", object.id.kind)));
                }
                aws.write(cluster, &object.id, |live| {
                    let status = live["status"].take();
                    live.clone_from(&object.value);
                    if !status.is_null() {
                        live["status"] = status;
                    }
                });
                Ok(())
            })
        };
        objects.iter().map(apply).collect()
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
