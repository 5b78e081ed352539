//! Whether everything of the bundles is up.

use crate::Look;
use domain::{
    PhaseError,
    manifest::{
        Live, ObjectId, events,
        readiness::{Readiness, readiness},
        state::trouble,
    },
    plan::workloads::{Workload, Workloads},
    ports::{KubernetesApi, kubernetes::Event},
};
use std::collections::BTreeSet;

/// How many names one message holds.
const NAMED: usize = 10;

/// What is not up, each with how far it is or why it will not come.
#[derive(Debug, Default)]
struct Missing<'a> {
    waiting: Vec<(&'a ObjectId, String)>,
    failed: Vec<(&'a ObjectId, String)>,
}

impl<'a> Missing<'a> {
    fn look(&mut self, id: &'a ObjectId, live: &Live) {
        match live.get(id).map(|live| readiness(id, live)) {
            Some(Readiness::Ready) => {}
            Some(Readiness::Waiting(how_far)) => self.waiting.push((id, how_far)),
            Some(Readiness::Failed(why)) => self.failed.push((id, why)),
            // A Job that has ended may be gone (https://kubernetes.io/docs/concepts/workloads/controllers/ttlafterfinished/).
            None if id.kind == "Job" => {}
            None => self.failed.push((id, "it is not there".to_owned())),
        }
    }
}

/// Whether every workload and everything else that has a status is ready: not yet, in trouble, or never. Of what makes no Pods only what
/// is ready on blue has to be ready on green: a resource that nobody needs may have failed long ago.
pub(crate) async fn ready<A: KubernetesApi>(
    live: &Live,
    plan: &Workloads,
    others: &BTreeSet<ObjectId>,
    green: &A,
    blue: &A,
) -> Result<(), Look> {
    let mut missing = Missing::default();
    plan.workloads.iter().for_each(|Workload { id, .. }| missing.look(id, live));
    let live = Live::of(green, others.iter()).await?;
    let mut missing_others = Missing::default();
    for id in others {
        missing_others.look(id, &live);
    }
    for (found, all) in [(missing_others.waiting, &mut missing.waiting), (missing_others.failed, &mut missing.failed)] {
        for (id, why) in found {
            if blue.get(id).await?.is_some_and(|on_blue| readiness(id, &on_blue) == Readiness::Ready) {
                all.push((id, why));
            }
        }
    }
    let Missing { waiting, failed } = missing;
    if waiting.is_empty() && failed.is_empty() {
        return Ok(());
    }
    let events = green.warnings().await?;
    if !failed.is_empty() {
        return Err(Look::Trouble(listed(&told(&failed, &events))));
    }
    let troubles: Vec<String> = green.list("v1", "Pod", None).await?.iter().filter_map(trouble).collect();
    if !troubles.is_empty() {
        return Err(Look::Trouble(listed(&troubles)));
    }
    let all = plan.workloads.len() + others.len();
    let waiting_for = listed(&told(&waiting, &events));
    let ready = all - waiting.len();
    Err(PhaseError::not_ready(format!("{ready} of {all} objects ready, waiting for {waiting_for}")).into())
}

fn told(missing: &[(&ObjectId, String)], events: &[Event]) -> Vec<String> {
    let told = |(id, why): &(&ObjectId, String)| {
        let event = events::last(events, id).map(|event| format!("; last event: {event}")).unwrap_or_default();
        format!("{id} ({why}{event})")
    };
    missing.iter().map(told).collect()
}

fn listed(names: &[String]) -> String {
    let more = names.len().saturating_sub(NAMED);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{rest}", names[..names.len() - more].join(", "))
}
