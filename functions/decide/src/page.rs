//! The pages that people see.

mod chart;
pub(crate) mod deed;
mod details;
mod list;
mod question;
mod status;
pub(crate) mod style;
mod watch;

pub(crate) use list::list;
pub use question::{Sheet, Standing, question};
pub use status::status;
pub(crate) use status::{detail, said, took};

use crate::{LONGEST_COMMENT, LONGEST_NAME, Settled};
use domain::{Refusal, approval::Decision, moment::written};
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// A page of this title, which is its heading too.
pub(crate) fn document(title: &str, body: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (title) " · Bascule" }
                style { (PreEscaped(style::SHEET)) }
            }
            body { main { h1 { (title) } (body) } }
        }
    }
    .into_string()
}

/// A page that says one thing.
#[must_use]
pub fn notice(title: &str, text: &str) -> String {
    document(title, &html! { p { (text) } })
}

/// The status page before preflight has opened the migration.
#[must_use]
pub fn early(name: &str) -> String {
    let text = "Preflight has not opened this migration: it still looks at the account, or has refused. The execution in the Step \
                Functions console says which.";
    document(name, &html! { p { (text) } })
}

/// The status page of a migration that preflight refused.
#[must_use]
pub fn refused(name: &str, refusal: &Refusal) -> String {
    let body = html! {
        p { strong { "Refused." } " Nothing was created. Mend what is listed, and start a new execution." }
        ul { @for problem in &refusal.problems { li { code { (problem.path) } " " (problem.message) } } }
    };
    document(name, &body)
}

/// The fields by which a person is known who does something: name, comment and code, with what was filled in before.
fn person(given: Option<(&str, &str)>, comment: &str, hint: &str) -> Markup {
    html! {
        // The first button is what Enter in a field presses: with this one it presses none.
        button disabled hidden {}
        label for="by" { "Your name, for the audit" }
        input id="by" name="by" required maxlength=(LONGEST_NAME) autocomplete="name" value=[given.map(|(by, _)| by)];
        label for="comment" { (comment) " (optional)" }
        textarea id="comment" name="comment" maxlength=(LONGEST_COMMENT) rows="2" { (given.map_or("", |(_, comment)| comment)) }
        label for="code" { "Code from the message" }
        input.code id="code" name="code" required maxlength="20" autocomplete="off" autocapitalize="characters" spellcheck="false"
            aria-describedby="code-hint";
        p.quiet id="code-hint" { (hint) }
    }
}

/// The page after the answer.
#[must_use]
pub fn thanks(settled: &Settled) -> String {
    document("Answered", &stands(settled))
}

fn stands(Settled { answer, heard, missing }: &Settled) -> Markup {
    let word = match answer.decision {
        Decision::Approved => "Approved",
        Decision::Rejected => "Rejected",
    };
    let heard = if *heard {
        "The execution has heard of it now."
    } else {
        "The execution does not wait for it: it has heard of it before, or it was stopped. The Step Functions console shows which."
    };
    html! {
        p {
            strong { (word) } " by " (answer.by)
            @if let Some(caller) = &answer.caller { " (" (caller) ")" }
            " on " (written(answer.at)) "."
            @if !answer.comment.is_empty() { " “" (answer.comment) "”" }
        }
        p {
            @if *missing > 0 {
                "This is counted. " (missing) " more " (if *missing == 1 { "person" } else { "people" })
                " must say yes before anything happens; one no ends it."
            } @else { (heard) }
        }
    }
}
