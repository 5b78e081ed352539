//! Releases that reached one cluster only since green was qualified.

use crate::{
    Migration, PhaseError, Progress,
    input::Replacement,
    manifest::{Live, ObjectId, named, state::template_digest, workload},
    plan::workloads::Workloads,
    ports::{Kubernetes, Ledger},
};
use serde_json::{Map, Value};

/// What runs on both sides, and what validate saw there.
#[derive(Debug, Clone)]
pub struct Sides {
    /// What validate saw, by `Kind/namespace/name`.
    qualified: Map<String, Value>,
    /// What lives on blue.
    pub blue: Live,
    /// What lives on green.
    pub green: Live,
}

impl Sides {
    /// Reads both clusters once.
    ///
    /// # Errors
    /// `Conflict` where the ledger has no evidence of a validation; whatever the API servers answer.
    pub async fn read<P: Ledger + Kubernetes>(ports: &P, migration: &Migration) -> Result<Self, PhaseError> {
        let mut progress = ports.progress(migration, Progress::Validate).await?.unwrap_or_default();
        let Value::Object(qualified) = progress["evidence"]["workloads"].take() else {
            return Err(PhaseError::conflict("there is no evidence of what was qualified; run validate again"));
        };
        let plan = &migration.plan.workloads;
        let blue = Live::read(&ports.connect(&migration.input.blue.cluster).await?, plan).await?;
        let green = Live::read(&ports.connect(&migration.input.green.cluster).await?, plan).await?;
        Ok(Self { qualified, blue, green })
    }

    /// Whether blue had this workload when green was qualified.
    #[must_use]
    pub fn had(&self, id: &ObjectId) -> bool {
        self.qualified.get(&id.to_string()).is_some_and(|seen| seen["blue"].is_string())
    }

    /// A text for each workload that changed on one side only. A release that reached both sides since then is none of Bascule's
    /// business; one that reached a single side means that the switch would bring it to production, or that the way back would take it
    /// away.
    #[must_use]
    pub fn one_sided(&self, plan: &Workloads) -> Vec<String> {
        let ids = plan.workloads.iter().map(|workload| &workload.id);
        let changed = ids.filter_map(|id| {
            let seen = self.qualified.get(&id.to_string())?;
            one_side(id, seen, self.blue.get(id), self.green.get(id), &plan.replace)
        });
        changed.collect()
    }
}

/// Reads both sides and compares them: see [`Sides::one_sided`].
///
/// # Errors
/// As for [`Sides::read`].
pub async fn one_sided<P: Ledger + Kubernetes>(ports: &P, migration: &Migration) -> Result<Vec<String>, PhaseError> {
    Ok(Sides::read(ports, migration).await?.one_sided(&migration.plan.workloads))
}

/// What changed on one side only since validate saw it; `None` where nothing did, or both sides changed to the same images.
fn one_side(
    id: &ObjectId,
    seen: &Value,
    blue: Option<&Value>,
    green: Option<&Value>,
    replace: &[Replacement],
) -> Option<String> {
    // Jobs may be gone for having ended (https://kubernetes.io/docs/concepts/workloads/controllers/ttlafterfinished/).
    if id.kind == "Job" {
        return None;
    }
    let changed = |side: &str, live: Option<&Value>| {
        let digest = live.map(|live| template_digest(&id.kind, live));
        digest.as_deref() != seen[side].as_str()
    };
    let images = |live: Option<&Value>| live.map(|live| workload::images(&id.kind, live));
    // What names blue in an image is green's word on green.
    let mut as_green = blue.cloned();
    if let Some(object) = &mut as_green {
        named::replace(object, replace);
    }
    match (changed("blue", blue), changed("green", green)) {
        (false, false) => None,
        (true, true) if images(as_green.as_ref()) == images(green) => None,
        (true, false) => Some(format!("{id} on blue ({})", list(images(blue)))),
        (false, true) => Some(format!("{id} on green ({})", list(images(green)))),
        (true, true) => {
            Some(format!("{id} on both, with {} on blue and {} on green", list(images(blue)), list(images(green))))
        }
    }
}

fn list(images: Option<Vec<String>>) -> String {
    images.map_or_else(|| "deleted".to_owned(), |images| images.join(", "))
}
