//! Files that people save: of a question, and of a migration.

use crate::{
    figures::{self, OfStage},
    http,
    report::Report,
    sight::Sight,
};
use domain::{
    Migration, PhaseError,
    approval::Asked,
    document::Document,
    ports::{StageMetrics, files::File},
};
use serde::Serialize;
use serde_json::Value;

/// Events in the files of a migration, the newest: what Lambda answers has at most 6 MB
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
pub const MOST_EVENTS: u16 = 2_000;

/// The files of a migration, each with what it is.
pub const NAMES: [(&str, &str); 5] = [
    ("report.html", "the report for a change ticket"),
    ("report.md", "the same as Markdown"),
    ("plan.md", "the plan, to read"),
    ("plan.json", "the plan, for programs"),
    ("audit.json", "the audit, for programs"),
];

/// The file of a question; nothing where there is none of this name.
///
/// # Errors
/// `Refused` where what it would hold cannot be written as JSON.
pub fn of_question(name: &str, migration: &Migration, asked: &Asked) -> Result<Option<Value>, PhaseError> {
    let file = match name {
        "evidence.json" => Some(json(name, &asked.evidence)?),
        _ => plan(name, migration)?,
    };
    Ok(file.map(|file| http::download(name, &file)))
}

/// A file of a migration; nothing where there is none of this name. For the report CloudWatch is asked.
///
/// # Errors
/// `Refused` where what it would hold cannot be written as JSON.
pub async fn of_migration<P: StageMetrics>(ports: &P, name: &str, sight: &Sight) -> Result<Option<File>, PhaseError> {
    Ok(match name {
        "report.html" => Some(html(&report(ports, sight).await)),
        "report.md" => Some(markdown(report(ports, sight).await.markdown())),
        "audit.json" => Some(json(name, &sight.events)?),
        _ => plan(name, &sight.migration)?,
    })
}

/// The plan in each form, by name.
///
/// # Errors
/// `Refused` where it cannot be written as JSON.
pub fn plans(migration: &Migration) -> Result<Vec<(&'static str, File)>, PhaseError> {
    let named = |name| Ok(plan(name, migration)?.map(|file| (name, file)));
    ["plan.md", "plan.json"].into_iter().filter_map(|name| named(name).transpose()).collect()
}

/// The report in each form, by name, with what CloudWatch says.
#[must_use]
pub fn reports(sight: &Sight, figures: &[OfStage]) -> Vec<(&'static str, File)> {
    let report = Report::of(sight, figures);
    vec![("report.md", markdown(report.markdown())), ("report.html", html(&report))]
}

async fn report<P: StageMetrics>(ports: &P, sight: &Sight) -> Report {
    Report::of(sight, &Box::pin(figures::read(ports, sight)).await)
}

fn plan(name: &str, migration: &Migration) -> Result<Option<File>, PhaseError> {
    let plan = || Document::of(migration.name(), &migration.input, &migration.plan);
    Ok(match name {
        "plan.json" => Some(json(name, &plan())?),
        "plan.md" => Some(markdown(plan().markdown())),
        _ => None,
    })
}

const fn markdown(text: String) -> File {
    File { media_type: "text/markdown", text }
}

fn html(report: &Report) -> File {
    File { media_type: "text/html", text: report.html() }
}

fn json(name: &str, value: &impl Serialize) -> Result<File, PhaseError> {
    let text = serde_json::to_string_pretty(value);
    let text = text.map_err(|error| PhaseError::refused(format!("{name} cannot be written: {error}")))?;
    Ok(File { media_type: "application/json", text })
}
