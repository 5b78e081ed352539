//! What people may do on the status page, each through a page that asks once more, with the code of the message. Whether it is possible
//! is a pure function of what the ledger says.

use crate::{LONGEST_COMMENT, LONGEST_NAME, http::Word, sight::Sight};
use domain::{
    Direction, Migration, PhaseError,
    approval::Question,
    cut_short::CutShort,
    digest::sha256_hex,
    moment::written,
    moved_cleanup::{self, MovedCleanup},
    pause::Pause,
    ports::{Executions, Ledger, Schedules, migrations::Life},
    resources::schedule::{self, Occasion},
};
use jiff::{Timestamp, civil, tz::TimeZone};
use serde_json::json;

/// Something that people may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Deed {
    /// No further step of the switch is taken.
    Pause,
    /// The switch goes on after a pause.
    GoOn,
    /// Production goes back to blue.
    RollBack,
    /// The bake ends before its time.
    EndBake,
    /// Blue is not deleted when its time comes.
    KeepBlue,
    /// Blue is deleted at another time.
    MoveCleanup,
}

impl Deed {
    /// As in the page's query.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether it can be done now.
    #[must_use]
    pub fn is_possible(self, sight: &Sight) -> bool {
        let (direction, life) = (sight.meta.direction, sight.meta.life);
        if direction == Direction::Undo {
            return false;
        }
        match self {
            Self::Pause | Self::GoOn => {
                let switching = sight.shift.as_ref().is_some_and(|shift| (1..100).contains(&shift.share));
                life == Life::Open && switching && sight.paused.is_some() == (self == Self::GoOn)
            }
            Self::RollBack => matches!(life, Life::Open | Life::Baked | Life::Promoted),
            Self::EndBake => {
                let bake = sight.question(Question::Bake).filter(|asked| asked.answer.is_none());
                life == Life::Open && sight.cut_short.is_none() && bake.is_some_and(|asked| sight.now < asked.deadline)
            }
            // Where the time of a schedule cannot be read, it is there all the same.
            Self::KeepBlue => life == Life::Promoted && (sight.cleanup_at() != Ok(None) || sight.moved.is_some()),
            Self::MoveCleanup => {
                let is_asked = sight.question(Question::Cleanup).is_some_and(|asked| asked.answer.is_none());
                let (soon, last) = moved_cleanup::window(&sight.migration.input, sight.meta.opened_at, sight.now);
                let begins_soon = matches!(sight.cleanup_at(), Ok(Some(at)) if at < soon);
                life == Life::Promoted && !is_asked && soon <= last && !begins_soon
            }
        }
    }
}

/// Who does it, and why: a name and a comment of people; and to when, for what is moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doer<'a> {
    by: &'a str,
    comment: &'a str,
    caller: Option<&'a str>,
    to: Option<Timestamp>,
}

impl<'a> Doer<'a> {
    /// Of the form for this deed.
    ///
    /// # Errors
    /// What is missing or too long, or no time to which the cleanup can be moved, for the page.
    pub fn read(deed: Deed, sight: &Sight, word: &'a Word, caller: Option<&'a str>) -> Result<Self, String> {
        let (by, comment) = (word.by.trim(), word.comment.trim());
        if by.is_empty() {
            return Err("Say who you are, for the audit.".to_owned());
        }
        for (what, text, longest) in [("name", by, LONGEST_NAME), ("comment", comment, LONGEST_COMMENT)] {
            if text.chars().count() > longest {
                return Err(format!("The {what} has more than {longest} characters."));
            }
        }
        let to = if deed == Deed::MoveCleanup { Some(time(sight, &word.at)?) } else { None };
        Ok(Self { by, comment, caller, to })
    }
}

/// The time that a browser sends for a field of the type `datetime-local`
/// (<https://html.spec.whatwg.org/#valid-local-date-and-time-string>), here of UTC.
fn time(sight: &Sight, text: &str) -> Result<Timestamp, String> {
    let read = text.trim().parse::<civil::DateTime>().and_then(|time| time.to_zoned(TimeZone::UTC));
    let time = read.map_err(|_| "Say when, such as 2026-01-31T06:00, in UTC.".to_owned())?.timestamp();
    let (soon, last) = moved_cleanup::window(&sight.migration.input, sight.meta.opened_at, sight.now);
    if (soon..=last).contains(&time) {
        return Ok(time);
    }
    Err(format!(
        "Found {}, expected a time from {} to {}: a look every five minutes moves it, and the locks of the migration end after that.",
        written(time),
        written(soon),
        written(last)
    ))
}

/// Does it. The audit has it first, so that a crash in between leaves who asked for what; to do it again is no error.
///
/// # Errors
/// Only what the calls answer.
pub async fn carry_out<P: Ledger + Schedules + Executions>(
    ports: &P,
    migration: &Migration,
    deed: Deed,
    doer: &Doer<'_>,
    now: Timestamp,
) -> Result<(), PhaseError> {
    let evidence = json!({ "by": doer.by, "comment": doer.comment, "caller": doer.caller, "to": doer.to });
    ports.record(migration, &format!("asked for: {}", deed.name()), evidence).await?;
    match deed {
        Deed::Pause => Pause { at: now, by: doer.by.to_owned() }.begin(ports, migration).await?,
        Deed::GoOn => Pause::end(ports, migration).await?,
        Deed::RollBack => {
            let reason = format!("{} on the status page: {}", doer.by, doer.comment);
            let reason = reason.trim_end_matches([':', ' ']);
            // One execution a minute at most, however often the button is pressed; a way back that failed can be started again.
            let minute = now.as_second().div_euclid(60);
            let name = format!("page-{}-{minute}", &sha256_hex(migration.id.as_str().as_bytes())[..32]);
            ports.start_rollback(&name, &json!({ "migrationId": migration.id, "reason": reason })).await?;
        }
        Deed::EndBake => CutShort { at: now, by: doer.by.to_owned() }.save(ports, migration).await?,
        Deed::KeepBlue => {
            MovedCleanup::forget(ports, migration).await?;
            schedule::remove(ports, migration, Occasion::Cleanup).await?;
        }
        Deed::MoveCleanup => {
            if let Some(to) = doer.to {
                MovedCleanup { to, by: doer.by.to_owned() }.save(ports, migration).await?;
            }
        }
    }
    Ok(())
}
