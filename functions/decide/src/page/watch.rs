//! What guards a migration, and what runs in one cluster only.

use crate::{checks::evidence, sight::Sight, standing};
use domain::approval::{Decision, Question};
use maud::{Markup, html};

/// The alarms, each with what it guards and what is known of its state: nothing here asks CloudWatch.
pub(super) fn alarms(sight: &Sight) -> Markup {
    let input = &sight.migration.input;
    let (steps, bake) = (&input.cutover.alarms, &input.bake.alarms);
    let mut all: Vec<&String> = steps.iter().chain(bake.iter().filter(|arn| !steps.contains(arn))).collect();
    all.dedup();
    html! {
        @if all.is_empty() { p { "None guards this migration: nothing but people, and the comparison of both sides, ends a bad switch." } }
        @else {
            ul {
                @for arn in all {
                    @let guards = match (steps.contains(arn), bake.contains(arn)) {
                        (true, true) => "each step and the watch after it",
                        (true, false) => "each step",
                        (false, _) => "the watch after the switch",
                    };
                    li { strong { (name(arn)) } " guards " (guards) (state(sight, arn)) }
                }
            }
        }
    }
}

/// An alarm's name, from its ARN.
fn name(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}

fn state(sight: &Sight, arn: &str) -> String {
    let bake = sight.question(Question::Bake);
    match bake.and_then(|asked| asked.answer.as_ref()) {
        Some(answer) if answer.decision == Decision::Rejected && (answer.by == arn || answer.comment.contains(arn)) => {
            return format!(": it ended the watch. {}", answer.comment);
        }
        None if bake.is_some() => return ": OK at every look so far, since the watch ends otherwise".to_owned(),
        _ => {}
    }
    let asked = sight.question(Question::Qualification).and_then(evidence);
    match asked.as_ref().and_then(|seen| seen.alarms.get(arn)) {
        Some(state) => format!(": {state} when people were asked"),
        None => String::new(),
    }
}

/// What runs in one cluster only, and in which; nothing where there is none.
pub(super) fn holds(sight: &Sight) -> Markup {
    let holds = standing::holds(sight);
    html! {
        @if !holds.is_empty() {
            h2 { "In one cluster only" }
            ul { @for (name, word) in holds { li { strong { (name) } " " (word) } } }
        }
    }
}
