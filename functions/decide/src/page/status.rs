//! The page that says where a migration stands, with what people can do now. It decides nothing itself, and refreshes by itself, without a
//! script.

use super::{deed::label, document, question, watch};
use crate::{
    deed::Deed,
    files::NAMES,
    http::REFRESH,
    sight::Sight,
    standing::{Part, Standing, when},
};
use domain::{
    approval::Question,
    audit::{Event, Run},
    moment::{brief, span},
    ports::migrations::Life,
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
        @let (state, why) = stands.way_back.split_once([':', '.']).unwrap_or((&stands.way_back, ""));
        p class={ "until " (if state == "Open" { "back" } else if state == "Degraded" { "hurt" } else { "shut" }) } {
            strong { "Way back " (state.to_lowercase()) @if why.is_empty() { "." } @else { ":" } } (why)
        }
        @if acts { (deeds(sight, query)) }
        @if !stands.over && stands.part.is_some() { h2 { "What comes next" } (parts(sight, stands)) }
        h2 { "Alarms" }
        (watch::alarms(sight))
        (watch::holds(sight))
        h2 { "Phases" }
        (phases(sight))
        h2 { "Audit" }
        (audit(&sight.events, sight.meta.events))
        h2 { "Files" }
        ul {
            @for (file, what) in NAMES { li { a href={ "?" (query) "&file=" (file) } download { (file) } ", " (what) } }
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
    let mut asked = [Question::Cleanup, Question::Qualification].into_iter().filter_map(|which| sight.question(which));
    let open = asked.find(|asked| asked.answer.is_none() && sight.now < asked.deadline);
    html! {
        @if !possible.is_empty() || open.is_some() {
            h2 { "What you can do" }
            ul.deeds {
                @if let Some(asked) = open {
                    li { a.first href={ "?" (query) "&answer=open" } { "Answer: " (question::title(&sight.migration, asked.question)) } }
                }
                @for deed in possible {
                    li { a href={ "?" (query) "&do=" (deed.name()) } { (label(deed, &sight.migration)) } }
                }
            }
        }
    }
}

fn parts(sight: &Sight, stands: &Standing) -> Markup {
    html! {
        ol.parts {
            @for (part, what) in Part::ALL {
                @let when = when(part, sight);
                @let when = html! { @if !when.is_empty() { br; span.quiet { (when) } } };
                @if stands.part == Some(part) { li aria-current="step" { strong { (what) } ", under way" (when) } }
                @else if stands.part.is_some_and(|current| part < current) { li.quiet { (what) ", done" } }
                @else { li { (what) (when) } }
            }
        }
    }
}

fn phases(sight: &Sight) -> Markup {
    let runs = &sight.runs;
    html! {
        @if runs.is_empty() { p { "None has run yet." } } @else {
            table {
                thead { tr { th scope="col" { "Phase" } th scope="col" { "Began" } th scope="col" { "Took" } th scope="col" { "Tries" } } }
                tbody {
                    @for run in runs {
                        tr {
                            th scope="row" {
                                (run.phase)
                                @if let Some(said) = said(run, sight) { br; span.quiet { (said) } }
                            }
                            td { (brief(run.started_at)) }
                            td { (took(run, sight)) }
                            td { (run.attempts) }
                        }
                    }
                }
            }
        }
    }
}

/// What a phase waits for, or why its last invocation failed; nothing where it ended well.
pub(crate) fn said(run: &Run, sight: &Sight) -> Option<String> {
    let said = run.said.as_ref()?;
    if is_awaited(run, sight) {
        return Some(format!("waits: {}", said.message));
    }
    // What it waited for when the migration turned back or ended is over.
    (!said.condition.is_retried()).then(|| format!("{}: {}", said.condition, said.message))
}

fn is_awaited(run: &Run, sight: &Sight) -> bool {
    sight.meta.life != Life::Ended && run.waits_for(sight.meta.direction).is_some()
}

/// How long a phase took from its first to its last run, or takes since.
pub(crate) fn took(run: &Run, sight: &Sight) -> String {
    if run.running || is_awaited(run, sight) {
        let now = if run.running { ", runs now" } else { " so far" };
        return format!("{}{now}", span(sight.now.duration_since(run.started_at)));
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
