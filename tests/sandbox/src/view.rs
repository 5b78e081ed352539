//! The display on a terminal: the machines' states as a tree with bars, the share of the traffic, failures and latencies. Pure: lines of a
//! moment, none wider than the terminal, since a line that wraps is redrawn wrongly.

use std::time::Duration;

use crate::world::{BLUE, GREEN};

/// Characters of the bar of a state.
const NARROW: usize = 12;
/// Characters of the bar of the traffic, where there is room.
const WIDE: usize = 40;
/// Characters of what stands before and behind that bar.
const NAMES: usize = BLUE.len() + GREEN.len() + "   100 %".len();

/// The parts of a migration in order, each with the states of its machine that are shown below it.
const PARTS: [(Machine, &str, &[&str]); 7] = [
    (Machine::Migrate, "Plan", &["Preflight"]),
    (Machine::Migrate, "Build green", &["Provision", "AttachNodes", "DeployWorkloads", "ConnectEdge", "Validate"]),
    (Machine::Migrate, "Qualify", &["AwaitQualification", "CopyVolumes", "ValidateAgain"]),
    (Machine::Migrate, "Move traffic", &["PrepareCutover", "ShiftTraffic", "Guard", "SwapTemporary"]),
    (Machine::Migrate, "Watch green", &["Bake", "AdoptGreen", "HandoverTerraform", "ScheduleCleanup"]),
    (Machine::Migrate, "Go back", &["WayBack"]),
    (
        Machine::Cleanup,
        "Delete blue",
        &[
            "Guard",
            "AwaitCleanupApproval",
            "DeleteEdge",
            "DeleteNodes",
            "DeleteControlPlane",
            "DeleteNetwork",
            "Inventory",
        ],
    ),
];

/// The machine whose execution is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Machine {
    /// `bascule-migrate`.
    #[default]
    Migrate,
    /// `bascule-cleanup`.
    Cleanup,
}

/// A state that was entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// Its name.
    pub state: String,
    /// From its first entry to its last exit, or to now.
    pub took: Duration,
    /// Whether it goes on.
    pub running: bool,
}

/// What the traffic is like right now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Traffic {
    /// Requests sent so far.
    pub sent: u64,
    /// Requests that failed so far.
    pub failed: usize,
    /// Percent of the latest answers that were green's; nothing where neither cluster gave one.
    pub green: Option<f64>,
    /// Milliseconds that 95 % of the latest answers of blue and of green did not exceed, where they gave some.
    pub within: [Option<f64>; 2],
}

/// The lines of a moment, on a terminal of so many columns.
#[must_use]
pub fn lines(machine: Machine, visits: &[Visit], waiting: &str, traffic: &Traffic, columns: usize) -> Vec<String> {
    let reached = PARTS.iter().rposition(|(of, _, states)| *of == machine && visit(visits, states).is_some());
    let mut lines = Vec::new();
    for (index, (of, name, states)) in PARTS.iter().enumerate() {
        let seen: Vec<&Visit> =
            states.iter().filter_map(|state| visits.iter().find(|visit| visit.state == *state)).collect();
        // The cleanup has the whole migration behind it; the way back is no part of what comes.
        let is_past = *of != machine && machine == Machine::Cleanup;
        if *name == "Go back" && (seen.is_empty() || *of != machine) {
            continue;
        }
        let seen = if *of == machine { seen } else { Vec::new() };
        let done = if is_past { states.len() } else { seen.iter().filter(|visit| !visit.running).count() };
        let took: Duration = seen.iter().map(|visit| visit.took).sum();
        let took = if took.is_zero() { String::new() } else { format!(" {}", seconds(took)) };
        lines.push(format!("{name:<22} {}{took}", bar(done, states.len(), NARROW)));
        if reached == Some(index) {
            lines.extend(below(states, &seen, waiting));
        }
    }
    lines.extend(flow(traffic, columns));
    lines.into_iter().map(|line| cut(line, columns)).collect()
}

/// Who has the traffic, and how both sides answer.
fn flow(traffic: &Traffic, columns: usize) -> [String; 3] {
    let wide = WIDE.min(columns.saturating_sub(NAMES + 1));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a percentage"
    )]
    let filled = |green: f64| (green.clamp(0.0, 100.0) * wide as f64 / 100.0).round() as usize;
    let [within_blue, within_green] =
        traffic.within.map(|within| within.map_or_else(|| "no answers".to_owned(), |millis| format!("{millis:.1} ms")));
    [
        match traffic.green {
            Some(share) => {
                let green = filled(share);
                format!("{BLUE} {}{} {GREEN} {share:.0} %", "█".repeat(wide - green), "▒".repeat(green))
            }
            None => format!("{BLUE} {} {GREEN} no answers", "░".repeat(wide)),
        },
        format!("{} requests, {} failed", traffic.sent, traffic.failed),
        format!("95 % of the answers within: {BLUE} {within_blue}, {GREEN} {within_green}"),
    ]
}

/// The line, or its beginning with an ellipsis. The last column stays free: some terminals go to the next line there.
fn cut(line: String, columns: usize) -> String {
    let room = columns.saturating_sub(1);
    if line.chars().count() <= room {
        return line;
    }
    let mut short: String = line.chars().take(room.saturating_sub(1)).collect();
    short.push('…');
    short
}

fn visit<'a>(visits: &'a [Visit], states: &[&str]) -> Option<&'a Visit> {
    visits.iter().find(|visit| states.contains(&visit.state.as_str()))
}

/// The states of a part, as a tree below it.
fn below(states: &[&str], seen: &[&Visit], waiting: &str) -> Vec<String> {
    let last = states.len().saturating_sub(1);
    let line = |(index, state): (usize, &&str)| {
        let branch = if index == last { "└" } else { "├" };
        let found = seen.iter().find(|visit| visit.state == **state);
        let (filled, told) = match found {
            None => (bar(0, 1, NARROW), String::new()),
            Some(Visit { took, running: false, .. }) => (bar(1, 1, NARROW), format!(" {}", seconds(*took))),
            Some(Visit { took, running: true, .. }) => {
                // One line, whatever the message is.
                let waiting = waiting.split_whitespace().collect::<Vec<_>>().join(" ");
                let why = if waiting.is_empty() { waiting } else { format!(", waits: {waiting}") };
                ("▒".repeat(NARROW), format!(" {}{why}", seconds(*took)))
            }
        };
        format!("{branch} {:<20} {filled}{told}", *state)
    };
    states.iter().enumerate().map(line).collect()
}

fn bar(done: usize, all: usize, width: usize) -> String {
    let filled = (done * width).checked_div(all).unwrap_or(0).min(width);
    format!("{}{}", "█".repeat(filled), "░".repeat(width - filled))
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::collections::BTreeSet;

    fn visits(states: &[(&str, u64, bool)]) -> Vec<Visit> {
        let visit = |(state, seconds, running): &(&str, u64, bool)| Visit {
            state: (*state).to_owned(),
            took: Duration::from_secs(*seconds),
            running: *running,
        };
        states.iter().map(visit).collect()
    }

    #[test]
    fn the_tree_has_every_task_of_the_machines_but_that_of_the_operator() {
        for (machine, text) in [
            (Machine::Migrate, include_str!("../../../statemachine/migrate.asl.json")),
            (Machine::Cleanup, include_str!("../../../statemachine/cleanup.asl.json")),
        ] {
            let definition: Value = serde_json::from_str(text).unwrap();
            let states = definition["States"].as_object().unwrap().iter();
            let tasks: BTreeSet<&str> = states
                .filter(|(_, state)| ["Task", "Parallel"].contains(&state["Type"].as_str().unwrap()))
                .map(|(name, _)| name.as_str())
                .filter(|name| *name != "AskOperator")
                .collect();
            let shown = PARTS.iter().filter(|(of, ..)| *of == machine).flat_map(|(.., states)| states.iter().copied());
            assert_eq!(shown.collect::<BTreeSet<_>>(), tasks);
        }
    }

    #[test]
    fn what_is_done_is_full_what_runs_says_what_it_waits_for_and_what_comes_is_empty() {
        let visits = visits(&[("Preflight", 2, false), ("Provision", 9, false), ("AttachNodes", 3, true)]);
        let traffic = Traffic { sent: 1234, failed: 0, green: Some(25.0), within: [Some(12.34), None] };
        let lines = lines(Machine::Migrate, &visits, "targets are not healthy", &traffic, 120);
        assert_eq!(
            lines,
            [
                "Plan                   ████████████ 2.0 s",
                "Build green            ██░░░░░░░░░░ 12.0 s",
                "├ Provision            ████████████ 9.0 s",
                "├ AttachNodes          ▒▒▒▒▒▒▒▒▒▒▒▒ 3.0 s, waits: targets are not healthy",
                "├ DeployWorkloads      ░░░░░░░░░░░░",
                "├ ConnectEdge          ░░░░░░░░░░░░",
                "└ Validate             ░░░░░░░░░░░░",
                "Qualify                ░░░░░░░░░░░░",
                "Move traffic           ░░░░░░░░░░░░",
                "Watch green            ░░░░░░░░░░░░",
                "Delete blue            ░░░░░░░░░░░░",
                "shop-blue ██████████████████████████████▒▒▒▒▒▒▒▒▒▒ shop-green 25 %",
                "1234 requests, 0 failed",
                "95 % of the answers within: shop-blue 12.3 ms, shop-green no answers",
            ]
        );
    }

    #[test]
    fn the_way_back_is_shown_once_it_is_taken_and_the_cleanup_has_everything_behind_it() {
        let back = visits(&[("Preflight", 2, false), ("WayBack", 1, true)]);
        let lines = |machine, visits: &[Visit]| super::lines(machine, visits, "", &Traffic::default(), 80);
        assert!(lines(Machine::Migrate, &back).iter().any(|line| line.starts_with("└ WayBack")));
        let cleanup = lines(Machine::Cleanup, &visits(&[("Guard", 1, false), ("DeleteEdge", 1, true)]));
        assert!(cleanup[..5].iter().all(|line| line.ends_with("████████████")), "{cleanup:?}");
        assert!(cleanup.iter().any(|line| line.starts_with("├ DeleteEdge           ▒")), "{cleanup:?}");
        // Nobody has answered anything there, which is no share of blue's.
        assert!(cleanup.contains(&format!("shop-blue {} shop-green no answers", "░".repeat(40))), "{cleanup:?}");
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_and_none_breaks() {
        let visits = visits(&[("Preflight", 2, false), ("Provision", 9, true)]);
        let traffic = Traffic { sent: 123_456_789, failed: 1, green: Some(100.0), within: [Some(12_345.6), Some(1.0)] };
        let waiting = format!("control plane CREATING;\n{}", "node group general is CREATING; ".repeat(9));
        for columns in [10, 40, 80, 120] {
            let lines = lines(Machine::Migrate, &visits, &waiting, &traffic, columns);
            assert!(lines.iter().all(|line| line.chars().count() < columns && !line.contains('\n')), "{lines:?}");
        }
        let narrow = lines(Machine::Migrate, &visits, &waiting, &traffic, 80);
        assert!(narrow.iter().any(|line| line.starts_with("├ ") || line.ends_with('…')), "{narrow:?}");
        assert_eq!(narrow[narrow.len() - 3], format!("shop-blue {} shop-green 100 %", "▒".repeat(40)));
        // On a terminal of the usual height everything is in sight at once.
        assert!(narrow.len() < 24);
    }
}
