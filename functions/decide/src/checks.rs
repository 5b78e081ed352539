//! What the evidence comes to, in a few lines with a mark each: what people read before they answer.

use domain::{
    Migration,
    approval::{Asked, Question},
    evidence::{Evidence, Smoke},
};
use serde_json::Value;

/// What a line says of its subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// It is as it should be.
    Passed,
    /// People should look at it before they say yes.
    Look,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What the evidence says.
    pub mark: Mark,
    /// Of what.
    pub subject: &'static str,
    /// In numbers.
    pub finding: String,
}

const fn passes(is_right: bool) -> Mark {
    if is_right { Mark::Passed } else { Mark::Look }
}

/// What people were shown about green, where this version can read it.
#[must_use]
pub fn evidence(asked: &Asked) -> Option<Evidence> {
    let seen = &asked.evidence["validate"]["evidence"];
    // What cannot be read stays to be downloaded, and the page says that it should be.
    if seen.is_object() { serde_json::from_value(seen.clone()).ok() } else { None }
}

/// The checks of a question.
#[must_use]
pub fn checks(migration: &Migration, asked: &Asked) -> Vec<Check> {
    if asked.question == Question::Cleanup {
        return before_deletion(migration, &asked.evidence["cleanup"]);
    }
    match evidence(asked) {
        Some(seen) => {
            vec![workloads(&seen), releases(&seen), targets(&seen), smoke(&seen), alarms(&seen), both(migration, &seen)]
        }
        None => vec![Check {
            mark: Mark::Look,
            subject: "Evidence",
            finding: "there is none that this page can read: look at the raw evidence below".to_owned(),
        }],
    }
}

fn workloads(seen: &Evidence) -> Check {
    let all = seen.workloads.len();
    let missing: Vec<&str> =
        seen.workloads.iter().filter(|(_, one)| one.green.is_none()).map(|(name, _)| name.as_str()).collect();
    let mut finding = match (all, missing.as_slice()) {
        (0, _) => "no workload was found".to_owned(),
        (_, []) => format!("{all} of {all} on green"),
        (_, missing) => format!("{} of {all} on green; missing: {}", all - missing.len(), missing.join(", ")),
    };
    if !seen.unready.is_empty() {
        let unready: Vec<&str> = seen.unready.keys().map(String::as_str).collect();
        finding = format!("{finding}; not ready: {}", unready.join(", "));
    }
    let is_right = all > 0 && missing.is_empty() && seen.unready.is_empty();
    Check { mark: passes(is_right), subject: "Workloads ready", finding }
}

fn releases(seen: &Evidence) -> Check {
    let gone: Vec<&str> =
        seen.workloads.iter().filter(|(_, one)| one.blue.is_none()).map(|(name, _)| name.as_str()).collect();
    let finding = if gone.is_empty() {
        "both clusters run the same".to_owned()
    } else {
        format!("not on blue, so not compared: {}", gone.join(", "))
    };
    Check { mark: passes(gone.is_empty()), subject: "Same releases", finding }
}

fn targets(seen: &Evidence) -> Check {
    let (healthy, all) =
        seen.targets.values().fold((0, 0), |(healthy, all), group| (healthy + group.healthy, all + group.targets));
    let finding = format!("{healthy} of {all} healthy behind green's load balancer");
    Check { mark: passes(all > 0 && healthy == all), subject: "Targets", finding }
}

fn smoke(seen: &Evidence) -> Check {
    let all = seen.smoke.len();
    let alike = seen.smoke.iter().filter(|one| one.is_alike()).count();
    let asked = seen.smoke.iter().all(|one| one.blue.is_some());
    let slower: Vec<String> = seen
        .smoke
        .iter()
        .filter(|one| one.blue.is_some() && one.green_millis > SLOWEST.max(one.blue_millis.saturating_mul(2)))
        .map(Smoke::what)
        .collect();
    let answered = match all {
        0 => "none was tried: neither the input nor the API has a path for it".to_owned(),
        _ if asked => format!("{alike} of {all} answered with blue's status"),
        _ => {
            format!("{alike} of {all} answered as expected; blue was not asked, since the API has no default endpoint")
        }
    };
    let finding = if slower.is_empty() {
        answered
    } else {
        format!("{answered}; green took more than twice as long for {}", slower.join(", "))
    };
    Check { mark: passes(all > 0 && alike == all && slower.is_empty()), subject: "Smoke requests", finding }
}

/// An answer within this time is not called slow, in milliseconds: a new connection alone may take it.
const SLOWEST: u32 = 250;

fn alarms(seen: &Evidence) -> Check {
    let not_ok: Vec<String> = seen
        .alarms
        .iter()
        .filter(|(_, state)| *state != "OK")
        .map(|(arn, state)| format!("{} is {state}", arn.rsplit(':').next().unwrap_or(arn)))
        .collect();
    let finding = match (seen.alarms.len(), not_ok.as_slice()) {
        (0, _) => "none guards this migration: nothing but people ends a bad switch".to_owned(),
        (all, []) => format!("{all} of {all} OK"),
        (all, not_ok) => format!("{} of {all} OK; {}", all - not_ok.len(), not_ok.join(", ")),
    };
    Check { mark: passes(!seen.alarms.is_empty() && not_ok.is_empty()), subject: "Alarms", finding }
}

fn both(migration: &Migration, seen: &Evidence) -> Check {
    let plan = &migration.plan.workloads;
    let (runs, holds) = (plan.runs().count(), plan.holds().count());
    let held = match holds {
        0 => "nothing is held".to_owned(),
        1 => "1 is suspended on green until the switch".to_owned(),
        _ => format!("{holds} are suspended on green until the switch"),
    };
    let only = seen.only_on_blue.count;
    let alone = match only {
        0 => String::new(),
        1 => "; 1 object is on blue only".to_owned(),
        _ => format!("; {only} objects are on blue only"),
    };
    let finding = format!("{runs} run in both clusters, {held}{alone}");
    Check { mark: passes(only == 0), subject: "In both clusters", finding }
}

fn before_deletion(migration: &Migration, seen: &Value) -> Vec<Check> {
    let green = &migration.input.green.cluster;
    let Some(flows) = seen["flows"].as_f64() else {
        return vec![Check {
            mark: Mark::Look,
            subject: "Guards",
            finding: "the ledger has no evidence of them: look at the raw evidence below".to_owned(),
        }];
    };
    let listed = seen["deletes"].as_array().map_or(0, Vec::len);
    let planned = migration.plan.deletes.len();
    vec![
        Check { mark: Mark::Passed, subject: "Bake", finding: format!("ended well; {green} serves") },
        Check {
            mark: Mark::Passed,
            subject: "References",
            finding: "no stage, canary or configuration of any API sends requests to blue".to_owned(),
        },
        Check {
            mark: passes(flows < 0.5),
            subject: "Flows",
            finding: format!("{flows:.0} on {}", migration.plan.edge.load_balancer.name),
        },
        Check {
            mark: passes(listed == planned),
            subject: "Deletions",
            finding: format!("{planned} resources of the approved plan, and nothing else"),
        },
    ]
}

#[cfg(test)]
mod tests;
