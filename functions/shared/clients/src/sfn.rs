//! Answers to waiting tasks, and executions, on AWS Step Functions
//! (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskSuccess.html>).

use crate::{Account, error::code, error::phase_error};
use aws_sdk_sfn::{Client, primitives::DateTime, types::ExecutionStatus};
use domain::{
    MigrationId, PhaseError, TaskToken,
    ports::{
        Executions, Tokens,
        executions::{MOST_RECENT, Recent, Standing},
    },
};
use serde_json::Value;

/// Codes that mean that the task waits no more: it timed out, was answered, or its execution has ended.
const NOBODY_WAITS: [&str; 3] = ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"];

/// `SendTaskFailure` takes a cause of at most 32,768 characters.
const LONGEST_CAUSE: usize = 32_000;

/// A time as Step Functions tells it, in whole seconds; the beginning of time where it tells none.
fn time(told: Option<&DateTime>) -> jiff::Timestamp {
    told.and_then(|at| jiff::Timestamp::new(at.secs(), 0).ok()).unwrap_or(jiff::Timestamp::MIN)
}

fn standing(status: &ExecutionStatus, stopped: Option<&DateTime>) -> Standing {
    match status {
        ExecutionStatus::Running | ExecutionStatus::PendingRedrive => Standing::Running,
        ExecutionStatus::Succeeded => Standing::Succeeded,
        status => Standing::Ended { status: status.as_str().to_owned(), at: time(stopped) },
    }
}

impl Tokens for Account {
    async fn succeed(&self, token: &TaskToken, output: &Value) -> Result<bool, PhaseError> {
        let client = Client::new(self.config());
        match client.send_task_success().task_token(token.reveal()).output(output.to_string()).send().await {
            Ok(_) => Ok(true),
            Err(error) if NOBODY_WAITS.contains(&code(&error)) => Ok(false),
            Err(error) => Err(phase_error("answering the waiting task", &error)),
        }
    }

    async fn fail(&self, token: &TaskToken, error: &PhaseError) -> Result<bool, PhaseError> {
        let cause: String = error.message.chars().take(LONGEST_CAUSE).collect();
        let call = Client::new(self.config()).send_task_failure().task_token(token.reveal());
        match call.error(error.condition.name()).cause(cause).send().await {
            Ok(_) => Ok(true),
            Err(error) if NOBODY_WAITS.contains(&code(&error)) => Ok(false),
            Err(error) => Err(phase_error("failing the waiting task", &error)),
        }
    }
}

impl Executions for Account {
    async fn standing(&self, id: &MigrationId) -> Result<Option<Standing>, PhaseError> {
        let client = Client::new(self.config());
        let found = match client.describe_execution().execution_arn(id.as_str()).send().await {
            Ok(found) => found,
            Err(error) if code(&error) == "ExecutionDoesNotExist" => return Ok(None),
            Err(error) => return Err(phase_error("looking at the execution", &error)),
        };
        Ok(Some(standing(found.status(), found.stop_date())))
    }

    async fn recent(&self) -> Result<Vec<Recent>, PhaseError> {
        let machine = self.setting("BASCULE_MIGRATE_MACHINE_ARN")?;
        let call = Client::new(self.config()).list_executions().state_machine_arn(machine);
        let most = i32::try_from(MOST_RECENT).unwrap_or(i32::MAX);
        let found = call.max_results(most).send().await;
        let found = found.map_err(|error| phase_error("listing the migrations", &error))?;
        let recent = found.executions().iter().map(|execution| Recent {
            id: MigrationId::new(execution.execution_arn()),
            started_at: time(Some(execution.start_date())),
            standing: standing(execution.status(), execution.stop_date()),
        });
        Ok(recent.collect())
    }

    async fn start_rollback(&self, name: &str, input: &Value) -> Result<bool, PhaseError> {
        let machine = self.setting("BASCULE_ROLLBACK_MACHINE_ARN")?;
        let call = Client::new(self.config()).start_execution().state_machine_arn(machine);
        match call.name(name).input(input.to_string()).send().await {
            Ok(_) => Ok(true),
            Err(error) if code(&error) == "ExecutionAlreadyExists" => Ok(false),
            Err(error) => Err(phase_error("starting the way back", &error)),
        }
    }
}

#[cfg(test)]
mod tests {
    //! Errors: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskSuccess.html#API_SendTaskSuccess_Errors>.

    use super::*;
    use crate::scenario::{Scenario, answer, fault};
    use domain::Condition;
    use serde_json::json;

    fn token() -> TaskToken {
        TaskToken::new("AAAAKgAAAAIAAAAA")
    }

    #[tokio::test]
    async fn a_task_succeeds_with_its_output_as_text_or_fails_under_the_conditions_name() {
        let scenario = Scenario::of([answer(200, "{}"), answer(200, "{}")]);
        let output = json!({ "decision": "approved" });
        assert_eq!(scenario.account.succeed(&token(), &output).await, Ok(true));
        let error = PhaseError::new(Condition::GuardBreached, "5".repeat(40_000));
        assert_eq!(scenario.account.fail(&token(), &error).await, Ok(true));

        assert_eq!(scenario.operations(), ["AWSStepFunctions.SendTaskSuccess", "AWSStepFunctions.SendTaskFailure"]);
        let sent = json!({ "taskToken": "AAAAKgAAAAIAAAAA", "output": r#"{"decision":"approved"}"# });
        assert_eq!(scenario.json(0), sent);
        let failed = scenario.json(1);
        assert_eq!(failed["error"], "GuardBreached");
        // https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskFailure.html: at most 32,768.
        assert!((1..=32_768).contains(&failed["cause"].as_str().unwrap().len()));
    }

    #[tokio::test]
    async fn nobody_waits_for_a_token_that_is_over_and_every_other_refusal_is_an_error() {
        for code in ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"] {
            let over = || fault(400, code, "Task Timed Out: 'Provided task does not exist anymore'");
            let scenario = Scenario::of([over(), over()]);
            assert_eq!(scenario.account.succeed(&token(), &json!({})).await, Ok(false), "{code}");
            assert_eq!(scenario.account.fail(&token(), &PhaseError::refused("no")).await, Ok(false), "{code}");
        }
        for (status, code, condition) in [
            (400, "InvalidOutput", Condition::Refused),
            (400, "ThrottlingException", Condition::Unavailable),
            (400, "AccessDeniedException", Condition::Denied),
            (503, "ServiceUnavailable", Condition::Unavailable),
        ] {
            let scenario = Scenario::of([fault(status, code, "no")]);
            let error = scenario.account.succeed(&token(), &json!({})).await.unwrap_err();
            assert_eq!(error.condition, condition, "{code}");
            assert!(!error.message.contains("AAAAKg"), "a token is in no message: {error}");
        }
    }

    #[tokio::test]
    async fn an_error_that_step_functions_cannot_be_told_of_is_still_the_answer() {
        let scenario = Scenario::of([fault(400, "AccessDeniedException", "no")]);
        let asked = Err(PhaseError::unavailable("telling people through SNS: Throttled"));
        let answer = domain::answered::answered(&scenario.account, &token(), asked.clone()).await;
        assert_eq!(answer, asked);
        assert_eq!(scenario.operations(), ["AWSStepFunctions.SendTaskFailure"]);
    }

    #[tokio::test]
    async fn an_execution_runs_has_ended_well_or_has_ended_badly_or_is_unknown() {
        let id = MigrationId::new("arn:aws:states:us-west-2:123456789012:execution:bascule-migrate:move");
        let ended = |status: &str| {
            Some(Standing::Ended { status: status.to_owned(), at: "2026-01-01T00:00:00Z".parse().unwrap() })
        };
        // https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
        for (status, expected) in [
            ("RUNNING", Some(Standing::Running)),
            ("PENDING_REDRIVE", Some(Standing::Running)),
            ("SUCCEEDED", Some(Standing::Succeeded)),
            ("FAILED", ended("FAILED")),
            ("TIMED_OUT", ended("TIMED_OUT")),
            ("ABORTED", ended("ABORTED")),
        ] {
            let found = json!({
                "executionArn": id, "stateMachineArn": "arn:aws:states:us-west-2:123456789012:stateMachine:bascule-migrate",
                "startDate": 1_767_222_000.0, "stopDate": 1_767_225_600.25, "status": status,
            });
            let scenario = Scenario::of([answer(200, found.to_string())]);
            assert_eq!(scenario.account.standing(&id).await, Ok(expected), "{status}");
            assert_eq!(scenario.json(0), json!({ "executionArn": id }));
        }
        let scenario = Scenario::of([fault(400, "ExecutionDoesNotExist", "Execution Does Not Exist")]);
        assert_eq!(scenario.account.standing(&id).await, Ok(None));
    }

    /// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html>.
    #[tokio::test]
    async fn the_latest_executions_of_the_migrate_machine_are_listed() {
        let machine = "arn:aws:states:us-west-2:123456789012:stateMachine:bascule-migrate";
        let execution = |name: &str, status: &str, stopped: Option<f64>| {
            json!({
                "executionArn": format!("arn:aws:states:us-west-2:123456789012:execution:bascule-migrate:{name}"),
                "stateMachineArn": machine, "name": name, "status": status, "startDate": 1_767_222_000.5, "stopDate": stopped,
            })
        };
        let executions = [execution("b", "RUNNING", None), execution("a", "FAILED", Some(1_767_225_600.0))];
        let scenario =
            Scenario::of([answer(200, json!({ "executions": executions, "nextToken": "more" }).to_string())]);
        let recent = scenario.account.recent().await.unwrap();
        let names: Vec<&str> = recent.iter().map(|one| one.id.name()).collect();
        assert_eq!(
            (names, scenario.json(0)),
            (vec!["b", "a"], json!({ "stateMachineArn": machine, "maxResults": 50 }))
        );
        let started: jiff::Timestamp = "2025-12-31T23:00:00Z".parse().unwrap();
        assert!(recent.iter().all(|one| one.started_at == started), "{recent:?}");
        let failed = Standing::Ended { status: "FAILED".to_owned(), at: "2026-01-01T00:00:00Z".parse().unwrap() };
        assert_eq!((&recent[0].standing, &recent[1].standing), (&Standing::Running, &failed));
    }

    #[tokio::test]
    async fn the_rollback_machine_is_started_once_under_a_name() {
        let started = json!({ "executionArn": "arn", "startDate": 1_767_222_000.0 });
        let again = fault(400, "ExecutionAlreadyExists", "Execution Already Exists");
        let scenario = Scenario::of([answer(200, started.to_string()), again]);
        let input = json!({ "migrationId": "arn" });
        assert_eq!(scenario.account.start_rollback("watch-0a", &input).await, Ok(true));
        assert_eq!(scenario.account.start_rollback("watch-0a", &input).await, Ok(false));
        let sent = json!({
            "stateMachineArn": "arn:aws:states:us-west-2:123456789012:stateMachine:bascule-rollback",
            "name": "watch-0a", "input": r#"{"migrationId":"arn"}"#,
        });
        assert_eq!(scenario.json(0), sent);
    }
}
