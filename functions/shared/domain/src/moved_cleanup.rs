//! A cleanup that people move to another time: written where they ask for it, and obeyed by the next look at the way back, which comes
//! every five minutes. The page that people reach may neither make schedules nor pass a role.

use crate::{
    Input, Migration, PhaseError, Progress,
    ports::{Clock, Ledger, Schedules, Settings, schedules::When},
    resources::schedule::{self, Occasion},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Minutes between two looks at the way back, each of which moves the cleanup where people want that.
pub const LOOK: u32 = 5;

/// So long before its time a cleanup cannot be moved any more: a look must come in between, and may come late. Three looks.
pub const NOTICE: SignedDuration = SignedDuration::from_mins(15);

/// To when people moved the cleanup, and who.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MovedCleanup {
    /// When it is to begin.
    pub to: Timestamp,
    /// Who asked for it.
    pub by: String,
}

impl MovedCleanup {
    /// What people asked for and no look has obeyed yet; nothing where they did not.
    ///
    /// # Errors
    /// What the call answers, and `Conflict` for an item that cannot be read.
    pub async fn saved<P: Ledger>(ports: &P, migration: &Migration) -> Result<Option<Self>, PhaseError> {
        ports.saved(migration, Progress::MovedCleanup).await
    }

    /// Writes it.
    ///
    /// # Errors
    /// Only what the call answers.
    pub async fn save<P: Ledger>(&self, ports: &P, migration: &Migration) -> Result<(), PhaseError> {
        ports.save_progress(migration, Progress::MovedCleanup, json!(self)).await
    }

    /// Forgets what people asked for; nothing where they did not.
    ///
    /// # Errors
    /// As for [`MovedCleanup::saved`].
    pub async fn forget<P: Ledger>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
        if Self::saved(ports, migration).await?.is_some() {
            ports.save_progress(migration, Progress::MovedCleanup, Value::Null).await?;
        }
        Ok(())
    }

    /// Moves the schedule of the cleanup where people want that; makes it where there is none.
    ///
    /// # Errors
    /// `Refused` where the template names no cleanup machine; those of the calls.
    pub async fn obey<P: Ledger + Schedules + Settings + Clock>(
        ports: &P,
        migration: &Migration,
    ) -> Result<(), PhaseError> {
        let Some(Self { to, by }) = Self::saved(ports, migration).await? else { return Ok(()) };
        let machine = ports.cleanup_machine_arn()?;
        // The old one first: killed in between, nothing is deleted at a time that people have left, and the next look makes the new one.
        schedule::remove(ports, migration, Occasion::Cleanup).await?;
        let input = json!({ "migrationId": migration.id });
        schedule::ensure(ports, migration, Occasion::Cleanup, When::At(to), &machine, input).await?;
        ports.record(migration, "cleanup moved", json!({ "findings": format!("to {to}, asked for by {by}") })).await?;
        Self::forget(ports, migration).await
    }
}

/// The times to which the cleanup of a migration that was opened then can be moved: from soon to the last at which its locks outlast it.
#[must_use]
pub fn window(input: &Input, opened_at: Timestamp, now: Timestamp) -> (Timestamp, Timestamp) {
    let locked = input.longest_total().as_secs().saturating_sub(input.longest_cleanup().as_secs());
    let locked = SignedDuration::from_secs(i64::try_from(locked).unwrap_or(i64::MAX));
    let first = now.saturating_add(NOTICE).unwrap_or(Timestamp::MAX);
    (first, opened_at.saturating_add(locked).unwrap_or(Timestamp::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cleanup_can_be_moved_as_far_as_the_locks_last() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let input = Input::read(&json!({
            "blue": { "cluster": "blue" }, "green": { "cluster": "green" }, "gateway": { "restApiId": "a", "stage": "prod" },
            "workloads": { "manifests": ["s3://b/k"] }, "cleanup": { "after": "3d" },
        }));
        // A day of building, a week for people, four hours of the switch, a day of the bake and three until the cleanup.
        let expected = (at("2026-01-10T00:15:00Z"), at("2026-01-13T04:00:00Z"));
        assert_eq!(window(&input.unwrap(), at("2026-01-01T00:00:00Z"), at("2026-01-10T00:00:00Z")), expected);
    }
}
