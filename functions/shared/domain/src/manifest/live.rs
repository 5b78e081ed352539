//! What lives in a cluster, read with one list for each kind.

use super::{Object, ObjectId};
use crate::{PhaseError, plan::workloads::Workloads, ports::KubernetesApi};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The live objects of the plan's workloads.
#[derive(Debug, Clone, Default)]
pub struct Live(BTreeMap<ObjectId, Value>);

impl Live {
    /// Reads every workload of the plan that lives in this cluster.
    ///
    /// # Errors
    /// Whatever the API server answers.
    pub async fn read<A: KubernetesApi>(api: &A, plan: &Workloads) -> Result<Self, PhaseError> {
        Self::of(api, plan.workloads.iter().map(|workload| &workload.id)).await
    }

    /// Reads those of these objects that live in this cluster.
    ///
    /// # Errors
    /// Whatever the API server answers.
    pub async fn of<'a, A: KubernetesApi>(
        api: &A,
        ids: impl Iterator<Item = &'a ObjectId>,
    ) -> Result<Self, PhaseError> {
        let wanted: HashMap<_, &ObjectId> = ids.map(|id| (id.identity(), id)).collect();
        let kinds: BTreeSet<(&str, &str)> =
            wanted.values().map(|id| (id.api_version.as_str(), id.kind.as_str())).collect();
        let mut found = BTreeMap::new();
        for (api_version, kind) in kinds {
            for mut value in api.list(api_version, kind, None).await? {
                // Items of a list say neither (https://kubernetes.io/docs/reference/using-api/api-concepts/#collections).
                value["apiVersion"] = api_version.into();
                value["kind"] = kind.into();
                let Some(object) = Object::new(0, 0, value) else { continue };
                if let Some(id) = wanted.get(&object.id.identity()) {
                    found.insert((*id).clone(), object.value);
                }
            }
        }
        Ok(Self(found))
    }

    /// One live object.
    #[must_use]
    pub fn get(&self, id: &ObjectId) -> Option<&Value> {
        self.0.get(id)
    }
}
