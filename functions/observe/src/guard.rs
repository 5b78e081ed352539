//! The guard after a step of the switch: `NotReady` while the step is watched, then the step counts as passed.

use domain::{
    Migration, Outcome, PhaseError, alarms,
    gateway::served::Switch,
    plan::edge::Stage,
    ports::{Alarms, Ledger},
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

/// Decides on one step.
#[must_use]
pub fn judge(migration: &Migration, shift: &Shift, complaints: &[String], now: jiff::Timestamp) -> Verdict {
    let until = shift.watched_until(&migration.input);
    if !complaints.is_empty() {
        return Verdict::Breached(format!("with {} % on green {}", shift.share, complaints.join("; ")));
    }
    if now < until {
        return Verdict::Watch(format!("{} % of the traffic on green, watched until {until}", shift.share));
    }
    // The last step may end late: everything is on green already, and going back would help nobody.
    if now > shift.deadline(&migration.input) && shift.share < 100 {
        return Verdict::Breached(format!("the switch was to end by {}", shift.deadline(&migration.input)));
    }
    Verdict::Pass
}

/// Watches the latest step of the switch; `stage` is what production's stage is now.
///
/// # Errors
/// `NotReady` while it is watched; `GuardBreached` where an alarm is not OK or the switch took longer than its deadline; `Conflict`
/// where somebody changed the stage; `TurnedBack`; `Refused` before the first step.
pub async fn converge<P: Ledger + Alarms>(
    ports: &P,
    migration: &Migration,
    stage: Option<&Stage>,
    now: jiff::Timestamp,
) -> Result<Outcome, PhaseError> {
    migration.forward()?;
    let shift = Shift::saved(ports, migration)
        .await?
        .ok_or_else(|| PhaseError::refused("the guard was asked before any traffic moved"))?;
    let taken = migration.input.cutover.steps.get(shift.guarded);
    if taken != Some(&shift.share) {
        // A retry after the step was counted.
        return Ok(answer(migration, &shift));
    }
    let switch = Switch::known(ports, migration).await?;
    if let Some(moved) = switch.moved(stage, shift.share) {
        return Err(PhaseError::conflict(moved));
    }
    let complaints = alarms::look(ports, &migration.input.cutover.alarms).await?;
    match judge(migration, &shift, &complaints, now) {
        Verdict::Watch(why) => Err(PhaseError::not_ready(why)),
        Verdict::Breached(why) => Err(PhaseError::guard_breached(why)),
        Verdict::Pass => {
            let shift = shift.guarded();
            shift.save(ports, migration).await?;
            Ok(answer(migration, &shift))
        }
    }
}

fn answer(migration: &Migration, shift: &Shift) -> Outcome {
    let complete = shift.guarded >= migration.input.cutover.steps.len();
    Outcome::done().with("share", shift.share).with("complete", complete)
}
