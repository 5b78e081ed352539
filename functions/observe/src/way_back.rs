//! The way back while green serves: looked at every minute of the bake, and every five minutes from then to the deletion of blue.

use domain::{
    Direction, Migration, Outcome, PhaseError,
    moved_cleanup::{LOOK, MovedCleanup},
    ports::{
        Clock, Kubernetes, Ledger, Messages, Metrics, Schedules, Settings, TargetGroups, VpcLinks,
        metrics::Metric,
        migrations::{Life, Meta},
        schedules::When,
    },
    resources::schedule::{self, Occasion},
    way_back::{self, Change, Seen, Watched},
};
use serde_json::json;

/// Has the way back looked at from now to the deletion of blue, to whatever time people move that.
///
/// # Errors
/// Only those of the calls.
pub async fn begin<P>(ports: &P, migration: &Migration, now: jiff::Timestamp) -> Result<(), PhaseError>
where
    P: Ledger + Schedules + Settings + Clock,
{
    let until = migration.input.longest_total().after(migration.opened_at).max(now);
    let every = When::Every { minutes: LOOK, from: now, until };
    let look = json!({ "migrationId": migration.id, "watch": "way-back" });
    schedule::ensure(ports, migration, Occasion::WayBack, every, &ports.observe_arn()?, look).await?;
    Ok(())
}

/// Looks once where green serves and blue is there, and moves the cleanup where people want that; nothing before the end of the bake, which
/// looks by itself, and nothing on the way back and from the deletion of blue on.
///
/// # Errors
/// As for [`note`].
pub async fn watch<P>(
    ports: &P,
    meta: &Meta,
    migration: &Migration,
    now: jiff::Timestamp,
) -> Result<Outcome, PhaseError>
where
    P: Ledger + Messages + Metrics + Kubernetes + TargetGroups + VpcLinks + Schedules + Settings + Clock,
{
    if meta.direction == Direction::Converge && meta.life == Life::Promoted {
        MovedCleanup::obey(ports, migration).await?;
    }
    if meta.direction == Direction::Converge && matches!(meta.life, Life::Baked | Life::Promoted) {
        let seen = way_back::read(ports, migration).await;
        note(ports, migration, seen, now).await?;
    }
    Ok(Outcome::done())
}

/// Keeps what was seen, and tells people once for each change.
///
/// # Errors
/// `Conflict` where what is known of the way back cannot be read; those of the calls.
pub async fn note<P>(ports: &P, migration: &Migration, seen: Seen, now: jiff::Timestamp) -> Result<(), PhaseError>
where
    P: Ledger + Messages + Metrics,
{
    let known = Watched::saved(ports, migration).await?;
    let change = Watched::after(known.as_ref(), seen, now);
    let stands = match &change {
        Change::Same => known.as_ref(),
        Change::Noted(watched) | Change::Told(watched) => Some(watched),
    };
    let is_degraded = stands.is_some_and(Watched::is_degraded);
    ports.report(migration.name(), &[(Metric::WayBackDegraded, if is_degraded { 1.0 } else { 0.0 })]);
    match change {
        Change::Same => Ok(()),
        Change::Noted(watched) => watched.save(ports, migration).await,
        Change::Told(watched) => {
            let (subject, text) = message(migration, &watched);
            ports.publish(&subject, &text).await?;
            let what = if watched.is_degraded() { "way back degraded" } else { "way back ready again" };
            ports.record(migration, what, json!({ "findings": watched.findings() })).await?;
            watched.save(ports, migration).await
        }
    }
}

fn message(migration: &Migration, watched: &Watched) -> (String, String) {
    let (blue, green, name) = (&migration.input.blue.cluster, &migration.input.green.cluster, migration.name());
    if !watched.is_degraded() {
        let text = format!("{green} serves, and production can be given back to {blue} at any time again.\n");
        return (format!("Bascule {name}: the way back to {blue} is ready again"), text);
    }
    let mut text = format!("Mend {blue} while {green} serves: giving production back to it would hurt now.\n\n");
    for weakness in &watched.told {
        text.extend(["- ", &weakness.finding, "\n"]);
    }
    let advice = format!(
        "\nNothing goes back by itself because of this, and bascule-rollback still does it in one call. An autoscaler shrinks what gets \
         no requests: raise its minimum on {blue} until the cleanup. You are told again when something else is found, and when all \
         of it is well.\n"
    );
    text.push_str(&advice);
    (format!("Bascule {name}: mend {blue}, the way back is degraded"), text)
}
