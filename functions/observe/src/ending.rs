//! What people are told when an execution has ended: what to do, who serves, and where the report is. Each end is told once; of one
//! that is not told because EventBridge, which tells with best effort, said nothing of it, the status page still knows.

mod message;

use domain::{
    Condition, Direction, Migration, Outcome, PhaseError, Progress,
    approval::{StatusLink, url},
    ended::Ended,
    ports::{
        Clock, Ledger, Messages, Migrations, Settings, Signatures,
        migrations::{Life, Meta},
    },
    resources::{
        schedule::{self, Occasion},
        volume_copy,
    },
};
use message::Links;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;

/// What the end of an execution is for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Green serves, and the cleanup is scheduled.
    Promoted,
    /// Blue serves as before, as people wanted it, or as Bascule said before that it would.
    BlueServes,
    /// The cleanup is through: nothing follows any more.
    CleanedUp,
    /// It failed, timed out or was stopped.
    Badly,
}

impl End {
    /// Of an execution of a migration; nothing where it tells nothing new: what another execution waits for is that one's end, and a dry
    /// run is watched by whoever started it.
    fn of(ended: &Ended, meta: Option<&Meta>) -> Option<Self> {
        let failed = !ended.has_succeeded();
        let Some(meta) = meta else { return failed.then_some(Self::Badly) };
        match (ended.machine(), meta.life, meta.outcome.as_deref()) {
            // However it ended: nothing that people wait for comes after the promotion.
            ("bascule-migrate", Life::Promoted, _) if meta.direction == Direction::Converge => Some(Self::Promoted),
            _ if failed => Some(Self::Badly),
            ("bascule-migrate", Life::Ended, Some("BlueServes")) => Some(Self::BlueServes),
            ("bascule-rollback", Life::Ended, Some("BlueServes")) if !ended.is_awaited() => Some(Self::BlueServes),
            ("bascule-cleanup", Life::Ended, Some("GreenServes")) => Some(Self::CleanedUp),
            _ => None,
        }
    }

    /// Under what it is known to be told: a migration has each good end once, and an execution each bad one.
    fn key(self, ended: &Ended) -> String {
        match self {
            Self::Promoted => "promoted".to_owned(),
            Self::BlueServes => "blue serves".to_owned(),
            Self::CleanedUp => "cleaned up".to_owned(),
            Self::Badly => ended.execution_arn.clone(),
        }
    }
}

/// Of which ends people were told.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
struct Told(BTreeSet<String>);

/// Tells people how an execution ended, once. The mark that they were told is written after the message went out: whoever is killed
/// between the two tells again.
///
/// # Errors
/// Only those of the calls, and `Conflict` where what people were told cannot be read.
pub async fn tell<P>(ports: &P, ended: &Ended, deadline: jiff::Timestamp) -> Result<Outcome, PhaseError>
where
    P: Ledger + Migrations + Messages + Signatures + Settings + Clock,
{
    let known = match ports.load(&ended.migration(), deadline).await {
        Ok(known) => Some(known),
        // Preflight did not open it. A bad end is told all the same.
        Err(error) if error.condition == Condition::Refused => None,
        Err(error) => return Err(error),
    };
    let Some(end) = End::of(ended, known.as_ref().map(|(meta, _)| meta)) else { return Ok(Outcome::done()) };
    let Some((meta, migration)) = known else {
        let (subject, text) = message::badly(ended, None);
        ports.publish(&subject, &text).await?;
        return Ok(Outcome::done().with("told", true));
    };
    let mut told: Told = ports.saved(&migration, Progress::Told).await?.unwrap_or_default();
    if !told.0.insert(end.key(ended)) {
        return Ok(Outcome::done());
    }
    let (subject, mut text) = match end {
        End::Promoted => {
            let entry = ports.live(&migration, &schedule::key(Occasion::Cleanup)).await?;
            let at = entry.and_then(|entry| entry.detail["at"].as_str()?.parse().ok());
            message::promoted(&migration, at, ended)
        }
        End::BlueServes => {
            let entries = ports.entries(&migration).await?;
            let kept = volume_copy::kept(&migration.plan.workloads, &entries);
            let kept: Vec<String> = kept.iter().map(|(copied, _)| copied.name()).collect();
            message::blue_serves(&migration, &kept)
        }
        End::CleanedUp => {
            let entries = ports.entries(&migration).await?;
            let left = ports.progress(&migration, Progress::Cleanup).await?;
            let left = left.filter(|_| migration.input.keeps_blue());
            message::cleaned_up(&migration, entries.iter().filter(|entry| entry.is_live()).count(), left.as_ref())
        }
        End::Badly => {
            // Blue serving again is no other news where this message says so.
            if is_back(&meta) {
                told.0.insert(End::BlueServes.key(ended));
            }
            message::badly(ended, Some((&meta, &migration)))
        }
    };
    text.push_str(&links(ports, &migration).await?);
    if let Some(archive) = ports.archive() {
        text.push_str(&message::filed(&archive, &migration));
    }
    ports.publish(&subject, &text).await?;
    ports.save_progress(&migration, Progress::Told, json!(told)).await?;
    Ok(Outcome::done().with("told", true))
}

/// Whether the way back is through.
fn is_back(meta: &Meta) -> bool {
    meta.life == Life::Ended && meta.outcome.as_deref() == Some("BlueServes")
}

/// The links to the status page and the report; without them where they cannot be signed, since the message counts for more.
async fn links<P: Signatures + Settings + Clock>(ports: &P, migration: &Migration) -> Result<String, PhaseError> {
    let link = StatusLink::new(&migration.id, ports.now());
    let signed = async { Ok::<_, PhaseError>((ports.approval_url()?, ports.sign(&link.text()).await?)) };
    let (page, signature) = match signed.await {
        Ok(signed) => signed,
        Err(error) if error.condition.is_retried() => return Err(error),
        Err(error) => {
            tracing::error!(%error, migration = %migration.id, "people get no link to the report");
            return Ok(String::new());
        }
    };
    let status = url(&page, &link.parameters(&signature));
    Ok(Links { status, expires: link.expires, sign: ports.approvers_sign() }.told(migration.name()))
}

#[cfg(test)]
mod tests;
