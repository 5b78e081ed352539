//! The page that decides: what is asked, until when, how to try green, what was checked, and the two buttons. Everything else folds
//! out below.

use super::{details, document, person, stands};
use crate::{
    Settled,
    checks::{Mark, checks, evidence},
    http::Form,
};
use domain::{
    Migration,
    approval::{Answer, Asked, Question},
    moment::{span, written},
};
use jiff::Timestamp;
use maud::{Markup, html};

/// What the page is made of.
#[derive(Clone, Copy)]
pub struct Sheet<'a> {
    /// The migration.
    pub migration: &'a Migration,
    /// Since when it is open.
    pub opened_at: Timestamp,
    /// What is asked.
    pub asked: &'a Asked,
    /// Those who have said yes already, where several must.
    pub voices: &'a [Answer],
    /// The query of the link, under which the files are.
    pub query: &'a str,
    /// When the page is made.
    pub now: Timestamp,
    /// What stands in place of the form.
    pub standing: Standing<'a>,
}

/// Whether people can answer still.
#[derive(Clone, Copy)]
pub enum Standing<'a> {
    /// They can.
    Open,
    /// They can, and what they sent did not count: why, and what they had filled in.
    Wrong(&'a str, &'a Form),
    /// The answer is there.
    Settled(&'a Settled),
}

/// What is asked.
pub(super) fn title(migration: &Migration, question: Question) -> String {
    let (blue, green) = (&migration.input.blue.cluster, &migration.input.green.cluster);
    match question {
        Question::Cleanup => format!("Delete {blue}?"),
        _ => format!("May {green} take over from {blue}?"),
    }
}

/// The page with the question and its evidence, and the form or the answer.
#[must_use]
pub fn question(sheet: &Sheet<'_>) -> String {
    let Sheet { migration, asked, .. } = sheet;
    let title = title(migration, asked.question);
    let body = html! {
        p.quiet {
            "Migration " (migration.name()) ", " (migration.input.gateway.told())
            @if !migration.plan.region.is_empty() { ", " (migration.plan.region) }
        }
        @match sheet.standing {
            Standing::Settled(settled) => (stands(settled)),
            _ => { (until(sheet)) (voices(sheet)) },
        }
        @if let Standing::Wrong(why, _) = sheet.standing {
            div.alert role="alert" { p { strong { "Nothing was decided. " } (why) } }
        }
        @for (index, (url, view)) in asked.temporary_urls().into_iter().zip(migration.per_api()).enumerate() {
            @if index == 0 { h2 { "Try green" } }
            (trial(&view, asked, url))
        }
        @let checks = checks(migration, asked);
        @let look = checks.iter().filter(|check| check.mark == Mark::Look).count();
        h2 { "Checks: " @if look == 0 { "all passed" } @else { (look) " of " (checks.len()) " to look at" } }
        ul.checks {
            @for check in checks {
                @let (class, sign, word) = match check.mark {
                    Mark::Passed => ("passed", "✓", "Passed: "),
                    Mark::Look => ("look", "!", "Look at this: "),
                };
                li class=(class) {
                    span.mark aria-hidden="true" { (sign) }
                    span { span.hidden { (word) } strong { (check.subject) } ": " (check.finding) }
                }
            }
        }
        @match sheet.standing {
            Standing::Open => (form(migration, asked.question, None)),
            Standing::Wrong(_, given) => (form(migration, asked.question, Some(given))),
            Standing::Settled(_) => {},
        }
        h2 { "Details" }
        (details::all(sheet, &evidence(asked).unwrap_or_default()))
    };
    document(&title, &body)
}

fn until(Sheet { migration, asked, now, .. }: &Sheet<'_>) -> Markup {
    let left = asked.deadline.duration_since(*now);
    html! {
        p.until {
            "Answer until "
            strong { time datetime=(asked.deadline) { (written(asked.deadline)) } }
            @if left.is_positive() { " (" (span(left)) " left)" } @else { " (over)" }
            ". Without an answer " (asked.question.unanswered(&migration.input)) "."
        }
    }
}

/// How many must say yes, and who has.
fn voices(Sheet { migration, voices, .. }: &Sheet<'_>) -> Markup {
    let needed = migration.input.approval.approvers;
    html! {
        @if needed > 1 {
            p {
                (needed) " people must say yes, and the same person counts once; one no is enough. "
                @if voices.is_empty() { "Nobody has said yes yet." } @else {
                    "Yes so far: "
                    @for (index, voice) in voices.iter().enumerate() {
                        @if index > 0 { ", " }
                        (voice.by)
                        @if let Some(caller) = &voice.caller { " (" (caller) ")" }
                    }
                    "."
                }
            }
        }
    }
}

/// How to try green on its own URL: with which keys, and a line to paste.
fn trial(migration: &Migration, asked: &Asked, url: &str) -> Markup {
    let plans: Vec<_> = migration.plan.edge.usage_plans.iter().filter(|plan| !plan.key_ids.is_empty()).collect();
    let names: Vec<&str> = plans.iter().map(|plan| plan.name.as_str()).collect();
    let of = &migration.plan.edge.api.id;
    let smoke = evidence(asked).map(|seen| seen.smoke).unwrap_or_default();
    let first = smoke.into_iter().find(|one| one.api.is_empty() || one.api == *of);
    let path = first.map(|one| one.path).unwrap_or_default();
    let request = quoted(&format!("{url}{path}"));
    let line = match plans.first().and_then(|plan| plan.key_ids.first()) {
        Some(key) => format!(
            "key=$(aws apigateway get-api-key --api-key {} --include-value --query value --output text)\ncurl -i -H \"x-api-key: $key\" {request}",
            quoted(key)
        ),
        None => format!("curl -i {request}"),
    };
    html! {
        p {
            @if !migration.plan.edge.others.is_empty() { (migration.plan.edge.api.name) ": " }
            a href=(url) rel="noreferrer" { (url) }
            @if names.is_empty() { ", which needs no API key that Bascule knows of" }
            @else { ", with the API keys of production (usage plan " (names.join(", ")) ")" }
        }
        pre { code { (line) } }
    }
}

/// A word of a POSIX shell (<https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_02_02>).
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

fn form(migration: &Migration, question: Question, given: Option<&Form>) -> Markup {
    let (blue, green) = (&migration.input.blue.cluster, &migration.input.green.cluster);
    let (yes, no) = match question {
        Question::Cleanup => (format!("Delete {blue}"), format!("Keep {blue}")),
        _ => (format!("Switch to {green}"), format!("Go back, keep {blue}")),
    };
    html! {
        h2 { "Your answer" }
        form method="post" {
            (person(
                given.map(|form| (form.by.as_str(), form.comment.as_str())), "Comment",
                "Eight characters, beside the link. It shows that a person answers and not a mail scanner.",
            ))
            div.buttons {
                button.yes name="decision" value="approved" { (yes) }
                button.no name="decision" value="rejected" { (no) }
            }
        }
    }
}

#[cfg(test)]
mod tests;
