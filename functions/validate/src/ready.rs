//! Whether everything of the bundles is up.

use crate::{Late, Look, sides::Bundles};
use domain::{
    PhaseError,
    manifest::{
        Live, ObjectId, events,
        readiness::{Readiness, readiness},
        state::trouble,
    },
    object::{actors::ends, is_built_in},
    plan::workloads::{Workload, Workloads},
    ports::{KubernetesApi, kubernetes::Event},
};
use std::collections::{BTreeMap, BTreeSet};

/// How many names one message holds.
const NAMED: usize = 10;

/// What is not up, each with how far it is or why it will not come.
#[derive(Debug, Default)]
struct Missing<'a> {
    waiting: Vec<(&'a ObjectId, String)>,
    failed: Vec<(&'a ObjectId, String)>,
    /// Custom resources, whichever of the two they say.
    late: Vec<(&'a ObjectId, String)>,
}

impl<'a> Missing<'a> {
    fn look(&mut self, id: &'a ObjectId, live: &Live, fleeting: &BTreeSet<ObjectId>) {
        match live.get(id).map(|live| readiness(id, live)) {
            Some(Readiness::Ready) => {}
            Some(Readiness::Waiting(why) | Readiness::Failed(why)) if is_custom(id) => self.late.push((id, why)),
            Some(Readiness::Waiting(how_far)) => self.waiting.push((id, how_far)),
            Some(Readiness::Failed(why)) => self.failed.push((id, why)),
            // What has ended may be gone.
            None if ends(id) || fleeting.contains(id) => {}
            None => self.failed.push((id, "it is not there".to_owned())),
        }
    }
}

fn is_custom(id: &ObjectId) -> bool {
    !is_built_in(&id.api_version)
}

/// Whether every workload and everything else that has a status is ready: not yet, in trouble, or never. Of what makes no Pods only what
/// is ready on blue has to be ready on green: a resource that nobody needs may have failed long ago. What is held is suspended, and a
/// custom resource that is may never say that it is ready. Answers the custom resources that are not ready and may go so, with the reason.
pub(crate) async fn ready<A: KubernetesApi>(
    live: &Live,
    plan: &Workloads,
    bundles: &Bundles,
    (green, blue): (&A, &A),
    may_be_late: &Late,
) -> Result<BTreeMap<String, String>, Look> {
    let Bundles { others, fleeting, .. } = bundles;
    let mut missing = Missing::default();
    for Workload { id, held, .. } in &plan.workloads {
        if !(*held && is_custom(id) && live.get(id).is_some()) {
            missing.look(id, live, fleeting);
        }
    }
    let live = Live::of(green, others.iter()).await?;
    let mut found = Missing::default();
    // The claim of a copy gets its volume within the switch.
    for id in others.iter().filter(|id| plan.copy_for(id).is_none()) {
        found.look(id, &live, fleeting);
    }
    for (found, all) in
        [(found.waiting, &mut missing.waiting), (found.failed, &mut missing.failed), (found.late, &mut missing.late)]
    {
        for (id, why) in found {
            if blue.get(id).await?.is_some_and(|on_blue| readiness(id, &on_blue) == Readiness::Ready) {
                all.push((id, why));
            }
        }
    }
    let Missing { waiting, failed, late } = missing;
    if waiting.is_empty() && failed.is_empty() {
        if late.iter().all(|(id, _)| may_be_late.is_over || may_be_late.told.contains(&id.to_string())) {
            return Ok(late.into_iter().map(|(id, why)| (id.to_string(), why)).collect());
        }
        return Err(Look::Late(listed(&told(&late, &green.warnings().await?))));
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
    let ready = all - waiting.len() - late.len();
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
