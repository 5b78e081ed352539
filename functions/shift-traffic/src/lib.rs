//! Moves production's traffic: one `UpdateStage` a step, and one back. Where several APIs are switched, one for each, in the order of the
//! input: they are not atomic together, and what was moved of them goes back when one cannot be.
//!
//! With the step `adopt`, after the bake, the API's configuration gets green's link for good: until then an ordinary
//! deployment would bring blue back, and blue's link could not be deleted. Going back restores the configuration too, after the
//! call that moves the traffic.
//!
//! With the step `copy-volumes`, before any of it, first snapshots are taken of the volumes that green gets copies of, while everything runs.
//!
//! With the step `swap-temporary`, before the bake, the temporary API shows blue instead of green.

pub mod adopt;
pub mod holds;
pub mod stage;
pub mod temporary;
pub mod volumes;

use domain::approval::Question;
use domain::gateway::{self, served::Switch};
use domain::input::OnAbort;
use domain::plan::edge::Stage;
use domain::ports::gateway::Patch;
use domain::ports::{Apis, Approvals, Clock, Kubernetes, Ledger, Snapshots, Stages, Tokens};
use domain::resources::stage_shift;
use domain::shift::Shift;
use domain::{Migration, Outcome, PhaseError, Progress, Whole, withdraw::withdraw};
use serde_json::json;
use stage::Move;

/// The states of the migrate machine that run this phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Step {
    /// The next step of the switch.
    #[strum(serialize = "")]
    Shift,
    /// First snapshots, so that the last ones are quickly taken.
    CopyVolumes,
    /// The temporary API shows blue.
    SwapTemporary,
    /// The configuration points at green for good.
    Adopt,
}

/// Everything that this phase reaches.
pub trait Ports: Ledger + Apis + Stages + Kubernetes + Snapshots + Approvals + Tokens + Clock {}

impl<T: Ledger + Apis + Stages + Kubernetes + Snapshots + Approvals + Tokens + Clock> Ports for T {}

/// Takes the next step of the switch, takes first snapshots, shows blue on the temporary API, or adopts green for good.
///
/// # Errors
/// `Refused` without a valid approval, `Conflict` where somebody moved the stage or released to one side only; whatever the
/// ports answer.
pub async fn converge<P: Ports>(ports: &P, migration: &Migration, step: Step) -> Result<Outcome, PhaseError> {
    match step {
        Step::Shift => {
            approved(ports, migration).await?;
            if due(ports, migration).await? {
                holds::compare(ports, migration).await?;
            }
            let share = shift(ports, migration).await?;
            let complete = share == 100;
            if complete {
                holds::converge(ports, migration).await?;
                watched_from_now(ports, migration).await?;
            }
            Ok(Outcome::done().with("share", share).with("complete", complete))
        }
        Step::CopyVolumes => {
            approved(ports, migration).await?;
            volumes::before(ports, migration).await?;
            Ok(Outcome::done())
        }
        Step::Adopt => {
            for migration in &migration.per_api() {
                adopt::converge(ports, migration).await?;
            }
            Ok(Outcome::done())
        }
        Step::SwapTemporary => {
            temporary::converge(ports, migration).await?;
            Ok(Outcome::done())
        }
    }
}

/// Where volumes were copied, nobody has watched the step meanwhile: its time begins when that has ended.
async fn watched_from_now<P: Ledger + Clock>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let copied = !migration.plan.workloads.copies.is_empty();
    if copied && ports.progress(migration, Progress::HandedOver).await?.is_none() {
        ports.save_progress(migration, Progress::HandedOver, json!(ports.now())).await?;
    }
    Ok(())
}

/// No request reaches green before people have said yes to this very plan.
///
/// # Errors
/// `Refused` without an approval that is in time and bound to the plan.
async fn approved<P: Approvals>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let asked = ports.asked(&migration.id, Question::Qualification).await?;
    let asked = asked.ok_or_else(|| PhaseError::refused("nobody was asked to qualify green"))?;
    asked.permits(&migration.plan.digest())
}

/// Takes the next step of the switch where it was not taken yet, and gives green's share in percent.
///
/// # Errors
/// `Conflict` where the stage is neither as the last step left it nor as this one makes it.
async fn shift<P: Ledger + Stages + Clock>(ports: &P, migration: &Migration) -> Result<u8, PhaseError> {
    let now = ports.now();
    let shift = Shift::saved(ports, migration).await?;
    let Some(target) = Shift::next(&migration.input, shift.as_ref()) else {
        return Ok(100);
    };
    let from = shift.as_ref().map_or(0, |shift| shift.share);
    let apis = migration.per_api();
    let mut steps = Vec::new();
    // All of them first: no API is moved where another one is not as the last step left it.
    for migration in &apis {
        let switch = Switch::known(ports, migration).await?;
        let before = read(ports, migration).await?;
        let next = stage::step(&before, &switch, from, target).map_err(|error| of_api(migration, error))?;
        steps.push((migration, switch, before, next));
    }
    for (migration, switch, before, next) in &steps {
        if let Move::Take(patches) = next {
            take(ports, migration, switch, before, (patches, target)).await?;
        }
        ports.present(migration, &stage_shift::key(migration), &switch.green.to_string()).await?;
    }
    if shift.as_ref().is_none_or(|shift| shift.share != target) {
        let green: Vec<String> = steps.iter().map(|(_, switch, ..)| switch.green.to_string()).collect();
        let evidence = json!({ "share": target, "from": from, "green": green.join(", ") });
        ports.record(migration, "traffic moved", evidence).await?;
        let shift = Shift {
            guarded: shift.as_ref().map_or(0, |shift| shift.guarded),
            share: target,
            started_at: shift.as_ref().map_or(now, |shift| shift.started_at),
            shifted_at: now,
        };
        shift.save(ports, migration).await?;
    }
    Ok(target)
}

/// The error with its API in front, where there are several.
fn of_api(migration: &Migration, error: PhaseError) -> PhaseError {
    let edge = &migration.plan.edge;
    if edge.others.is_empty() { error } else { error.during(format!("the API {}", edge.api.id)) }
}

/// The one call for one API.
async fn take<P: Ledger + Stages>(
    ports: &P,
    migration: &Migration,
    switch: &Switch,
    before: &Stage,
    (patches, target): (&[Patch], u8),
) -> Result<(), PhaseError> {
    let edge = &migration.plan.edge;
    let (api, name) = (&edge.api.id, &edge.stage.name);
    let key = stage_shift::key(migration);
    ports.intend(migration, &key, json!({ "was": switch.blue.of(before).to_string() })).await?;
    ports.update_stage(api, name, patches).await?;
    let after = read(ports, migration).await?;
    if switch.share(&after) == Some(target) {
        return Ok(());
    }
    Err(PhaseError::conflict(format!(
        "the stage {name} of {api} was to send {target} % to green and serves {} instead: somebody changed it at the same time",
        switch.describe(&after)
    )))
}

/// Whether the next step was not taken yet, as far as the ledger knows.
async fn due<P: Ledger>(ports: &P, migration: &Migration) -> Result<bool, PhaseError> {
    let shift = Shift::saved(ports, migration).await?;
    let next = Shift::next(&migration.input, shift.as_ref());
    Ok(next.is_some_and(|target| shift.is_none_or(|shift| shift.share != target)))
}

async fn read<P: Stages>(ports: &P, migration: &Migration) -> Result<Stage, PhaseError> {
    let (api, name) = (&migration.plan.edge.api.id, &migration.plan.edge.stage.name);
    let stage = ports.stage(api, name).await?;
    stage.ok_or_else(|| PhaseError::conflict(format!("the stage {name} of {api} is gone")))
}

/// Gives all traffic back to blue, in one call for each API, then puts back what moved with it, and answers whoever still waits.
///
/// # Errors
/// `Conflict` where the stage serves a deployment of others, which is never overwritten; `NotReady` while the rest is being
/// put back.
pub async fn undo<P: Ports>(ports: &P, migration: &Migration, _: Whole) -> Result<Outcome, PhaseError> {
    // Traffic first: whoever still waits for an answer can wait a moment longer.
    give_all_back(ports, migration).await?;
    holds::undo(ports, migration).await?;
    settle(ports, migration).await?;
    withdraw(ports, &migration.id).await?;
    // Last, since nobody waits for it and production does not need it.
    temporary::undo(ports, migration).await?;
    volumes::undo(ports, migration).await?;
    Ok(Outcome::done().with("keep", migration.input.on_abort == OnAbort::Keep))
}

/// Gives back what was moved of each API. One that cannot be given back keeps no other from it.
///
/// # Errors
/// As for [`undo`]: the first, where there are several.
async fn give_all_back<P: Ledger + Stages>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let mut outcome = Ok(());
    for migration in &migration.per_api() {
        outcome = outcome.and(give_back(ports, migration).await);
    }
    outcome
}

/// The one call.
///
/// # Errors
/// As for [`undo`].
async fn give_back<P: Ledger + Stages>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let key = stage_shift::key(migration);
    let moved = ports.live(migration, &key).await?.is_some();
    if !moved {
        return Ok(());
    }
    let edge = &migration.plan.edge;
    let switch = Switch::known(ports, migration).await?;
    let now = read(ports, migration).await?;
    if let Move::Take(patches) = stage::back(&now, &switch).map_err(|error| of_api(migration, error))? {
        ports.update_stage(&edge.api.id, &edge.stage.name, &patches).await?;
        gateway::unmoved(edge, Some(&read(ports, migration).await?))?;
        ports.record(migration, "blue serves again", json!({ "blue": switch.blue.to_string() })).await?;
    }
    Ok(())
}

/// What follows once blue serves again: the configuration as it was, and the ledger.
///
/// # Errors
/// As for [`undo`].
async fn settle<P: Ledger + Apis + Clock>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    for migration in &migration.per_api() {
        adopt::undo(ports, migration).await?;
        let key = stage_shift::key(migration);
        if ports.live(migration, &key).await?.is_some() {
            ports.absent(migration, &key).await?;
        }
    }
    Ok(())
}
