//! Bundles, both Kubernetes APIs, targets and probes in memory.

mod account;

use super::{Crash, MemoryLedger};
use domain::{
    PhaseError,
    digest::sha256_hex,
    manifest::{Object, ObjectId, hold, objects},
    plan::workloads::Bundle,
    ports::{
        Kubernetes, KubernetesApi, Manifests, alarms::AlarmState, kubernetes::Reached, load_balancers::Target,
        manifests::Served,
    },
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// What is in S3 and behind the load balancers; open to changes by tests.
#[derive(Debug, Default)]
pub struct Shelf {
    /// Bundles by their URIs, each a list of manifests.
    pub bundles: BTreeMap<String, Vec<Value>>,
    /// Targets by the ARN of their group.
    pub targets: BTreeMap<String, Vec<Target>>,
    /// The status that each path answers; 200 where it is not named.
    pub answers: BTreeMap<String, u16>,
    /// Alarms that are not OK.
    pub alarms: BTreeMap<String, AlarmState>,
    /// Why blue's API server does not answer.
    pub fault: Option<String>,
}

/// A ledger, bundles and two clusters, crashing together.
#[derive(Debug, Clone, Default)]
pub struct Workshop {
    /// The ledger.
    pub ledger: MemoryLedger,
    /// The cluster `shop-blue`.
    pub blue: MemoryCluster,
    /// The cluster `shop-green`.
    pub green: MemoryCluster,
    shelf: Arc<Mutex<Shelf>>,
}

/// One cluster: what was applied is ready at once, unless it is told to lag.
#[derive(Debug, Clone, Default)]
pub struct MemoryCluster {
    state: Arc<Mutex<State>>,
    crash: Crash,
}

#[derive(Debug, Default)]
struct State {
    objects: BTreeMap<ObjectId, Value>,
    writes: Vec<String>,
    lags: bool,
}

impl Workshop {
    /// With empty clusters and shelves.
    #[must_use]
    pub fn new() -> Self {
        let crash = Crash::default();
        let cluster = || MemoryCluster { state: Arc::default(), crash: crash.clone() };
        Self { ledger: MemoryLedger::new(crash.clone()), blue: cluster(), green: cluster(), shelf: Arc::default() }
    }

    /// What is in S3 and behind the load balancers.
    pub fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When it crashes.
    #[must_use]
    pub const fn crash(&self) -> &Crash {
        &self.ledger.crash
    }

    /// Puts a bundle into S3, and gives it as a plan has it.
    #[must_use]
    pub fn upload(&self, uri: &str, manifests: Vec<Value>) -> Bundle {
        let digest = digest(&manifests);
        let objects = manifests.len();
        self.shelf().bundles.insert(uri.to_owned(), manifests);
        Bundle { uri: uri.to_owned(), version: None, etag: digest.clone(), digest, objects }
    }
}

fn digest(manifests: &[Value]) -> String {
    sha256_hex(Value::from(manifests.to_vec()).to_string().as_bytes())
}

impl MemoryCluster {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts an object there, as somebody else would; nothing where it is none.
    pub fn put(&self, value: Value) {
        if let Some(object) = Object::new(0, 0, value) {
            self.state().objects.insert(object.id.clone(), settled(&object.id, object.value, false));
        }
    }

    /// Puts an object there with the status that it has, whatever its controller would say.
    pub fn put_with_status(&self, value: &Value) {
        if let Some(object) = Object::new(0, 0, value.clone()) {
            self.state().objects.insert(object.id, object.value);
        }
    }

    /// One object, by `Kind/namespace/name`.
    #[must_use]
    pub fn object(&self, name: &str) -> Option<Value> {
        self.state().objects.iter().find(|(id, _)| id.to_string() == name).map(|(_, value)| value.clone())
    }

    /// Everything, by `Kind/namespace/name`.
    #[must_use]
    pub fn all(&self) -> BTreeMap<String, Value> {
        self.state().objects.iter().map(|(id, value)| (id.to_string(), value.clone())).collect()
    }

    /// Whether controllers have stopped: nothing that is written from now on becomes ready.
    pub fn lag(&self, lags: bool) {
        let mut state = self.state();
        state.lags = lags;
        if !lags {
            for (id, value) in &mut state.objects {
                *value = settled(id, std::mem::take(value), false);
            }
        }
    }

    /// The names of what was written, in order, since the last time.
    #[must_use]
    pub fn writes(&self) -> Vec<String> {
        std::mem::take(&mut self.state().writes)
    }

    fn write(&self, id: &ObjectId, change: impl FnOnce(&mut Value)) -> Result<Value, PhaseError> {
        self.crash.alive()?;
        let mut state = self.state();
        let lags = state.lags;
        state.writes.push(id.to_string());
        let object = state.objects.entry(id.clone()).or_default();
        change(object);
        *object = settled(id, std::mem::take(object), lags);
        let written = object.clone();
        drop(state);
        self.crash.point()?;
        Ok(written)
    }
}

/// The object as its controller would leave it.
fn settled(id: &ObjectId, mut value: Value, lags: bool) -> Value {
    let count = value["spec"]["replicas"].as_i64().unwrap_or(1);
    let status = match id.kind.as_str() {
        "Deployment" | "StatefulSet" => {
            json!({ "replicas": count, "updatedReplicas": count, "availableReplicas": count, "readyReplicas": count })
        }
        "CustomResourceDefinition" => json!({ "conditions": [{ "type": "Established", "status": "True" }] }),
        "Job" => json!({ "conditions": [{ "type": "Complete", "status": "True" }] }),
        _ => return value,
    };
    if !lags {
        value["status"] = status;
    } else if value["status"].is_null() {
        value["status"] = json!({});
    }
    value
}

impl KubernetesApi for MemoryCluster {
    async fn apply(&self, objects: &[Value], _: jiff::Timestamp) -> Vec<Result<(), PhaseError>> {
        let apply = |value: &Value| {
            let object = Object::new(0, 0, value.clone()).ok_or_else(|| PhaseError::refused("no object"))?;
            let group_is_defined = || {
                self.state().objects.values().any(|definition| {
                    definition["spec"]["names"]["kind"] == object.id.kind.as_str()
                        && definition["status"]["conditions"][0]["status"] == "True"
                })
            };
            if !domain::object::is_built_in(&object.id.api_version) && !group_is_defined() {
                return Err(PhaseError::not_ready(format!("{} is not served", object.id.kind)));
            }
            self.write(&object.id, |live| {
                let status = live["status"].take();
                *live = object.value.clone();
                if !status.is_null() {
                    live["status"] = status;
                }
            })
            .map(|_| ())
        };
        objects.iter().map(apply).collect()
    }

    async fn get(&self, id: &ObjectId) -> Result<Option<Value>, PhaseError> {
        self.crash.alive()?;
        let found = self.state().objects.get(id).cloned();
        self.crash.point()?;
        Ok(found)
    }

    async fn list(&self, _: &str, kind: &str, _: Option<&str>) -> Result<Vec<Value>, PhaseError> {
        self.crash.alive()?;
        let found =
            self.state().objects.iter().filter(|(id, _)| id.kind == kind).map(|(_, value)| value.clone()).collect();
        self.crash.point()?;
        Ok(found)
    }

    async fn patch(&self, id: &ObjectId, patch: &Value) -> Result<Value, PhaseError> {
        if !self.state().objects.contains_key(id) {
            return Err(PhaseError::refused(format!("{id} is not there")));
        }
        self.write(id, |live| hold::merge(live, patch))
    }
}

impl Kubernetes for Workshop {
    type Api = MemoryCluster;

    async fn reach(&self, cluster: &str) -> Result<Option<Reached>, PhaseError> {
        let fault = self.shelf().fault.clone();
        Ok((cluster == "shop-blue").then(|| Reached { version: "1.33".to_owned(), fault }))
    }

    async fn connect(&self, cluster: &str) -> Result<MemoryCluster, PhaseError> {
        self.crash().alive()?;
        match cluster {
            "shop-blue" => Ok(self.blue.clone()),
            "shop-green" => Ok(self.green.clone()),
            other => Err(PhaseError::not_ready(format!("cluster {other} has no API server"))),
        }
    }
}

impl Manifests for Workshop {
    async fn bundle(&self, uri: &str) -> Result<Option<Served>, PhaseError> {
        self.crash().alive()?;
        let manifests = self.shelf().bundles.get(uri).cloned();
        self.crash().point()?;
        Ok(manifests.map(|manifests| {
            let digest = digest(&manifests);
            let mut served =
                Served { version: None, etag: digest.clone(), digest, objects: Vec::new(), unreadable: Vec::new() };
            for (index, value) in manifests.into_iter().enumerate() {
                match objects(index + 1, index + 1, value) {
                    Ok(found) => served.objects.extend(found),
                    Err(faults) => served.unreadable.extend(faults),
                }
            }
            served
        }))
    }
}
