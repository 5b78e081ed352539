//! Leases of phases.

use super::super::Account;
use domain::audit::{Run, Said};
use domain::ports::Leases;
use domain::{MigrationId, PhaseError};
use jiff::Timestamp;

impl Leases for Account {
    async fn lease(&self, id: &MigrationId, phase: &str, holder: &str, until: Timestamp) -> Result<(), PhaseError> {
        self.alter("dynamodb:UpdateItem", |table, now| {
            // DynamoDB makes an item of a migration that it does not know; nothing reads it.
            let Some(record) = table.migrations.get_mut(id) else { return Ok(()) };
            let held = record.leases.get(phase);
            if held.is_some_and(|(other, expires)| other != holder && *expires >= now) {
                return Err(PhaseError::not_ready(format!("another copy of {phase} is still running")));
            }
            record.leases.insert(phase.to_owned(), (holder.to_owned(), until));
            let first = Run {
                phase: phase.to_owned(),
                started_at: now,
                ended_at: None,
                attempts: 0,
                running: false,
                said: None,
            };
            record.runs.entry(phase.to_owned()).or_insert(first).attempts += 1;
            Ok(())
        })
    }

    async fn release(
        &self,
        id: &MigrationId,
        phase: &str,
        holder: &str,
        said: Option<&Said>,
    ) -> Result<(), PhaseError> {
        self.alter("dynamodb:UpdateItem", |table, now| {
            if let Some(record) = table.migrations.get_mut(id) {
                if record.leases.get(phase).is_some_and(|(by, _)| by == holder)
                    && let Some(run) = record.runs.get_mut(phase)
                {
                    run.ended_at = Some(now);
                    run.said = said.cloned();
                }
                record.leases.retain(|leased, (by, _)| leased != phase || by != holder);
            }
            Ok(())
        })
    }
}
