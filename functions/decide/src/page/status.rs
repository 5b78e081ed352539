//! The page that says where a migration stands, with what people can do now. It decides nothing itself, and refreshes by itself, without a
//! script.

use super::{deed::label, document};
use crate::{
    deed::Deed,
    files::NAMES,
    http::REFRESH,
    sight::Sight,
    standing::{Part, Standing},
};
use domain::{
    audit::{Event, Run},
    moment::{brief, span},
};
use maud::{Markup, html};
use strum::VariantArray as _;

/// The page. The files of the migration are under the query of the link, and what people can do, where it is one that `acts`. People may stop it from asking `again` by itself
/// (<https://www.w3.org/TR/WCAG22/#pause-stop-hide>).
#[must_use]
pub fn status(sight: &Sight, stands: &Standing, (query, acts): (&str, bool), again: bool) -> String {
    let title = format!("{} replaces {}", sight.migration.input.green.cluster, sight.migration.input.blue.cluster);
    let body = html! {
        p.quiet {
            "Migration " (sight.migration.name()) ", " (sight.migration.input.gateway.told())
            ", since " (brief(sight.meta.opened_at))
        }
        p { strong { (stands.headline) "." } " " (stands.waiting) }
        label for="share" { "Traffic on green: " (stands.share) " %" }
        progress id="share" max="100" value=(stands.share) { (stands.share) " %" }
        p { "Way back. " (stands.way_back) }
        @if acts { (deeds(sight, query)) }
        h2 { "What comes next" }
        (parts(stands))
        h2 { "Phases" }
        (phases(&sight.runs, sight.now))
        h2 { "Audit" }
        (audit(&sight.events, sight.meta.events))
        h2 { "Files" }
        ul {
            @for file in NAMES { li { a href={ "?" (query) "&file=" (file) } download { (file) } } }
        }
        p.quiet {
            "As of " (brief(sight.now)) ". "
            @if again { "The page asks again every " (REFRESH) " seconds. " a href={ "?" (query) "&again=no" } { "Let it rest" } }
            @else if !stands.over { a href={ "?" (query) } { "Let the page ask again every " (REFRESH) " seconds" } }
        }
    };
    document(&title, &body)
}

/// What can be done now, each behind a page that asks once more.
fn deeds(sight: &Sight, query: &str) -> Markup {
    let possible: Vec<Deed> = Deed::VARIANTS.iter().copied().filter(|deed| deed.is_possible(sight)).collect();
    html! {
        @if !possible.is_empty() {
            h2 { "What you can do" }
            ul.deeds {
                @for deed in possible {
                    li { a href={ "?" (query) "&do=" (deed.name()) } { (label(deed, &sight.migration)) } }
                }
            }
        }
    }
}

fn parts(stands: &Standing) -> Markup {
    html! {
        ol {
            @for (part, what) in Part::ALL {
                @if stands.part == Some(part) { li aria-current="step" { strong { (what) } ", under way" } }
                @else if stands.part.is_some_and(|current| part < current) { li.quiet { (what) ", done" } }
                @else { li { (what) } }
            }
        }
    }
}

fn phases(runs: &[Run], now: jiff::Timestamp) -> Markup {
    html! {
        @if runs.is_empty() { p { "None has run yet." } } @else {
            table {
                thead { tr { th scope="col" { "Phase" } th scope="col" { "Began" } th scope="col" { "Took" } th scope="col" { "Tries" } } }
                tbody {
                    @for run in runs {
                        tr {
                            th scope="row" { (run.phase) }
                            td { (brief(run.started_at)) }
                            td { (took(run, now)) }
                            td { (run.attempts) }
                        }
                    }
                }
            }
        }
    }
}

/// How long a phase took from its first to its last run, or takes since.
pub(crate) fn took(run: &Run, now: jiff::Timestamp) -> String {
    if run.running {
        return format!("{}, runs now", span(now.duration_since(run.started_at)));
    }
    run.ended_at.map_or_else(|| "not ended".to_owned(), |end| span(end.duration_since(run.started_at)))
}

fn audit(events: &[Event], all: u64) -> Markup {
    html! {
        @if (events.len() as u64) < all { p.quiet { "The last " (events.len()) " of " (all) " entries, the newest first." } }
        table {
            thead { tr { th scope="col" { "When" } th scope="col" { "What" } th scope="col" { "Who" } } }
            tbody {
                @for event in events.iter().rev() {
                    tr { td { (brief(event.at)) } td.wide { (event.what) (detail(event)) } td { (event.by) } }
                }
            }
        }
    }
}

/// What an event was about, in a few words; nothing where its name says all.
pub(crate) fn detail(event: &Event) -> String {
    let evidence = &event.evidence;
    if let Some(key) = evidence["key"].as_str() {
        return format!(": {}", key.trim_start_matches("RESOURCE#").replace('#', " "));
    }
    if let Some(findings) = evidence["findings"].as_str().filter(|findings| !findings.is_empty()) {
        return format!(": {findings}");
    }
    let question = evidence["question"].as_str().unwrap_or_default();
    if let (Some(decision), Some(by)) = (evidence["answer"]["decision"].as_str(), evidence["answer"]["by"].as_str()) {
        let comment = evidence["answer"]["comment"].as_str().filter(|comment| !comment.is_empty());
        return format!(
            ": {question} {decision} by {by}{}",
            comment.map(|text| format!(", “{text}”")).unwrap_or_default()
        );
    }
    match (question, evidence["share"].as_u64()) {
        ("", Some(share)) => format!(": {share} % on green"),
        ("", None) => String::new(),
        (question, _) => format!(": {question}"),
    }
}

#[cfg(test)]
mod tests;
