//! Answers to waiting tasks, on AWS Step Functions
//! (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskSuccess.html>).

use crate::{Account, error::code, error::phase_error};
use aws_sdk_sfn::Client;
use domain::{PhaseError, TaskToken, ports::Tokens};
use serde_json::Value;

/// Codes that mean that the task waits no more: it timed out, was answered, or its execution has ended.
const NOBODY_WAITS: [&str; 3] = ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"];

/// `SendTaskFailure` takes a cause of at most 32,768 characters.
const LONGEST_CAUSE: usize = 32_000;

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
}
