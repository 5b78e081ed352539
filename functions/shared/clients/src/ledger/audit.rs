//! All of a migration, read for people.

use super::{Item, Ledger, load::opened, text};
use crate::{Account, error::phase_error};
use domain::{
    MigrationId, PhaseError, Progress,
    approval::Question,
    audit::{Event, Run},
    ports::{
        Audit,
        audit::{Snapshot, Told},
    },
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
                said: self.maybe("said").map(|_| self.json("said")).transpose()?,
            })
        };
        Some(read())
    }
}

impl Ledger {
    /// The newest first, and no more than are shown: a page costs the same after a day and after a month.
    async fn last_events(&self, pk: &str, most: u16) -> Result<Vec<Event>, PhaseError> {
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
            .expression_attribute_values(":pk", text(pk))
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
}

impl Audit for Account {
    async fn told(&self, id: &MigrationId, most: u16, deadline: jiff::Timestamp) -> Result<Option<Told>, PhaseError> {
        let ledger = self.ledger()?;
        let pk = Ledger::partition(id);
        // In the order of the table: APPROVAL, EVENT, META, PHASE, PLAN, RESOURCE. Side by side, so that a page waits for one answer.
        let (asked, kept, events) = futures::try_join!(
            ledger.between(&pk, "APPROVAL#", "APPROVAL$"),
            ledger.between(&pk, "META", "RESOURCE$"),
            ledger.last_events(&pk, most),
        )?;
        let Some(meta) = kept.first().filter(|item| item.is_of("META")) else { return Ok(None) };
        let meta = meta.meta(id)?;
        if let Some(refusal) = meta.refusal {
            return Ok(Some(Told::Refused(refusal)));
        }
        let migration = opened(&kept, &meta, deadline)?;
        let of = |prefix: &'static str| kept.iter().filter(move |item| item.is_of(prefix));
        let mut runs = of("PHASE#").filter_map(Item::run).collect::<Result<Vec<_>, _>>()?;
        runs.sort_by_key(|run| run.started_at);
        let progress = of("PHASE#").filter_map(|item| {
            let which = Progress::named(item.maybe("sk")?.strip_prefix("PHASE#")?)?;
            item.maybe("progress").map(|_| Ok((which, item.json("progress")?)))
        });
        let last = [Question::Qualification, Question::Bake, Question::Cleanup].into_iter().filter_map(|question| {
            let prefix = format!("APPROVAL#{}#", question.name());
            asked.iter().rev().find(|item| item.is_of(&prefix)).map(|item| item.asked(id, question))
        });
        Ok(Some(Told::Opened(Box::new(Snapshot {
            progress: progress.collect::<Result<_, PhaseError>>()?,
            asked: last.collect::<Result<_, _>>()?,
            entries: of("RESOURCE#").map(Item::entry).collect::<Result<_, _>>()?,
            meta,
            migration,
            runs,
            events,
        }))))
    }
}
