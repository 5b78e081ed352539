//! Files that people save: of a question, and of a migration.

use crate::{http, report::Report, sight::Sight};
use domain::{Migration, approval::Asked, document::Document};
use serde::Serialize;
use serde_json::Value;

/// Events in the files of a migration, the newest: what Lambda answers has at most 6 MB
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
pub const MOST_EVENTS: u16 = 2_000;

/// The files of a migration.
pub const NAMES: [&str; 5] = ["report.html", "report.md", "plan.md", "plan.json", "audit.json"];

/// The file of a question; nothing where there is none of this name.
#[must_use]
pub fn of_question(name: &str, migration: &Migration, asked: &Asked) -> Option<Value> {
    let (kind, text) = match name {
        "evidence.json" => ("application/json", pretty(&asked.evidence)),
        _ => plan(name, migration)?,
    };
    Some(http::download(name, kind, &text))
}

/// The media type and the text of a file of a migration; nothing where there is none of this name.
#[must_use]
pub fn of_migration(name: &str, sight: &Sight) -> Option<(&'static str, String)> {
    Some(match name {
        "report.html" => ("text/html", Report::of(sight).html()),
        "report.md" => ("text/markdown", Report::of(sight).markdown()),
        "audit.json" => ("application/json", pretty(&sight.events)),
        _ => plan(name, &sight.migration)?,
    })
}

fn plan(name: &str, migration: &Migration) -> Option<(&'static str, String)> {
    let plan = || Document::of(migration.name(), &migration.input, &migration.plan);
    match name {
        "plan.json" => Some(("application/json", pretty(&plan()))),
        "plan.md" => Some(("text/markdown", plan().markdown())),
        _ => None,
    }
}

fn pretty(value: &impl Serialize) -> String {
    // Maps with keys that are no texts alone cannot be JSON, and these have none.
    serde_json::to_string_pretty(value).unwrap_or_default()
}
