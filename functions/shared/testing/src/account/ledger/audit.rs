//! All of a migration, read for people.

use super::super::Account;
use domain::ports::Audit;
use domain::ports::audit::{Snapshot, Told};
use domain::{Migration, MigrationId, PhaseError, approval::Question};
use jiff::Timestamp;

impl Audit for Account {
    async fn told(&self, id: &MigrationId, most: u16, deadline: Timestamp) -> Result<Option<Told>, PhaseError> {
        self.look(|table| {
            let Some(record) = table.migrations.get(id) else { return Ok(None) };
            if let Some(refusal) = &record.meta.refusal {
                return Ok(Some(Told::Refused(refusal.clone())));
            }
            let input = record.input.clone();
            let migration = Migration {
                id: id.clone(),
                input: input.ok_or_else(|| PhaseError::refused("the ledger has no input"))?,
                plan: record.plan.clone(),
                direction: record.meta.direction,
                fence: record.meta.fence,
                deadline,
                opened_at: record.meta.opened_at,
            };
            let mut runs: Vec<_> = record.runs.values().cloned().collect();
            for run in &mut runs {
                run.running = record.leases.contains_key(&run.phase);
            }
            runs.sort_by_key(|run| run.started_at);
            let asked = [Question::Qualification, Question::Bake, Question::Cleanup];
            let asked = asked.into_iter().filter_map(|question| record.last_question(question.name()).cloned());
            let events = &record.events;
            Ok(Some(Told::Opened(Box::new(Snapshot {
                meta: record.told(),
                migration,
                runs,
                progress: record.progress.clone(),
                asked: asked.collect(),
                entries: record.entries.values().cloned().collect(),
                events: events[events.len().saturating_sub(usize::from(most))..].to_vec(),
            }))))
        })
    }
}
