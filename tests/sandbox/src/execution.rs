//! Starts a migration as a user does, and follows it and the executions that come of it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::aws::Aws;
use crate::error::{Context, Error, Result};
use crate::history::History;
use crate::stack::Stack;
use crate::world::eventually;

/// The machines of the stack.
#[derive(Clone, Debug)]
pub struct Machines {
    migrate: String,
    rollback: String,
    cleanup: String,
}

impl Machines {
    /// From the outputs of the template.
    ///
    /// # Errors
    /// When an output is missing.
    pub fn of(stack: &Stack) -> Result<Self> {
        let output = |name: &str| stack.outputs.get(name).cloned().context(name);
        Ok(Self {
            migrate: output("MigrateMachineArn")?,
            rollback: output("RollbackMachineArn")?,
            cleanup: output("CleanupMachineArn")?,
        })
    }

    /// Starts a migration and answers its ARN.
    ///
    /// # Errors
    /// When Step Functions refuses.
    pub async fn start(&self, aws: &Aws, name: &str, input: &Value) -> Result<String> {
        let question = json!({"stateMachineArn": self.migrate, "name": name, "input": input.to_string()});
        let answer = aws.json("states", "AWSStepFunctions.StartExecution", &question).await?;
        answer["executionArn"].as_str().map(str::to_owned).context("the execution's ARN")
    }

    /// Waits until an execution has ended.
    ///
    /// # Errors
    /// When that takes more than two minutes.
    pub async fn ended(&self, aws: &Aws, arn: &str) -> Result<History> {
        eventually(arn, async || {
            let history = History::read(aws, arn).await?;
            Ok((!history.running()).then_some(history))
        })
        .await
    }

    /// Stops an execution, as people do in the console.
    ///
    /// # Errors
    /// When Step Functions refuses.
    pub async fn stop(&self, aws: &Aws, arn: &str) -> Result<()> {
        let question = json!({"executionArn": arn, "error": "Stopped", "cause": "stopped by its operator"});
        aws.json("states", "AWSStepFunctions.StopExecution", &question).await.map(drop)
    }

    /// Waits until no way back runs and one of this migration has ended, and answers all of this migration.
    ///
    /// # Errors
    /// When that takes more than two minutes.
    pub async fn ways_back(&self, aws: &Aws, migration: &str) -> Result<Vec<History>> {
        eventually("the way back", async || {
            let all = self.consequences(aws).await?;
            let running = all.iter().any(History::running);
            let of_it =
                |history: &History| history.output.as_ref().is_some_and(|output| output["migrationId"] == migration);
            let ended: Vec<History> = all.into_iter().filter(of_it).collect();
            Ok((!running && !ended.is_empty()).then_some(ended))
        })
        .await
    }

    /// The histories of all executions of the way back and of the cleanup, oldest first.
    ///
    /// # Errors
    /// When Step Functions refuses.
    pub async fn consequences(&self, aws: &Aws) -> Result<Vec<History>> {
        let mut histories = Vec::new();
        for machine in [&self.rollback, &self.cleanup] {
            let answer =
                aws.json("states", "AWSStepFunctions.ListExecutions", &json!({"stateMachineArn": machine})).await?;
            for execution in answer["executions"].as_array().into_iter().flatten().rev() {
                histories.push(History::read(aws, execution["executionArn"].as_str().context("an ARN")?).await?);
            }
        }
        Ok(histories)
    }

    /// How many cleanups there were.
    ///
    /// # Errors
    /// When Step Functions refuses.
    pub async fn cleanups(&self, aws: &Aws) -> Result<usize> {
        let answer =
            aws.json("states", "AWSStepFunctions.ListExecutions", &json!({"stateMachineArn": self.cleanup})).await?;
        Ok(answer["executions"].as_array().map_or(0, Vec::len))
    }

    /// Waits until the cleanup that the schedule starts after so many earlier ones has ended.
    ///
    /// # Errors
    /// When no cleanup was started within a minute and a half, or it takes more than a quarter of an hour: people may have to delete
    /// something first.
    pub async fn cleanup(&self, aws: &Aws, earlier: usize, mut each: impl FnMut(&History)) -> Result<History> {
        let begin = Instant::now();
        loop {
            let all = self.consequences(aws).await?.into_iter();
            let cleanups = all.filter(|history| history.arn.contains(":bascule-cleanup:")).skip(earlier);
            match cleanups.last() {
                Some(history) => {
                    each(&history);
                    if !history.running() {
                        return Ok(history);
                    }
                }
                None if begin.elapsed() > Duration::from_secs(90) => {
                    return Err(Error::new("no schedule started the cleanup"));
                }
                None => {}
            }
            if begin.elapsed() > Duration::from_mins(15) {
                return Err(Error::new("the cleanup does not end"));
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}
