//! Shows that green works before people look at it: everything applied is ready, green runs what blue runs at blue's scale,
//! its targets are healthy, and the smoke tests pass through the temporary API. What was seen is the evidence that people
//! approve.
//!
//! With the step `again`, after their answer, the same is shown once more: days may have passed, and blue may have grown. What
//! they approved stays the evidence.

mod held;
mod outside;
mod patience;
mod ready;
mod scale;
mod sides;
mod smoke;
mod targets;

use domain::{
    Migration, Outcome, PhaseError, Progress, Whole,
    evidence::Evidence,
    manifest::Live,
    ports::{Alarms, Kubernetes, Ledger, Manifests, NodeGroups, Probes, TargetGroups, UsagePlans},
    resources::node_group,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The states of the migrate machine that run this phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Step {
    /// Before people are asked: the evidence of what they approve.
    #[strum(serialize = "")]
    First,
    /// After their answer, before traffic moves.
    Again,
}

/// Checks everything once, and succeeds only when all of it is right at the same time.
///
/// # Errors
/// `NotReady` with counts while workloads start or scale; `Unhealthy` where a workload failed, or was in trouble for too many checks in a
/// row; `Conflict` where blue and green run different releases; `GuardBreached` where an alarm is not OK while green is scaled.
pub async fn converge<P>(ports: &P, migration: &Migration, step: Step) -> Result<Outcome, PhaseError>
where
    P: Ledger + Manifests + Kubernetes + NodeGroups + TargetGroups + Probes + UsagePlans + Alarms,
{
    let which = match step {
        Step::First => Progress::Validate,
        Step::Again => Progress::ValidateAgain,
    };
    let progress = ports.progress(migration, which).await?.unwrap_or_default();
    // Nothing, or what another version wrote, says something else.
    let read = |progress: &Value| serde_json::from_value::<Evidence>(progress["evidence"].clone()).ok();
    let known = read(&progress);
    let approved = match step {
        Step::First => None,
        Step::Again => read(&ports.progress(migration, Progress::Validate).await?.unwrap_or_default()),
    };
    let told = known.iter().chain(&approved).flat_map(|evidence| evidence.unready.keys().cloned());
    let late = Late { is_over: patience::is_over(&progress), told: told.collect() };
    match look(ports, migration, &late).await {
        Ok(evidence) => {
            if !known.is_some_and(|known| known.says_as(&evidence)) {
                ports.record(migration, "validated", json!(evidence)).await?;
                ports.save_progress(migration, which, json!({ "evidence": evidence })).await?;
            }
            Ok(Outcome::done().with("workloads", evidence.workloads.len()))
        }
        Err(Look::Trouble(trouble)) => {
            let (progress, error) = patience::judge(&progress, &trouble);
            ports.save_progress(migration, which, progress).await?;
            Err(error)
        }
        Err(Look::Late(unready)) => {
            let (progress, error) = patience::wait(&progress, &unready);
            ports.save_progress(migration, which, progress).await?;
            Err(error)
        }
        Err(Look::Ended(error)) => Err(error),
    }
}

/// Deletes the evidence, which must not approve a green cluster that no longer exists. Nothing else is to be undone.
///
/// # Errors
/// Only those of the calls.
pub async fn undo<P: Ledger>(ports: &P, migration: &Migration, _: Whole) -> Result<Outcome, PhaseError> {
    for which in [Progress::Validate, Progress::ValidateAgain] {
        if ports.progress(migration, which).await?.is_some_and(|progress| !progress.is_null()) {
            ports.save_progress(migration, which, Value::Null).await?;
        }
    }
    Ok(Outcome::done())
}

/// Why one check did not succeed.
enum Look {
    /// A fault that may go away by itself, or not.
    Trouble(String),
    /// Custom resources are not ready, and all else is.
    Late(String),
    /// Any other error.
    Ended(PhaseError),
}

impl From<PhaseError> for Look {
    fn from(error: PhaseError) -> Self {
        Self::Ended(error)
    }
}

/// Which custom resources may go without being ready.
struct Late {
    /// All of them, since they were waited for long enough.
    is_over: bool,
    /// Those that people were told of.
    told: BTreeSet<String>,
}

async fn look<P>(ports: &P, migration: &Migration, late: &Late) -> Result<Evidence, Look>
where
    P: Ledger + Manifests + Kubernetes + NodeGroups + TargetGroups + Probes + UsagePlans + Alarms,
{
    let plan = &migration.plan.workloads;
    let green = ports.connect(&migration.input.green.cluster).await?;
    let blue = ports.connect(&migration.input.blue.cluster).await?;
    let on_green = Live::read(&green, plan).await?;
    let on_blue = Live::read(&blue, plan).await?;
    let bundles = sides::bundles(ports, plan).await?;
    let workloads = sides::compare(plan, &bundles.workloads, &on_blue, &on_green)?;
    held::suspended(&on_green, plan)?;
    let grown = node_group::grow_like_blue(ports, migration).await?;
    if !grown.is_empty() {
        ports.record(migration, "grew green's node groups as blue's have grown", json!(grown)).await?;
        return Err(PhaseError::not_ready(format!("growing as blue has grown: {}", grown.join(", "))).into());
    }
    let unready = ready::ready(&on_green, plan, &bundles, (&green, &blue), late).await?;
    let scaled = scale::converge(ports, &migration.input.guards(), &green, plan, &on_blue, &on_green).await?;
    if !scaled.is_empty() {
        ports.record(migration, "scaled green towards blue's replicas", json!(scaled)).await?;
        return Err(PhaseError::not_ready(format!("scaling green as blue is: {}", scaled.join(", "))).into());
    }
    let targets = targets::healthy(ports, migration).await?;
    let smoke = smoke::pass(ports, migration).await?;
    let only_on_blue = outside::only_on_blue(&blue, &green).await?;
    let guards = migration.input.guards();
    let states = if guards.is_empty() { Vec::new() } else { ports.states(&guards).await? };
    let alarms = guards.into_iter().zip(states).map(|(arn, state)| (arn, state.name().to_owned())).collect();
    Ok(Evidence { workloads, targets, smoke, alarms, only_on_blue, unready })
}

#[cfg(test)]
mod tests;
