//! What folds out: workloads, smoke requests, what will be created, changed and deleted, the calls of the switch, cost, files.

use super::{chart, question::Sheet};
use domain::{
    approval::Question,
    document::Document,
    evidence::{Evidence, Smoke, Workload},
    plan::Planned,
    usd::dollars,
};
use maud::{Markup, html};
use std::collections::BTreeMap;

/// Rows of a list or table: more of them are in the files.
const ROWS: usize = 500;

pub(super) fn all(sheet: &Sheet<'_>, seen: &Evidence) -> Markup {
    let Sheet { migration, asked, .. } = sheet;
    let plan = Document::of(migration.name(), &migration.input, &migration.plan);
    let deletion = asked.question.deletion(&migration.input.cleanup);
    let changes: &[String] = if asked.question == Question::Cleanup { &[] } else { &plan.changes };
    let switch: &[String] = if asked.question == Question::Cleanup { &[] } else { plan.switch };
    html! {
        @if !seen.workloads.is_empty() {
            (fold("Workloads", seen.workloads.len(), &workloads(&seen.workloads)))
        }
        @if !seen.unready.is_empty() {
            (fold("Not ready on green", seen.unready.len(), &html! {
                ul { @for (name, why) in seen.unready.iter().take(ROWS) { li { (name) ": " (why) } } }
            }))
        }
        @if !seen.smoke.is_empty() { (fold("Smoke requests", seen.smoke.len(), &smoke(&seen.smoke))) }
        @if seen.only_on_blue.count > 0 {
            (fold("On blue only", seen.only_on_blue.count, &lines(seen.only_on_blue.names.iter().map(String::as_str))))
        }
        @if asked.question != Question::Cleanup && !plan.creates.is_empty() {
            (fold("Created by this migration", plan.creates.len(), &planned(plan.creates)))
        }
        @if !changes.is_empty() { (fold("Will be changed", changes.len(), &lines(changes.iter().map(String::as_str)))) }
        @if !plan.deletes.is_empty() { (fold(&deletion, plan.deletes.len(), &planned(plan.deletes))) }
        @if !switch.is_empty() {
            (fold("The exact calls of the switch", switch.len(), &html! { ol { @for call in switch { li { code { (call) } } } } }))
        }
        @if !plan.advice.is_empty() {
            (fold("To know", plan.advice.len(), &lines(plan.advice.iter().map(String::as_str))))
        }
        details { summary { "Cost, digest and files" } (cost(sheet)) (files(sheet)) }
    }
}

fn fold(title: &str, count: usize, body: &Markup) -> Markup {
    html! { details { summary { (title) " (" (count) ")" } (body) } }
}

fn lines<'a>(lines: impl Iterator<Item = &'a str>) -> Markup {
    html! { ul { @for line in lines.take(ROWS) { li { (line) } } } }
}

fn planned(list: &[Planned]) -> Markup {
    html! {
        ol {
            @for one in list.iter().take(ROWS) {
                li {
                    (one.kind) " " (one.name)
                    @if let Some(id) = one.id.as_ref().filter(|id| **id != one.name) { " " code.quiet { (id) } }
                }
            }
        }
        (rest(list.len()))
    }
}

fn rest(all: usize) -> Markup {
    html! { @if all > ROWS { p { "And " (all - ROWS) " more, in the files." } } }
}

fn workloads(workloads: &BTreeMap<String, Workload>) -> Markup {
    let count = |count: Option<i64>| count.map_or_else(|| "–".to_owned(), |count| count.to_string());
    html! {
        table {
            caption { "Pods that each side asks for" }
            thead { tr { th scope="col" { "Workload and images" } th scope="col" { "Blue" } th scope="col" { "Green" } } }
            tbody {
                @for (name, one) in workloads.iter().take(ROWS) {
                    tr {
                        th scope="row" {
                            (name)
                            @for image in one.images.iter().flatten() { br; code.quiet { (image) } }
                        }
                        td.number { @if one.blue.is_none() { "none" } @else { (count(one.blue_replicas)) } }
                        td {
                            (count(one.replicas))
                            @if let Some(ready) = one.ready { ", " (ready) " ready" }
                        }
                    }
                }
            }
        }
        (rest(workloads.len()))
    }
}

fn smoke(smoke: &[Smoke]) -> Markup {
    html! {
        (chart::latencies(smoke.get(..ROWS).unwrap_or(smoke)))
        table {
            caption { "Status and latency of one request to each side, with the handshake" }
            thead { tr { th scope="col" { "GET" } th scope="col" { "Blue" } th scope="col" { "Green" } } }
            tbody {
                @for one in smoke.iter().take(ROWS) {
                    tr {
                        th scope="row" { (one.what()) }
                        td {
                            @match one.blue {
                                Some(blue) => { (blue) " in " (one.blue_millis) " ms" }
                                None => { "not asked" }
                            }
                        }
                        td { (one.green) " in " (one.green_millis) " ms" }
                    }
                }
            }
        }
        (rest(smoke.len()))
    }
}

fn cost(Sheet { migration, opened_at, now, .. }: &Sheet<'_>) -> Markup {
    let estimate = &migration.plan.estimate;
    let cents = estimate.cents_per_day();
    let seconds = u64::try_from(now.duration_since(*opened_at).as_secs()).unwrap_or(0);
    html! {
        @if cents > 0 {
            p {
                "Two clusters side by side cost about " (dollars(cents)) " a day more, about " (dollars(cents * seconds / 86_400))
                " so far. How it comes to that:"
            }
            (lines(estimate.money(&migration.input).iter().map(String::as_str)))
        }
    }
}

fn files(Sheet { asked, query, .. }: &Sheet<'_>) -> Markup {
    html! {
        p { "Your answer is bound to the digest " code { (asked.digest) } "." }
        ul {
            @for (file, what) in [
                ("evidence.json", "the raw evidence"), ("plan.md", "the plan, to read"), ("plan.json", "the plan, for programs"),
            ] {
                li { a href={ "?" (query) "&file=" (file) } download { (file) } ", " (what) }
            }
        }
    }
}
