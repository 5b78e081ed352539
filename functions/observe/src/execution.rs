//! Whether the execution of a migration still runs. EventBridge tells of its end, with best effort
//! (<https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-states.html>); what would be missed with the event is seen here.

use domain::{
    Direction, Migration, Outcome, PhaseError,
    digest::sha256_hex,
    ports::{
        Executions, Ledger, Messages, Migrations, Schedules,
        executions::Standing,
        migrations::{Life, Meta},
    },
    resources::schedule::{self, Occasion},
};
use jiff::SignedDuration;
use serde_json::json;

/// So much later than the execution's end nobody has begun the way back who was told by the event.
const GRACE: SignedDuration = SignedDuration::from_mins(2);

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Verdict {
    /// Nothing yet: look again.
    Wait,
    /// Nothing any more: the migration is promoted, goes back or has ended.
    Over,
    /// The execution ended so, and nobody has begun the way back.
    GoBack(String),
    /// The execution ended so after a bake that ended well: people decide what becomes of it.
    Tell(String),
}

fn judge(meta: &Meta, standing: Option<&Standing>, now: jiff::Timestamp) -> Verdict {
    match (meta.direction, meta.life) {
        (Direction::Undo, _) | (_, Life::Promoted | Life::CleaningUp | Life::Ended) => return Verdict::Over,
        (Direction::Converge, Life::Open | Life::Baked) => {}
    }
    match standing {
        Some(Standing::Ended { at, .. }) if now.duration_since(*at) < GRACE => Verdict::Wait,
        Some(Standing::Ended { status, .. }) if meta.life == Life::Open => Verdict::GoBack(status.clone()),
        Some(Standing::Ended { status, .. }) => Verdict::Tell(status.clone()),
        Some(Standing::Running | Standing::Succeeded) | None => Verdict::Wait,
    }
}

/// Looks once. Starts the rollback machine, once, where the execution has ended badly and nobody goes back.
///
/// # Errors
/// Only those of the calls.
pub async fn look<P>(ports: &P, migration: &Migration, now: jiff::Timestamp) -> Result<Outcome, PhaseError>
where
    P: Ledger + Migrations + Executions + Schedules + Messages,
{
    let Some(meta) = ports.meta(&migration.id).await? else { return Ok(Outcome::done()) };
    let standing = ports.standing(&migration.id).await?;
    match judge(&meta, standing.as_ref(), now) {
        Verdict::Wait | Verdict::Over => Ok(Outcome::done()),
        Verdict::GoBack(status) => {
            let input = json!({ "migrationId": migration.id, "reason": status, "automatic": true });
            let name = format!("watch-{}", &sha256_hex(migration.id.as_str().as_bytes())[..32]);
            let started = ports.start_rollback(&name, &input).await?;
            Ok(Outcome::done().with("started", started))
        }
        Verdict::Tell(status) => {
            let (blue, green) = (&migration.input.blue.cluster, &migration.input.green.cluster);
            let subject = format!("Bascule {}: {green} serves, and the migration did not end", migration.name());
            let text = format!(
                "The bake ended well and {green} serves, but the execution {} is {status}, so that the cleanup of {blue} is not \
                 scheduled. Nothing goes back by itself. To go on, invoke bascule-shift-traffic with the step \"adopt\", then \
                 bascule-handover-terraform and bascule-schedule-cleanup, each with {}. To give production back to {blue}, start \
                 bascule-rollback.\n",
                migration.id,
                json!({ "migrationId": migration.id })
            );
            ports.publish(&subject, &text).await?;
            // Told once: whoever goes on needs no reminder.
            schedule::remove(ports, migration, Occasion::Watch).await?;
            Ok(Outcome::done().with("told", true))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::MigrationId;

    #[test]
    fn only_an_open_migration_whose_execution_ended_badly_goes_back_by_itself() {
        let at: jiff::Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let (soon, later) = (at + SignedDuration::from_secs(119), at + GRACE);
        let meta = |direction, life| Meta {
            id: MigrationId::new("a"),
            life,
            direction,
            fence: 1,
            outcome: None,
            refusal: None,
            digest: String::new(),
            events: 1,
            opened_at: at,
        };
        let ended = |status: &str| Some(Standing::Ended { status: status.to_owned(), at });
        let back = |status: &str| Verdict::GoBack(status.to_owned());
        let (converge, undo) = (Direction::Converge, Direction::Undo);
        for (direction, life, standing, now, expected) in [
            (converge, Life::Open, Some(Standing::Running), later, Verdict::Wait),
            (converge, Life::Open, None, later, Verdict::Wait),
            // The status rule has its time.
            (converge, Life::Open, ended("ABORTED"), soon, Verdict::Wait),
            (converge, Life::Open, ended("ABORTED"), later, back("ABORTED")),
            (converge, Life::Open, ended("TIMED_OUT"), later, back("TIMED_OUT")),
            (converge, Life::Open, ended("FAILED"), later, back("FAILED")),
            (undo, Life::Open, ended("FAILED"), later, Verdict::Over),
            (converge, Life::Baked, ended("ABORTED"), later, Verdict::Tell("ABORTED".to_owned())),
            (converge, Life::Promoted, Some(Standing::Succeeded), later, Verdict::Over),
            (converge, Life::CleaningUp, ended("FAILED"), later, Verdict::Over),
            (converge, Life::Ended, ended("FAILED"), later, Verdict::Over),
        ] {
            assert_eq!(
                judge(&meta(direction, life), standing.as_ref(), now),
                expected,
                "{direction} {life:?} {standing:?}"
            );
        }
    }
}
