//! Files the plan and the report in a bucket of the user's, where one is named: the plan once the migration is opened, and both when an
//! execution of it has ended. No migration waits for it: EventBridge calls, Lambda tries again, and what stays unwritten is in the queue of
//! dead letters.

use crate::{
    desk::Ports,
    figures,
    files::{self, MOST_EVENTS},
    sight::Sight,
};
use domain::{
    Invocation, MigrationId, PhaseError,
    archive::Archive,
    ended::Ended,
    ports::{audit::Told, files::File},
};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

/// How long after an end the report is made: `observe` hears of it at the same time, and the audit has what it tells people.
const PAUSE: SignedDuration = SignedDuration::from_secs(3);

/// How often a report is written until the audit stands still.
const LOOKS: usize = 3;

/// An event that there is something to file for.
#[derive(Debug, Deserialize)]
#[serde(tag = "detail-type", content = "detail")]
enum Event {
    /// An execution has ended.
    #[serde(rename = "Step Functions Execution Status Change")]
    Ended(Ended),
    /// An entry of the audit: statemachine/events/audit-entry.schema.json. The rule lets those about the opening through.
    #[serde(rename = "Bascule audit entry")]
    Entry {
        /// The migrate execution's ARN.
        migration: MigrationId,
    },
}

/// Writes what the event is about, over what was written before. Twice is as good as once; and where two executions have ended at the
/// same time, what was read first is not what stays: each looks at the audit again once it has written, and writes again where it has gone on.
///
/// # Errors
/// `InvalidInput` for another event, `Denied` and `Refused` where the bucket does not take it, `NotReady` where the audit does not
/// stand still or CloudWatch is silent: Lambda calls again for each of them.
pub async fn file<P: Ports>(ports: &P, event: Value, invocation: &Invocation) -> Result<Value, PhaseError> {
    let event: Event = serde_json::from_value(event)
        .map_err(|error| PhaseError::invalid_input(format!("the event cannot be read: {error}")))?;
    let Some(archive) = ports.archive() else { return Ok(json!({ "filed": [] })) };
    let (id, has_ended) = match event {
        Event::Ended(ended) => (ended.migration(), true),
        Event::Entry { migration } => (migration, false),
    };
    for _ in 0..LOOKS {
        if has_ended {
            ports.sleep(PAUSE).await;
        }
        // What was refused, and what preflight never opened, has no plan.
        let Some(Told::Opened(snapshot)) = ports.told(&id, MOST_EVENTS, invocation.deadline).await? else {
            return Ok(json!({ "filed": [] }));
        };
        let sight = Sight::of(*snapshot, ports.now())?;
        let mut files = files::plans(&sight.migration)?;
        let mut is_lacking = false;
        if has_ended {
            let figures = Box::pin(figures::read(ports, &sight)).await;
            // Such a report says why figures are missing. It is kept, and for good only where CloudWatch stays silent.
            is_lacking = figures.iter().any(|stage| stage.rows.is_err());
            files.extend(files::reports(&sight, &figures));
        }
        put(ports, &archive, &sight, &files).await?;
        if !has_ended || (!is_lacking && is_whole(ports, &sight).await?) {
            return Ok(json!({ "filed": files.iter().map(|(name, _)| archive.uri(&id, name)).collect::<Vec<_>>() }));
        }
        if ports.now() + PAUSE > invocation.deadline {
            break;
        }
    }
    Err(PhaseError::not_ready(format!(
        "{} is filed, but its audit has gone on since, or CloudWatch did not tell the figures in it",
        archive.uri(&id, "report.html")
    )))
}

async fn put<P: Ports>(
    ports: &P,
    archive: &Archive,
    sight: &Sight,
    files: &[(&'static str, File)],
) -> Result<(), PhaseError> {
    let Sight { migration, .. } = sight;
    for (name, file) in files {
        let key = archive.key(&migration.id, name);
        ports.put_file(&archive.bucket, &migration.plan.account, &key, file).await?;
    }
    Ok(())
}

/// Whether the audit has ended where the report has. The audit is read with a little delay, and META is not.
async fn is_whole<P: Ports>(ports: &P, sight: &Sight) -> Result<bool, PhaseError> {
    let meta = ports.meta(&sight.meta.id).await?;
    let last = sight.events.last().map_or(0, |event| event.seq);
    Ok(meta.is_none_or(|meta| meta.events == last))
}
