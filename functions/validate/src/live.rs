//! What lives in a cluster, read with one list for each kind.

use crate::Look;
use domain::{
    PhaseError,
    manifest::{
        Object, ObjectId,
        state::{Readiness, readiness, trouble},
    },
    plan::workloads::{Workload, Workloads},
    ports::KubernetesApi,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// How many names one message holds.
const NAMED: usize = 10;

/// The live objects of the plan's workloads.
pub(crate) struct Live(BTreeMap<ObjectId, Value>);

impl Live {
    /// Reads every workload of the plan that lives in this cluster.
    pub(crate) async fn read<A: KubernetesApi>(api: &A, plan: &Workloads) -> Result<Self, PhaseError> {
        let wanted: BTreeSet<&ObjectId> = plan.workloads.iter().map(|workload| &workload.id).collect();
        let kinds: BTreeSet<(&str, &str)> =
            wanted.iter().map(|id| (id.api_version.as_str(), id.kind.as_str())).collect();
        let mut found = BTreeMap::new();
        for (api_version, kind) in kinds {
            for mut value in api.list(api_version, kind, None).await? {
                // Items of a list say neither (https://kubernetes.io/docs/reference/using-api/api-concepts/#collections).
                value["apiVersion"] = api_version.into();
                value["kind"] = kind.into();
                if let Some(object) = Object::new(0, 0, value).filter(|object| wanted.contains(&object.id)) {
                    found.insert(object.id, object.value);
                }
            }
        }
        Ok(Self(found))
    }

    /// One live object.
    pub(crate) fn get(&self, id: &ObjectId) -> Option<&Value> {
        self.0.get(id)
    }

    /// Whether every workload is ready: not yet, in trouble, or never.
    pub(crate) async fn ready<A: KubernetesApi>(&self, api: &A, plan: &Workloads) -> Result<(), Look> {
        let mut waiting = Vec::new();
        let mut failed = Vec::new();
        for Workload { id, .. } in &plan.workloads {
            match self.get(id).map(|live| readiness(&id.kind, live)) {
                Some(Readiness::Ready) => {}
                Some(Readiness::Waiting(how_far)) => waiting.push(format!("{id} ({how_far})")),
                Some(Readiness::Failed(why)) => failed.push(format!("{id}: {why}")),
                // A Job that has ended may be gone (https://kubernetes.io/docs/concepts/workloads/controllers/ttlafterfinished/).
                None if id.kind == "Job" => {}
                None => failed.push(format!("{id} is not there")),
            }
        }
        if !failed.is_empty() {
            return Err(Look::Trouble(listed(&failed)));
        }
        if waiting.is_empty() {
            return Ok(());
        }
        let troubles: Vec<String> = api.list("v1", "Pod", None).await?.iter().filter_map(trouble).collect();
        if !troubles.is_empty() {
            return Err(Look::Trouble(listed(&troubles)));
        }
        let (all, ready) = (plan.workloads.len(), plan.workloads.len() - waiting.len());
        Err(PhaseError::not_ready(format!("{ready} of {all} workloads ready, waiting for {}", listed(&waiting))).into())
    }
}

fn listed(names: &[String]) -> String {
    let more = names.len().saturating_sub(NAMED);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{rest}", names[..names.len() - more].join(", "))
}
