//! Every state of the three machines runs on plausible data, well and failing, and every expression has a value.
#![cfg(test)]

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::rc::Rc;
use testing::states::{Answer, Api, Fault, Host, Invocation, Machine, Status, StepFunctions};

const MACHINES: [(&str, &str); 3] = [
    ("MigrateMachine", include_str!("../../../../statemachine/migrate.asl.json")),
    ("RollbackMachine", include_str!("../../../../statemachine/rollback.asl.json")),
    ("CleanupMachine", include_str!("../../../../statemachine/cleanup.asl.json")),
];

/// Functions that answer as the phases do.
#[derive(Clone, Default)]
struct Phases {
    api: Api,
    /// The machine and state whose function fails, under this error.
    fails: Option<(&'static str, String, &'static str)>,
    /// What people decide.
    decision: &'static str,
    dry_run: bool,
    ended: bool,
    keep: bool,
    /// The switch takes this many steps.
    steps: u32,
    told: Vec<String>,
}

impl Host for Phases {
    async fn invoke(&mut self, invocation: &Invocation) -> Answer {
        if let Some((machine, state, error)) = &self.fails
            && *state == invocation.state
            && invocation.execution.contains(machine)
        {
            return Err(Fault::function(*error, "for a reason")).into();
        }
        let converge = invocation.payload["direction"] == "converge";
        assert!(invocation.payload["migrationId"].is_string(), "{}", invocation.payload);
        if let Some(token) = invocation.payload["taskToken"].as_str() {
            self.api.send_task_success(token, json!({"decision": self.decision})).unwrap();
        }
        let step = invocation.payload["step"].as_str();
        Ok(match invocation.function.as_str() {
            "Preflight" if converge => json!({"dryRun": self.dry_run}),
            "ShiftTraffic" if converge && step.is_none() => {
                self.steps = self.steps.saturating_sub(1);
                json!({"share": 100 / (self.steps + 1), "complete": self.steps == 0})
            }
            "ShiftTraffic" if !converge => json!({"ended": self.ended, "keep": self.keep}),
            _ => json!({}),
        })
        .into()
    }

    async fn publish(&mut self, topic: &str, subject: &str, message: &str) -> Result<(), Fault> {
        assert_eq!(topic, "Topic");
        self.told.push(format!("{subject}: {message}"));
        Ok(())
    }
}

struct World {
    machines: Vec<(&'static str, Rc<Machine>)>,
    visited: BTreeSet<(String, String)>,
}

impl World {
    fn new() -> Self {
        let parse = |text| Rc::new(Machine::parse(text).unwrap_or_else(|error| panic!("{error}")));
        Self { machines: MACHINES.map(|(name, text)| (name, parse(text))).to_vec(), visited: BTreeSet::new() }
    }

    /// Runs one machine and returns its states, status and error's name.
    async fn run(&mut self, machine: &str, input: Value, phases: &Phases) -> (Vec<String>, Status, Option<String>) {
        let mut aws = StepFunctions::new("2026-01-01T00:00:00Z".parse().unwrap());
        for (name, machine) in &self.machines {
            aws.create(name, Rc::clone(machine));
        }
        let mut phases = Phases { api: aws.api(), ..phases.clone() };
        let arn = aws.api().start_execution(machine, "move", input).unwrap();
        aws.run(&mut phases).await;
        for execution in aws.executions() {
            assert!(
                !execution.history.contains(&"EvaluationFailed"),
                "{machine}: {:?} {:?}",
                execution.cause,
                execution.visited
            );
            assert_ne!(execution.status, Status::Running, "{machine}: {:?}", execution.visited);
            self.visited.extend(execution.visited.iter().map(|state| (execution.machine.clone(), state.clone())));
        }
        let execution = aws.execution(&arn).unwrap();
        (execution.visited.clone(), execution.status, execution.error.clone())
    }
}

fn approving() -> Phases {
    Phases { decision: "approved", steps: 3, ..Phases::default() }
}

fn id() -> Value {
    json!({"migrationId": "arn:aws:states:eu-central-1:123456789012:execution:bascule-migrate:move", "reason": "Requested"})
}

fn last(visited: &[String]) -> &str {
    visited.last().map_or("", String::as_str)
}

#[tokio::test]
async fn every_state_runs_well_and_failing() {
    let mut world = World::new();
    let migration = json!({"name": "move"});

    let ends = [
        (approving(), "GreenServes"),
        (Phases { dry_run: true, ..approving() }, "Planned"),
        (Phases { decision: "rejected", ..approving() }, "BlueServes"),
    ];
    for (phases, end) in ends {
        let (visited, status, _) = world.run("MigrateMachine", migration.clone(), &phases).await;
        assert_eq!((last(&visited), status), (end, Status::Succeeded));
    }
    let ways_back = [
        (approving(), "BlueServes"),
        (Phases { ended: true, ..approving() }, "NothingToDo"),
        (Phases { keep: true, ..approving() }, "BlueServes"),
    ];
    for (phases, end) in ways_back {
        let (visited, status, _) = world.run("RollbackMachine", id(), &phases).await;
        assert_eq!((last(&visited), status), (end, Status::Succeeded));
    }
    for (phases, end) in
        [(approving(), Status::Succeeded), (Phases { decision: "rejected", ..approving() }, Status::Failed)]
    {
        let (_, status, _) = world.run("CleanupMachine", id(), &phases).await;
        assert_eq!(status, end);
    }

    for (name, machine) in world.machines.clone() {
        for state in machine.state_names() {
            for (error, keep) in [("InvalidInput", false), ("NotReady", true)] {
                let phases = Phases { fails: Some((name, state.to_owned(), error)), keep, ..approving() };
                let input = if name == "MigrateMachine" { migration.clone() } else { id() };
                world.run(name, input, &phases).await;
            }
        }
        // The way back of a failing migration fails as well.
        if name == "RollbackMachine" {
            let phases = Phases {
                fails: Some((name, "ShiftTraffic".to_owned(), "InvalidInput")),
                decision: "rejected",
                ..approving()
            };
            let (visited, _, error) = world.run("MigrateMachine", migration.clone(), &phases).await;
            assert_eq!((last(&visited), error.as_deref()), ("Stranded", Some("OperatorNeeded")));
        }
    }

    let all: BTreeSet<(String, String)> = world
        .machines
        .iter()
        .flat_map(|(name, machine)| machine.state_names().map(|state| ((*name).to_owned(), state.to_owned())))
        .collect();
    assert_eq!(all.difference(&world.visited).collect::<Vec<_>>(), Vec::<&(String, String)>::new());
}

#[tokio::test]
async fn a_branch_that_fails_takes_the_way_back_under_its_own_error_after_its_sibling_has_ended() {
    let mut world = World::new();
    let phases = Phases { fails: Some(("MigrateMachine", "ProvisionNodes".to_owned(), "Denied")), ..approving() };

    let (visited, status, error) = world.run("MigrateMachine", json!({"name": "move"}), &phases).await;

    assert_eq!((status, error.as_deref()), (Status::Failed, Some("Denied")));
    assert!(visited.contains(&"ProvisionEdge".to_owned()));
    assert_eq!(visited[visited.len() - 4..], ["Provisioned?", "WayBack", "Rejected?", "Failed"]);
}
