//! The guard after a step of the switch: `NotReady` while the step is watched, then the step counts as passed.

use crate::{analysis, reach, sight};
use domain::{
    Migration, Outcome, PhaseError, Progress, alarms,
    analysis::Verdict as Compared,
    pause::Pause,
    plan::edge::Stage,
    ports::{Alarms, Clock, Ledger, Metrics, Probes, UsagePlans, metrics::Metric},
    shift::Shift,
};

/// What becomes of the step.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is watched on, with a text for the operator.
    Watch(String),
    /// It passed.
    Pass,
    /// Traffic goes back, for this reason.
    Breached(String),
}

/// What a look at a step found.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// A text for each alarm that is not OK.
    pub complaints: Vec<String>,
    /// What the analysis says, where there is one.
    pub compared: Option<Compared>,
    /// What is missing until the step is shown to have reached the stage, where that is to be shown.
    pub missing: Option<String>,
    /// Who wants no further step.
    pub paused: Option<Pause>,
}

/// Decides on one step.
#[must_use]
pub fn judge(migration: &Migration, shift: &Shift, found: &Found, now: jiff::Timestamp) -> Verdict {
    let Found { complaints, compared, missing, paused } = found;
    let (until, deadline) = (shift.watched_until(&migration.input), shift.deadline(&migration.input));
    if !complaints.is_empty() {
        return Verdict::Breached(format!("with {} % on green {}", shift.share, complaints.join("; ")));
    }
    if let Some(Compared::Failed(why)) = compared {
        return Verdict::Breached(format!("with {} % on green {why}", shift.share));
    }
    if now < until {
        return Verdict::Watch(format!("{} % of the traffic on green, watched until {until}", shift.share));
    }
    let unknown = match (missing, compared) {
        (Some(missing), _) => Some(format!("it is not shown that production's stage serves that: {missing}")),
        (None, Some(Compared::Inconclusive(why))) => Some(format!("the analysis is inconclusive: {why}")),
        (None, _) => None,
    };
    if let Some(why) = unknown {
        // Missing data never passes, not even where everything is on green already.
        let held = migration.input.cutover.analysis.patience.after(until).min(deadline);
        let why = format!("with {} % on green {why}", shift.share);
        return if now < held { Verdict::Watch(format!("{why}; held until {held}")) } else { Verdict::Breached(why) };
    }
    if let Some(Pause { at, by }) = paused.as_ref().filter(|_| shift.share < 100 && now < deadline) {
        return Verdict::Watch(format!(
            "{} % of the traffic on green, paused by {by} at {at}; the status page lets it go on, and at {deadline} it goes back",
            shift.share
        ));
    }
    // The last step may end late: everything is on green already, and going back would help nobody.
    if now > deadline && shift.share < 100 {
        return Verdict::Breached(format!("the switch was to end by {deadline}"));
    }
    Verdict::Pass
}

/// Watches the latest step of the switch; `stages` are what production's stages are now, one for each API.
///
/// # Errors
/// `NotReady` while it is watched; `GuardBreached` where an alarm is not OK, green is worse than blue, too little is known of that, it is not
/// shown that the step has reached the stage, or the switch took longer than its deadline; `Conflict` where somebody changed the stage;
/// `TurnedBack`; `Refused` before the first step.
pub async fn converge<P>(
    ports: &P,
    migration: &Migration,
    stages: &[Option<Stage>],
    now: jiff::Timestamp,
) -> Result<Outcome, PhaseError>
where
    P: Ledger + Alarms + Metrics + Probes + UsagePlans + Clock,
{
    migration.forward()?;
    let shift = Shift::saved(ports, migration)
        .await?
        .ok_or_else(|| PhaseError::refused("the guard was asked before any traffic moved"))?;
    let taken = migration.input.cutover.steps.get(shift.guarded);
    if taken != Some(&shift.share) {
        // A retry after the step was counted.
        return Ok(answer(migration, &shift));
    }
    if let Some(moved) = sight::moved(ports, migration, stages, shift.share).await? {
        return Err(PhaseError::conflict(moved));
    }
    let complaints = alarms::look(ports, &migration.input.cutover.alarms).await?;
    ports.report(migration.name(), &[(Metric::TrafficOnGreen, f64::from(shift.share))]);
    // An alarm that fires needs no other reason.
    let missing = match &migration.input.cutover.marker {
        Some(marker) if complaints.is_empty() => {
            let apis: Vec<&str> = migration.plan.edge.apis().map(|api| api.id.as_str()).collect();
            reach::look(ports, migration, (&shift, marker), now).await?.missing(shift.share, marker, &apis)
        }
        _ => None,
    };
    let compared = if complaints.is_empty() && migration.input.cutover.is_analysed() {
        Some(analysis::look(ports, migration, &shift, now).await?)
    } else {
        None
    };
    let paused = Pause::saved(ports, migration).await?;
    let found = Found { complaints, missing, paused, compared: compared.as_ref().map(|(verdict, _)| verdict.clone()) };
    let verdict = judge(migration, &watched(ports, migration, &shift).await?, &found, now);
    if let (Verdict::Pass | Verdict::Breached(_), Some((verdict, seen))) = (&verdict, &compared) {
        analysis::tell(ports, migration, verdict, &format!("with {} % on green", shift.share), seen).await?;
    }
    match verdict {
        Verdict::Watch(why) => Err(PhaseError::not_ready(why)),
        Verdict::Breached(why) => Err(PhaseError::guard_breached(why)),
        Verdict::Pass => {
            let shift = shift.guarded();
            shift.save(ports, migration).await?;
            Ok(answer(migration, &shift))
        }
    }
}

/// The shift as it is watched: volumes are copied after the last step is taken and before it is watched.
async fn watched<P: Ledger>(ports: &P, migration: &Migration, shift: &Shift) -> Result<Shift, PhaseError> {
    let copies = !migration.plan.workloads.copies.is_empty() && shift.share == 100;
    let handed_over: Option<jiff::Timestamp> =
        if copies { ports.saved(migration, Progress::HandedOver).await? } else { None };
    let shifted_at = handed_over.map_or(shift.shifted_at, |at| at.max(shift.shifted_at));
    Ok(Shift { shifted_at, ..shift.clone() })
}

fn answer(migration: &Migration, shift: &Shift) -> Outcome {
    let complete = shift.guarded >= migration.input.cutover.steps.len();
    Outcome::done().with("share", shift.share).with("complete", complete)
}
