//! EVENT and PHASE items, read for people.

use super::super::Account;
use domain::ports::Audit;
use domain::{
    MigrationId, PhaseError,
    audit::{Event, Run},
};

impl Audit for Account {
    async fn events(&self, id: &MigrationId, most: Option<u16>) -> Result<Vec<Event>, PhaseError> {
        self.look(|table| {
            let events = &table.record(id)?.events;
            let most = most.map_or(events.len(), usize::from);
            Ok(events[events.len().saturating_sub(most)..].to_vec())
        })
    }

    async fn runs(&self, id: &MigrationId) -> Result<Vec<Run>, PhaseError> {
        self.look(|table| {
            let record = table.record(id)?;
            let mut runs: Vec<Run> = record.runs.values().cloned().collect();
            for run in &mut runs {
                run.running = record.leases.contains_key(&run.phase);
            }
            runs.sort_by_key(|run| run.started_at);
            Ok(runs)
        })
    }
}
