//! Whether everything of the plan is up.

use crate::Look;
use domain::{
    PhaseError,
    manifest::{
        Live,
        state::{Readiness, readiness, trouble},
    },
    plan::workloads::{Workload, Workloads},
    ports::KubernetesApi,
};

/// How many names one message holds.
const NAMED: usize = 10;

/// Whether every workload is ready: not yet, in trouble, or never.
pub(crate) async fn ready<A: KubernetesApi>(live: &Live, api: &A, plan: &Workloads) -> Result<(), Look> {
    let mut waiting = Vec::new();
    let mut failed = Vec::new();
    for Workload { id, .. } in &plan.workloads {
        match live.get(id).map(|live| readiness(&id.kind, live)) {
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

fn listed(names: &[String]) -> String {
    let more = names.len().saturating_sub(NAMED);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{rest}", names[..names.len() - more].join(", "))
}
