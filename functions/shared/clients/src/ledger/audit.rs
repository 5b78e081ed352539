//! EVENT and PHASE items, read for people.

use super::{Item, Ledger, text};
use crate::{Account, error::phase_error};
use domain::{
    MigrationId, PhaseError,
    audit::{Event, Run},
    ports::Audit,
};

impl Item {
    fn event(&self) -> Result<Event, PhaseError> {
        let seq = self.text("sk")?.rsplit('#').next().and_then(|seq| seq.parse().ok());
        Ok(Event {
            seq: seq.ok_or_else(|| self.broken("number"))?,
            at: self.time("at")?,
            by: self.text("by")?.to_owned(),
            what: self.text("what")?.to_owned(),
            evidence: self.json("evidence")?,
        })
    }

    /// Nothing where the item holds a progress and no phase has run under its name.
    fn run(&self) -> Option<Result<Run, PhaseError>> {
        self.maybe("startedAt")?;
        let read = || {
            Ok(Run {
                phase: self.text("sk")?.trim_start_matches("PHASE#").to_owned(),
                started_at: self.time("startedAt")?,
                ended_at: self.maybe("endedAt").map(|_| self.time("endedAt")).transpose()?,
                attempts: self.number("attempts")?,
                running: self.maybe("holder").is_some(),
            })
        };
        Some(read())
    }
}

impl Audit for Account {
    async fn events(&self, id: &MigrationId, most: Option<u16>) -> Result<Vec<Event>, PhaseError> {
        let ledger = self.ledger()?;
        let Some(most) = most else {
            let items = ledger.between(&Ledger::partition(id), "EVENT#", "EVENT$").await?;
            return items.iter().map(Item::event).collect();
        };
        // The newest first, and no more than are shown: a page costs the same after a day and after a month.
        let answer = ledger
            .client
            .query()
            .table_name(&ledger.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
            .expression_attribute_values(":pk", text(Ledger::partition(id)))
            .expression_attribute_values(":from", text("EVENT#"))
            .expression_attribute_values(":to", text("EVENT$"))
            .scan_index_forward(false)
            .limit(most.into())
            .send()
            .await
            .map_err(|error| phase_error("reading the audit", &error))?;
        let items = answer.items.unwrap_or_default().into_iter().rev().map(Item::known);
        items.map(|item| item.and_then(|item| item.event())).collect()
    }

    async fn runs(&self, id: &MigrationId) -> Result<Vec<Run>, PhaseError> {
        let items = self.ledger()?.between(&Ledger::partition(id), "PHASE#", "PHASE$").await?;
        let mut runs = items.iter().filter_map(Item::run).collect::<Result<Vec<_>, _>>()?;
        runs.sort_by_key(|run| run.started_at);
        Ok(runs)
    }
}
