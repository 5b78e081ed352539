//! What comes when, and which workloads stand still where.

use super::{Part, cleanup, open};
use crate::sight::Sight;
use domain::{
    Entry, Kind, Side, Status,
    approval::{Asked, Decision, Question},
    moment::{brief, span},
    plan::estimate::Branch,
    ports::migrations::Life,
};
use jiff::SignedDuration;

/// When a part comes, how long it takes, or how it ended, in a few words; nothing where its name says all.
pub(crate) fn when(part: Part, sight: &Sight) -> String {
    let input = &sight.migration.input;
    let estimate = &sight.migration.plan.estimate;
    match part {
        Part::Build if sight.question(Question::Qualification).is_none() => about(estimate.minutes_to_question()),
        Part::Qualify => match sight.question(Question::Qualification) {
            None => format!("people have {}", input.approval.timeout),
            Some(asked) => answered(asked),
        },
        Part::Prepare if sight.shift.is_none() => about(estimate.minutes(Branch::Switch)),
        Part::Build | Part::Prepare => String::new(),
        Part::Switch => match input.cutover.steps.as_slice() {
            [] | [_] => format!("all at once, watched for {}", input.cutover.step_duration),
            steps => {
                let steps: Vec<String> = steps.iter().map(ToString::to_string).collect();
                format!("in steps of {} %, each watched for {}", steps.join(", "), input.cutover.step_duration)
            }
        },
        Part::Bake => match open(sight, Question::Bake) {
            Some(asked) => format!("until {}", brief(asked.deadline)),
            None => format!("for {}", input.bake.duration),
        },
        Part::Keep if sight.meta.life == Life::Promoted => cleanup(sight).trim_end_matches('.').to_owned(),
        Part::Keep => format!("for {} after the bake", input.cleanup.after),
        Part::Delete if input.keeps_blue() => "the cluster is kept: only what was temporary goes".to_owned(),
        Part::Delete if input.cleanup.approval => "people are asked once more".to_owned(),
        Part::Delete => "without another question".to_owned(),
    }
}

fn about(minutes: u32) -> String {
    if minutes == 0 { String::new() } else { format!("about {}", span(SignedDuration::from_mins(minutes.into()))) }
}

fn answered(asked: &Asked) -> String {
    asked.answer.as_ref().map_or_else(
        || format!("until {}", brief(asked.deadline)),
        |answer| {
            let word = if answer.decision == Decision::Approved { "yes" } else { "no" };
            format!("{word} by {} on {}", answer.by, brief(answer.at))
        },
    )
}

/// Each workload that runs in one cluster only, and where it stands still, as the ledger says.
pub(crate) fn holds(sight: &Sight) -> Vec<(String, &'static str)> {
    let find = |side, name: &str| {
        let is_it = |entry: &&Entry| entry.is_of(side, Kind::Workload) && entry.key.name == name && entry.is_live();
        sight.entries.iter().filter(|entry| entry.detail["hold"] == true).find(is_it)
    };
    let status = |side, name: &str| find(side, name).map(|entry| entry.status);
    let told = |name: String| {
        let word = match (status(Side::Blue, &name), status(Side::Green, &name)) {
            (_, Some(Status::Present)) => "runs on green, suspended on blue",
            (_, Some(_)) => "suspended on blue, being resumed on green",
            (Some(Status::Present), _) => "suspended on both while it moves to green",
            (Some(_), _) => "being suspended on blue",
            (None, None) => "runs on blue, suspended on green until the switch",
        };
        (name, word)
    };
    sight.migration.plan.workloads.holds().map(|hold| told(hold.id.to_string())).collect()
}
