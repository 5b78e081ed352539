//! The report of a migration, for the change ticket: what was done when and by whom. A pure function of what the ledger and CloudWatch
//! say; as Markdown and as one HTML file.

mod render;
mod requests;

use crate::{
    checks::checks,
    figures::OfStage,
    page::{detail, said, took},
    sight::Sight,
    standing::Standing,
};
use domain::{
    Entry, Side, Status,
    approval::{Asked, Decision, Question},
    moment::{brief, span, written},
    usd::dollars,
};

/// A report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    title: String,
    sections: Vec<Section>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Section {
    title: &'static str,
    /// Lines above the table.
    lines: Vec<String>,
    head: &'static [&'static str],
    rows: Vec<Vec<String>>,
}

impl Section {
    fn of(title: &'static str, lines: Vec<String>) -> Self {
        Self { title, lines, head: &[], rows: Vec::new() }
    }

    fn table(title: &'static str, head: &'static [&'static str], rows: Vec<Vec<String>>) -> Self {
        let lines = if rows.is_empty() { vec!["None.".to_owned()] } else { Vec::new() };
        Self { title, lines, head, rows }
    }
}

impl Report {
    /// The report of what the ledger says, and CloudWatch of production's stages.
    #[must_use]
    pub fn of(sight: &Sight, figures: &[OfStage]) -> Self {
        let input = &sight.migration.input;
        let mut sections = vec![
            summary(sight),
            Section::table(
                "Decisions",
                &["Question", "Answer", "By", "When", "Comment", "Digest"],
                sight.asked.iter().filter(|asked| asked.question != Question::Bake).map(decision).collect(),
            ),
            qualified(sight),
            Section::table("Traffic", &["When", "What"], traffic(sight)),
            requests::section(sight, figures),
            Section::table("Green against blue", &["When", "What"], happened(sight, &["green against blue"])),
            Section::table("Way back while green served", &["When", "What"], way_back(sight)),
            Section::table(
                "Volumes that stay in AWS",
                &["When", "What"],
                happened(sight, &["volumes left", "volumes kept"]),
            ),
            Section::table("Phases", &["Phase", "Began", "Took", "Tries", "Last said"], phases(sight)),
        ];
        for (title, wanted, which) in [
            ("Created and still there", Status::Present, &[Side::Green, Side::Temporary][..]),
            ("Created and deleted again", Status::Absent, &[Side::Green, Side::Temporary]),
            ("Deleted or put back on blue", Status::Absent, &[Side::Blue]),
            ("Intended, and not known to be there", Status::Intended, &[Side::Blue, Side::Green, Side::Temporary]),
        ] {
            let entries =
                sight.entries.iter().filter(|entry| entry.status == wanted && which.contains(&entry.key.side));
            sections.push(Section::table(title, &["Side", "Kind", "Name", "Id"], entries.map(resource).collect()));
        }
        sections.push(audit(sight));
        Self { title: format!("{} replaces {}", input.green.cluster, input.blue.cluster), sections }
    }
}

fn summary(sight: &Sight) -> Section {
    let (input, plan, meta) = (&sight.migration.input, &sight.migration.plan, &sight.meta);
    let stands = Standing::of(sight);
    let last = sight.events.last().map_or(sight.now, |event| event.at);
    let end = if stands.over { last } else { sight.now };
    let took = end.duration_since(meta.opened_at);
    let seconds = u64::try_from(took.as_secs()).unwrap_or(0);
    let cents = plan.estimate.cents_per_day() * seconds / 86_400;
    let mut lines = vec![
        format!("{}. {}", stands.headline, stands.waiting).trim().to_owned(),
        format!("Migration {} ({})", sight.migration.name(), meta.id),
        format!("{}, account {}, {}", input.gateway.told(), plan.account, plan.region),
        format!("From {} to {}: {}", written(meta.opened_at), written(end), span(took)),
        format!("Traffic on {}: {} %", input.green.cluster, stands.share),
        format!("Way back: {}", stands.way_back),
        format!("Plan: digest {}", meta.digest),
    ];
    if cents > 0 {
        lines.push(format!(
            "Cost of the second cluster, by the prices of the plan: about {}, without volumes and traffic",
            dollars(cents)
        ));
    }
    lines.extend(times(sight));
    if !stands.over {
        lines.push(format!("As of {}; the migration goes on", written(sight.now)));
    }
    Section::of("Summary", lines)
}

/// How long the switch took, and how long blue's recovery of production, as the audit has it.
fn times(sight: &Sight) -> Vec<String> {
    let (blue, green) = (&sight.migration.input.blue.cluster, &sight.migration.input.green.cluster);
    let first = |what: &str| sight.events.iter().find(|event| event.what == what);
    let all = sight.events.iter().find(|event| event.what == "traffic moved" && event.evidence["share"] == 100);
    let mut lines = Vec::new();
    if let (Some(begin), Some(end)) = (first("traffic moved"), all) {
        let later = if begin.seq == end.seq {
            ", in one step".to_owned()
        } else {
            format!(", {} after the first of them", span(end.at.duration_since(begin.at)))
        };
        lines.push(format!("Switch: {green} got all requests on {}{later}", brief(end.at)));
    }
    if let (Some(begin), Some(end)) = (first("turned back"), first("blue serves again")) {
        let took = span(end.at.duration_since(begin.at));
        lines.push(format!(
            "Recovery: {blue} served again on {}, {took} after the migration was turned back",
            brief(end.at)
        ));
    }
    lines
}

fn decision(asked: &Asked) -> Vec<String> {
    let (answer, by, at, comment) = match &asked.answer {
        None => (format!("none yet, until {}", brief(asked.deadline)), String::new(), String::new(), String::new()),
        Some(answer) => {
            let word = match answer.decision {
                Decision::Approved => "yes",
                Decision::Rejected => "no",
            };
            let caller = answer.caller.as_ref().map(|arn| format!(" ({arn})")).unwrap_or_default();
            (word.to_owned(), format!("{}{caller}", answer.by), brief(answer.at), answer.comment.clone())
        }
    };
    vec![asked.question.name().to_owned(), answer, by, at, comment, asked.digest.clone()]
}

/// What people were shown when they were asked about green.
fn qualified(sight: &Sight) -> Section {
    let rows = sight.question(Question::Qualification).map(|asked| {
        let row = |check: crate::checks::Check| {
            let mark = match check.mark {
                crate::checks::Mark::Passed => "passed",
                crate::checks::Mark::Look => "to look at",
            };
            vec![check.subject.to_owned(), mark.to_owned(), check.finding]
        };
        checks(&sight.migration, asked).into_iter().map(row).collect()
    });
    Section::table("Checks that people were shown", &["Check", "Mark", "Finding"], rows.unwrap_or_default())
}

/// Whenever the stage was changed, and when it was shown that requests met the change.
fn traffic(sight: &Sight) -> Vec<Vec<String>> {
    happened(sight, &["traffic moved", "step reached the stage", "blue serves again"])
}

/// Whenever blue could not have taken production back well, and could again.
fn way_back(sight: &Sight) -> Vec<Vec<String>> {
    happened(sight, &["way back degraded", "way back ready again"])
}

fn happened(sight: &Sight, what: &[&str]) -> Vec<Vec<String>> {
    let events = sight.events.iter().filter(|event| what.contains(&event.what.as_str()));
    events.map(|event| vec![brief(event.at), format!("{}{}", event.what, detail(event))]).collect()
}

fn phases(sight: &Sight) -> Vec<Vec<String>> {
    let row = |run: &domain::audit::Run| {
        let said = said(run, sight).unwrap_or_default();
        vec![run.phase.clone(), brief(run.started_at), took(run, sight), run.attempts.to_string(), said]
    };
    sight.runs.iter().map(row).collect()
}

fn resource(entry: &Entry) -> Vec<String> {
    let key = &entry.key;
    vec![key.side.name().to_owned(), key.kind.to_string(), key.name.clone(), entry.id.clone().unwrap_or_default()]
}

fn audit(sight: &Sight) -> Section {
    let events = &sight.events;
    let row = |event: &domain::audit::Event| {
        vec![event.seq.to_string(), brief(event.at), format!("{}{}", event.what, detail(event)), event.by.clone()]
    };
    let mut section = Section::table("Audit", &["No.", "When", "What", "Who"], events.iter().map(row).collect());
    if (events.len() as u64) < sight.meta.events {
        section.lines.push(format!("The last {} of {} entries.", events.len(), sight.meta.events));
    }
    section
}

#[cfg(test)]
mod tests;
