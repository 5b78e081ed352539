//! What lives in a cluster, read with one list for each kind.

use super::{Object, ObjectId};
use crate::{PhaseError, plan::workloads::Workloads, ports::KubernetesApi};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The live objects of the plan's workloads.
#[derive(Debug, Clone, Default)]
pub struct Live(BTreeMap<ObjectId, Value>);

impl Live {
    /// Reads every workload of the plan that lives in this cluster.
    ///
    /// # Errors
    /// Whatever the API server answers.
    pub async fn read<A: KubernetesApi>(api: &A, plan: &Workloads) -> Result<Self, PhaseError> {
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
    #[must_use]
    pub fn get(&self, id: &ObjectId) -> Option<&Value> {
        self.0.get(id)
    }
}
