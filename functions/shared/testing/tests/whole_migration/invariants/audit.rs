//! The ledger: locks, the audit, and secrets.

use super::{Sight, Witness};
use crate::functions::LONGEST;
use domain::approval::{Answer, Asked};
use domain::ports::migrations::Life;
use domain::{Direction, Entry, ResourceKey, Status};
use serde_json::Value;
use std::collections::BTreeMap;
use testing::states::Execution;
use testing::{Account, Record, Table};

/// Invariant 8: one migration per cluster and stage at a time.
pub(super) fn the_locks_are_held_while_the_migration_is_under_way(sight: &Sight, table: &Table) -> Result<(), String> {
    let held = table.locks.values().filter(|(owner, _)| *owner == sight.witness.id).count();
    let stages = sight.record.input.as_ref().map_or(1, |input| input.gateway.iter().count());
    let expected = if sight.life() == Life::Ended { 0 } else { 2 + stages };
    if held != expected {
        return Err(format!("{held} locks are held while the migration is {}", sight.life().name()));
    }
    let strangers: Vec<_> = table.locks.iter().filter(|(_, (owner, _))| *owner != sight.witness.id).collect();
    if strangers.is_empty() { Ok(()) } else { Err(format!("others hold locks: {strangers:?}")) }
}

/// Invariant 8 in the end: the locks are free again, no alarm is watched, no schedule is left, and a lease that was not given back
/// ends when the function that held it would have been stopped.
pub(super) fn nothing_waits_any_more(account: &Account, witness: &Witness) -> Result<(), String> {
    let table = account.table();
    let leases = table.migrations.get(&witness.id).map(|record| record.leases.clone()).unwrap_or_default();
    let soon = account.aws().now() + LONGEST;
    let leases: Vec<_> = leases.into_iter().filter(|(_, (_, until))| *until > soon).collect();
    let schedules: Vec<String> = account.aws().schedules.keys().cloned().collect();
    if table.locks.is_empty() && table.watched.is_empty() && leases.is_empty() && schedules.is_empty() {
        return Ok(());
    }
    Err(format!(
        "left in the end: locks {:?}, watched alarms {:?}, leases {leases:?}, schedules {schedules:?}",
        table.locks, table.watched
    ))
}

/// Invariant 9: the audit has no gap, and replaying it gives the ledger's state.
pub(super) fn the_audit_has_no_gap_and_replays_to_the_ledger(record: &Record) -> Result<(), String> {
    let numbers: Vec<u64> = record.events.iter().map(|event| event.seq).collect();
    if numbers != (1..=numbers.len() as u64).collect::<Vec<_>>() {
        return Err(format!("the audit has gaps: {numbers:?}"));
    }
    let mut entries: BTreeMap<ResourceKey, Entry> = BTreeMap::new();
    let mut progress: BTreeMap<&str, Value> = BTreeMap::new();
    let mut answers: BTreeMap<(String, u64), Answer> = BTreeMap::new();
    let (mut life, mut direction, mut fence) = (Life::Open, Direction::Converge, 1);
    for event in &record.events {
        if let Ok(status) = event.what.parse::<Status>() {
            let text = |name: &str| event.evidence[name].as_str().map(ToOwned::to_owned);
            let key: ResourceKey = text("key").unwrap_or_default().parse()?;
            let detail = event.evidence["detail"].clone();
            entries.insert(key.clone(), Entry { key, status, id: text("id"), detail });
        } else if let Some(phase) = event.what.strip_prefix("progress of ") {
            progress.insert(phase, event.evidence.clone());
        } else if let Ok(to) = event.what.parse::<Life>() {
            life = to;
        } else if event.what == "opened" && event.evidence["dryRun"] == true {
            life = Life::Ended;
        } else if event.what == "turned back" {
            (direction, fence) = (Direction::Undo, fence + 1);
        } else if event.what == "answered" {
            let question = event.evidence["question"].as_str().unwrap_or_default().to_owned();
            let number = event.evidence["number"].as_u64().unwrap_or_default();
            let answer = serde_json::from_value(event.evidence["answer"].clone()).map_err(|error| error.to_string())?;
            answers.insert((question, number), answer);
        }
    }
    let given = record.approvals.values();
    let given = given.filter_map(|asked| Some((key_of(asked), asked.answer.clone()?)));
    let meta = (record.meta.life, record.meta.direction, record.meta.fence);
    if (life, direction, fence) != meta {
        return Err(format!("replayed META is {life:?}, {direction}, {fence}, and META is {meta:?}"));
    }
    let saved = record.progress.iter().map(|(which, progress)| (which.name(), progress.clone())).collect();
    if entries != record.entries || progress != saved || answers != given.collect() {
        return Err("replaying the audit does not give the ledger".to_owned());
    }
    Ok(())
}

fn key_of(asked: &Asked) -> (String, u64) {
    (asked.question.name().to_owned(), u64::from(asked.number))
}

/// Invariant 10: no token and no API key in the ledger, in a message, on a page, in a schedule, or in what executions show.
pub(super) fn no_token_and_no_key_is_told(
    account: &Account,
    witness: &Witness,
    executions: &[Execution],
) -> Result<(), String> {
    let mut told: Vec<(&str, String)> = Vec::new();
    let table = account.table();
    for record in table.migrations.values() {
        told.push(("the audit", format!("{:?}", record.events)));
        told.push(("an entry", format!("{:?}", record.entries)));
        told.push(("progress", format!("{:?}", record.progress)));
        let evidence: Vec<_> = record.approvals.values().map(|asked| &asked.evidence).collect();
        told.push(("evidence", format!("{evidence:?}")));
    }
    told.extend(witness.shown.iter().map(|text| ("a page or a schedule", text.clone())));
    told.extend(account.people().files.values().map(|kept| ("a file", kept.file.text.clone())));
    told.push(("a message", format!("{:?}", account.people().messages)));
    for execution in executions {
        let shown = (&execution.input, &execution.output, &execution.error, &execution.cause);
        told.push(("an execution", format!("{shown:?}")));
    }
    let secrets = witness.tokens.iter().map(String::as_str).chain(["secret of "]);
    for secret in secrets {
        if let Some((place, _)) = told.iter().find(|(_, text)| text.contains(secret)) {
            return Err(format!("{secret:?} stands in {place}"));
        }
    }
    Ok(())
}
