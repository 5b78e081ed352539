//! Releases that reached one cluster only since green was qualified.

use crate::{
    Migration, PhaseError, Progress,
    input::Replacement,
    manifest::{Live, ObjectId, named, state::template_digest, workload},
    ports::{Kubernetes, Ledger},
};
use serde_json::Value;

/// Compares what runs on both sides with what validate saw there: a text for each workload that changed on one side only.
/// A release that reached both sides since then is none of Bascule's business; one that reached a single side means that
/// the switch would bring it to production, or that the way back would take it away.
///
/// # Errors
/// `Conflict` where the ledger has no evidence of a validation.
pub async fn one_sided<P>(ports: &P, migration: &Migration) -> Result<Vec<String>, PhaseError>
where
    P: Ledger + Kubernetes,
{
    let progress = ports.progress(migration, Progress::Validate).await?.unwrap_or_default();
    let evidence = progress["evidence"]["workloads"]
        .as_object()
        .ok_or_else(|| PhaseError::conflict("there is no evidence of what was qualified; run validate again"))?;
    let plan = &migration.plan.workloads;
    let blue = Live::read(&ports.connect(&migration.input.blue.cluster).await?, plan).await?;
    let green = Live::read(&ports.connect(&migration.input.green.cluster).await?, plan).await?;
    let ids = plan.workloads.iter().map(|workload| &workload.id);
    Ok(ids
        .filter_map(|id| one_side(id, evidence.get(&id.to_string())?, blue.get(id), green.get(id), &plan.replace))
        .collect())
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
