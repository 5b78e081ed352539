//! What is kept in people's bucket.

use super::Witness;
use decide::{
    figures,
    files::{MOST_EVENTS, plans, reports},
    sight::Sight,
};
use domain::ports::audit::{Snapshot, Told};
use domain::ports::files::File;
use domain::ports::{Audit, migrations::Life};
use std::collections::BTreeMap;
use testing::{Account, Kept};
use tokio::runtime::Builder;

/// Entries of the audit that may follow the report: what observe has told is written down by itself, at the same time.
const MAY_FOLLOW: &str = "progress of told";

/// The plan is there and the report is what the page would have shown when it was written, with everything that the audit has; unless an
/// event could not be delivered, or something went on after the last execution had ended, as the watch of the way back does.
pub(super) fn the_last_report_is_the_one_of_the_page(account: &Account, witness: &Witness) -> Result<(), String> {
    let Some(archive) = account.people().archive.clone().filter(|_| witness.dead_letters == 0) else { return Ok(()) };
    let kept = account.people().files.clone();
    // Read without a fault, and without another call in the account.
    let account = account.fork(None);
    account.mend();
    let runtime = Builder::new_current_thread().enable_time().build().map_err(|error| error.to_string())?;
    let told = runtime.block_on(account.told(&witness.id, MOST_EVENTS, jiff::Timestamp::MAX));
    let Some(Told::Opened(mut snapshot)) = told.map_err(|error| error.to_string())? else {
        return if kept.is_empty() { Ok(()) } else { Err(format!("{:?} of no migration", kept.keys())) };
    };
    let compare = |files: Vec<(&'static str, File)>| {
        let differs = |(name, file): &(&str, File)| {
            kept.get(&archive.key(&witness.id, name)).map(|kept| &kept.file) != Some(file)
        };
        let wrong: Vec<&str> = files.iter().filter(|file| differs(file)).map(|(name, _)| *name).collect();
        if wrong.is_empty() { Ok(()) } else { Err(format!("not filed as the page shows it: {wrong:?}")) }
    };
    compare(plans(&snapshot.migration).map_err(|error| error.to_string())?)?;
    let at = written(&kept, &archive.key(&witness.id, "report.md"))?;
    let last = snapshot.events.iter().rposition(|event| event.at <= at).map_or(0, |last| last + 1);
    let later = snapshot.events.split_off(last);
    let unexpected: Vec<&str> =
        later.iter().map(|event| event.what.as_str()).filter(|what| *what != MAY_FOLLOW).collect();
    if !unexpected.is_empty() {
        let is_over = snapshot.meta.life == Life::Ended;
        return if is_over { Err(format!("the report was not written after {unexpected:?}")) } else { Ok(()) };
    }
    snapshot.meta.events -= later.len() as u64;
    loop {
        let sight = Sight::of(Snapshot::clone(&snapshot), at).map_err(|error| error.to_string())?;
        let figures = runtime.block_on(figures::read(&account, &sight));
        let compared = compare(reports(&sight, &figures));
        // The time of an entry that may follow is when it was begun, which may be before the report was written.
        if compared.is_ok() || snapshot.events.last().is_none_or(|event| event.what != MAY_FOLLOW) {
            return compared;
        }
        snapshot.events.pop();
        snapshot.meta.events -= 1;
    }
}

fn written(kept: &BTreeMap<String, Kept>, key: &str) -> Result<jiff::Timestamp, String> {
    kept.get(key).map(|kept| kept.at).ok_or_else(|| format!("there is no {key}"))
}
