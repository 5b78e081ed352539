//! Every way through the state machines, run by the embedded account from the template, with stand-ins for the Lambdas that answer as
//! each case says. What the phases themselves do is tested elsewhere; this is the graph.

mod cases;
mod stand_in;

use self::cases::{Case, cases};
use self::stand_in::StandIns;
use libtest_mimic::Trial;
use sandbox::{
    aws::Aws,
    emulator::{Emulator, Settings, free_port},
    project::Project,
    python::Python,
    stack,
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The longest that a case may take; at the scale below the longest way takes about four seconds.
const PATIENCE: Duration = Duration::from_mins(1);

/// Waits and retry intervals are multiplied with this.
const WAIT_SCALE: f64 = 0.01;

/// What happened to an execution.
#[derive(Debug, PartialEq)]
struct Course {
    way: String,
    status: String,
    ends: String,
    rollbacks: Vec<String>,
}

struct Bench {
    aws: Aws,
    stack: stack::Stack,
    stand_ins: StandIns,
}

impl Bench {
    async fn states(&self, operation: &str, body: Value) -> Value {
        self.aws.json("states", &format!("AWSStepFunctions.{operation}"), &body).await.unwrap()
    }

    fn machine(&self, name: &str) -> &str {
        let output = format!("{}MachineArn", end_to_end::project::pascal(name));
        &self.stack.outputs[&output]
    }

    async fn describe(&self, execution: &str) -> Value {
        self.states("DescribeExecution", json!({ "executionArn": execution })).await
    }

    /// Runs a case to its end, answering tokens as it says.
    async fn run(&self, case: &Case) -> Course {
        self.stand_ins.answer(&case.answers);
        let before = self.rollbacks().await.len();
        let input =
            if case.machine == "migrate" { json!({}) } else { json!({ "migrationId": "m", "reason": "Requested" }) };
        let start = json!({ "stateMachineArn": self.machine(case.machine), "input": input.to_string() });
        let execution = self.states("StartExecution", start).await["executionArn"].as_str().unwrap().to_owned();
        let begin = Instant::now();
        let end = loop {
            assert!(begin.elapsed() < PATIENCE, "{}: {}", case.name, self.way(&execution).await);
            let now = self.describe(&execution).await;
            if now["status"] != "RUNNING" {
                break now;
            }
            if let Some((token, answer)) = self.stand_ins.token() {
                self.answer(&execution, &token, &answer).await;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        let started = if case.machine == "rollback" { 1 } else { case.rollbacks.len() };
        let mut rollbacks = self.rollbacks().await;
        while rollbacks.len() < before + started && begin.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(50)).await;
            rollbacks = self.rollbacks().await;
        }
        self.rest().await;
        let output: Value = end["output"].as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let ends = if end["status"] == "SUCCEEDED" { &output["outcome"] } else { &end["error"] };
        let reasons = rollbacks.into_iter().skip(before);
        Course {
            way: self.way(&execution).await,
            status: end["status"].as_str().unwrap_or_default().to_owned(),
            ends: ends.as_str().unwrap_or_default().to_owned(),
            rollbacks: if case.machine == "rollback" { Vec::new() } else { reasons.collect() },
        }
    }

    async fn answer(&self, execution: &str, token: &str, answer: &Value) {
        if answer["stop"] == true {
            self.states("StopExecution", json!({ "executionArn": execution })).await;
        } else if let Some(error) = answer["error"].as_str() {
            self.states("SendTaskFailure", json!({ "taskToken": token, "error": error, "cause": "as the case says" }))
                .await;
        } else {
            self.states("SendTaskSuccess", json!({ "taskToken": token, "output": answer.to_string() })).await;
        }
    }

    /// The states that an execution entered.
    async fn way(&self, execution: &str) -> String {
        let history =
            self.states("GetExecutionHistory", json!({ "executionArn": execution, "maxResults": 1000 })).await;
        let events = history["events"].as_array().into_iter().flatten();
        events.filter_map(|event| event["stateEnteredEventDetails"]["name"].as_str()).collect::<Vec<_>>().join(" ")
    }

    /// The executions of rollback, oldest first.
    async fn executions(&self) -> Vec<String> {
        let list = self.states("ListExecutions", json!({ "stateMachineArn": self.machine("rollback") })).await;
        let executions = list["executions"].as_array().into_iter().flatten();
        let mut executions: Vec<(f64, String)> = executions
            .map(|execution| {
                (execution["startDate"].as_f64().unwrap(), execution["executionArn"].as_str().unwrap().to_owned())
            })
            .collect();
        executions.sort_by(|left, right| left.0.total_cmp(&right.0));
        executions.into_iter().map(|(_, arn)| arn).collect()
    }

    /// The reasons that rollback was started with, oldest first.
    async fn rollbacks(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        for execution in self.executions().await {
            let input = self.describe(&execution).await["input"].as_str().unwrap().to_owned();
            reasons
                .push(serde_json::from_str::<Value>(&input).unwrap()["reason"].as_str().unwrap_or_default().to_owned());
        }
        reasons
    }

    /// Waits until no rollback runs any more, so that it does not answer to the next case.
    async fn rest(&self) {
        let begin = Instant::now();
        for execution in self.executions().await {
            while self.describe(&execution).await["status"] == "RUNNING" && begin.elapsed() < PATIENCE {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

pub(crate) fn trial() -> Trial {
    crate::trial("every_way_through_the_machines_ends_where_it_should", every_way)
}

async fn every_way() {
    let project = Project::locate().await.unwrap();
    let python = Python::prepare(&project, &|line| println!("{line}")).await.unwrap();
    let folder = stand_in::folder(&project);
    let port = free_port().unwrap();
    let endpoint = format!("http://127.0.0.1:{port}");
    let settings = Settings { port, endpoint: endpoint.clone(), execute_api: endpoint.clone(), wait_scale: WAIT_SCALE };
    let log = folder.join("ministack.log");
    let emulator = Emulator::start(&python, &settings, &folder, &log).await.unwrap();
    let aws = Aws::administrator(endpoint).unwrap();
    let stand_ins = StandIns::new(folder.clone());
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
    let packages = stand_ins.packages(&project.functions, &python.interpreter());
    let stack = stack::deploy(&aws, &project, &packages, &[("Architecture", architecture)], WAIT_SCALE).await.unwrap();
    let bench = Bench { aws, stack, stand_ins };
    let mut wrong = Vec::new();
    for case in cases() {
        let course = bench.run(&case).await;
        let expected = Course {
            way: case.way.to_owned(),
            status: case.status.to_owned(),
            ends: case.ends.to_owned(),
            rollbacks: case.rollbacks.iter().map(|&reason| reason.to_owned()).collect(),
        };
        if course != expected {
            wrong.push(format!("{}:\n  expected {expected:?}\n  found    {course:?}", case.name));
        }
    }
    emulator.stop().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Kept for whoever looks for the reason of a failure.
    std::fs::remove_dir_all(folder).unwrap();
}
