//! How long and how much: timeouts, polls, histories.

use crate::{each_task, seconds};
use domain::input::{LONGEST_CUTOVER, LONGEST_WAIT};
use end_to_end::{machine::Machine, project};

/// Events that one attempt at a Lambda task leaves in the history: scheduled, started, failed.
const EVENTS_OF_AN_ATTEMPT: u64 = 3;

/// An execution fails when its history has 25,000 events
/// (<https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>). A fifth is kept back for redrives, which
/// go on in the same history.
const MOST_EVENTS: u64 = 20_000;

#[test]
fn a_token_task_has_a_literal_net_below_every_deadline_of_the_input() {
    let day = 86_400;
    each_task(|machine, state| {
        let place = format!("{} {}", machine.name, state.name);
        let token = &state.definition["Arguments"]["Payload"]["taskToken"];
        if state.waits_for_a_token() {
            assert_eq!(seconds(&state.definition["TimeoutSeconds"]), LONGEST_WAIT.as_secs() + day, "{place}");
            assert_eq!(token, "{% $states.context.Task.Token %}", "{place}");
        } else {
            assert!(token.is_null(), "{place} takes a token and does not wait for it");
            assert!(state.definition["TimeoutSeconds"].is_null(), "{place}: Lambda bounds it already");
        }
    });
}

#[test]
fn no_machine_outlives_its_longest_way() {
    let token = LONGEST_WAIT.as_secs() + 86_400;
    let limit = |name| seconds(&Machine::read(name).definition["TimeoutSeconds"]);
    assert!(limit("migrate") > 2 * token + LONGEST_CUTOVER.as_secs() + 86_400, "approval, switch, bake and building");
    assert!(limit("migrate") < 365 * 86_400, "an execution lives for a year at most");
    assert!(limit("cleanup") > token + 86_400 && limit("cleanup") < 2 * token);
    assert!(limit("rollback") <= 86_400, "nobody waits longer than a day to go back");
}

#[test]
fn the_guard_polls_for_as_long_as_a_step_may_be_watched() {
    let machine = Machine::read("migrate");
    let watched = machine.state("Guard").waits(0, 1.0);
    assert!(watched > std::time::Duration::from_secs(LONGEST_CUTOVER.as_secs()).as_secs_f64(), "{watched} s");
}

/// Every retrier of every state is used up in every visit, but for the guard's polls: the deadline of the switch as a whole
/// bounds them, one a minute after the first eight of each step.
#[test]
fn no_execution_can_run_out_of_history() {
    let schema = project::json("statemachine/input.schema.json");
    let steps = schema["properties"]["cutover"]["properties"]["steps"]["maxItems"].as_u64().unwrap();
    for machine in Machine::all() {
        let mut attempts = 0;
        for state in machine.states() {
            attempts += match (machine.name, state.name) {
                ("migrate", "ShiftTraffic") => (state.attempts(0) + state.attempts(1)) * steps,
                ("migrate", "Guard") => LONGEST_CUTOVER.as_secs() / 60 + (8 + state.attempts(1)) * steps,
                _ => state.attempts(0) + state.attempts(1),
            };
        }
        // Entered and exited, and the first attempt's events of each.
        let visits = machine.states().len() as u64 + 3 * steps;
        let events = attempts * EVENTS_OF_AN_ATTEMPT + visits * (2 + EVENTS_OF_AN_ATTEMPT);
        assert!(events < MOST_EVENTS, "{} can leave {events} events", machine.name);
        println!("{}: at most {events} events", machine.name);
    }
}
