//! The resource policies of Lambda functions, on AWS Lambda
//! (<https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html>).

use crate::{
    Account,
    error::{code, phase_error},
};
use aws_sdk_lambda::Client;
use domain::plan::edge::InvokedFunction;
use domain::{PhaseError, ports::Functions};
use serde_json::Value;

/// Of a function, of its policy, and of a statement in it.
const GONE: &str = "ResourceNotFoundException";

/// Who invokes functions for REST APIs.
const API_GATEWAY: &str = "apigateway.amazonaws.com";

fn client(account: &Account) -> Client {
    Client::new(account.config())
}

/// The ARN without version or alias, which the calls take on their own.
fn unqualified(function: &InvokedFunction) -> &str {
    match function.qualifier() {
        Some(qualifier) => function.arn.strip_suffix(qualifier).unwrap_or(&function.arn).trim_end_matches(':'),
        None => &function.arn,
    }
}

impl Functions for Account {
    async fn is_permitted(&self, function: &InvokedFunction, statement: &str) -> Result<bool, PhaseError> {
        let context = format!("reading the policy of {}", function.arn);
        let call = client(self).get_policy().function_name(unqualified(function));
        let policy = match call.set_qualifier(function.qualifier().map(str::to_owned)).send().await {
            Ok(answer) => answer.policy.unwrap_or_default(),
            Err(error) if code(&error) == GONE => return Ok(false),
            Err(error) => return Err(phase_error(&context, &error)),
        };
        let policy: Value = serde_json::from_str(&policy)
            .map_err(|error| PhaseError::unavailable(format!("{context}: the answer is no JSON: {error}")))?;
        let statements = policy["Statement"].as_array().into_iter().flatten();
        Ok(statements.into_iter().any(|found| found["Sid"] == statement))
    }

    async fn permit(&self, function: &InvokedFunction, statement: &str, source_arn: &str) -> Result<(), PhaseError> {
        let context = format!("letting {source_arn} invoke {}", function.arn);
        let answer = client(self)
            .add_permission()
            .function_name(unqualified(function))
            .set_qualifier(function.qualifier().map(str::to_owned))
            .statement_id(statement)
            .action("lambda:InvokeFunction")
            .principal(API_GATEWAY)
            .source_arn(source_arn)
            .send()
            .await;
        match answer {
            Ok(_) => Ok(()),
            // "The resource already exists, or another operation is in progress": the next look tells which.
            Err(error) if code(&error) == "ResourceConflictException" => {
                Err(PhaseError::unavailable(phase_error(&context, &error).message))
            }
            Err(error) => Err(phase_error(&context, &error)),
        }
    }

    async fn forbid(&self, function: &InvokedFunction, statement: &str) -> Result<(), PhaseError> {
        let call = client(self).remove_permission().function_name(unqualified(function)).statement_id(statement);
        match call.set_qualifier(function.qualifier().map(str::to_owned)).send().await {
            Ok(_) => Ok(()),
            Err(error) if code(&error) == GONE => Ok(()),
            Err(error) => Err(phase_error(&format!("removing {statement} of {}", function.arn), &error)),
        }
    }
}

#[cfg(test)]
mod tests {
    //! Requests, answers and errors:
    //! <https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html>,
    //! <https://docs.aws.amazon.com/lambda/latest/api/API_GetPolicy.html>,
    //! <https://docs.aws.amazon.com/lambda/latest/api/API_RemovePermission.html>.

    use super::*;
    use crate::scenario::{Scenario, answer, fault};
    use domain::Condition;
    use serde_json::json;

    const SOURCE: &str = "arn:aws:execute-api:us-east-1:123456789012:temp1/*";

    fn function(end: &str) -> InvokedFunction {
        let arn = format!("arn:aws:lambda:us-east-1:123456789012:function:guard{end}");
        InvokedFunction { arn, ..InvokedFunction::default() }
    }

    /// As Lambda writes it (<https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html>).
    fn policy(sid: &str) -> String {
        let statement = json!({
            "Sid": sid, "Effect": "Allow", "Principal": { "Service": API_GATEWAY }, "Action": "lambda:InvokeFunction",
            "Resource": "arn:aws:lambda:us-east-1:123456789012:function:guard",
            "Condition": { "ArnLike": { "AWS:SourceArn": SOURCE } },
        });
        let policy = json!({ "Version": "2012-10-17", "Id": "default", "Statement": [statement] });
        json!({ "Policy": policy.to_string(), "RevisionId": "d3f0c0a1" }).to_string()
    }

    #[tokio::test]
    async fn a_statement_is_found_by_its_id_and_no_policy_has_none() {
        let gone = || fault(404, GONE, "The resource you requested does not exist.");
        let scenario = Scenario::of([answer(200, policy("mine")), answer(200, policy("other")), gone()]);
        let (live, plain) = (function(":live"), function(""));
        assert_eq!(scenario.account.is_permitted(&live, "mine").await, Ok(true));
        assert_eq!(scenario.account.is_permitted(&plain, "mine").await, Ok(false));
        assert_eq!(scenario.account.is_permitted(&plain, "mine").await, Ok(false));
        let path = "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Aguard/policy";
        let calls = scenario.lines();
        assert_eq!(calls[..2], [format!("GET {path}?Qualifier=live"), format!("GET {path}")]);
    }

    #[tokio::test]
    async fn api_gateway_may_invoke_for_one_source_and_no_more() {
        let scenario = Scenario::of([answer(201, "{}"), answer(204, ""), fault(404, GONE, "No policy is associated")]);
        assert_eq!(scenario.account.permit(&function(""), "mine", SOURCE).await, Ok(()));
        assert_eq!(scenario.account.forbid(&function(""), "mine").await, Ok(()));
        assert_eq!(scenario.account.forbid(&function(""), "mine").await, Ok(()));
        let expected = json!({
            "StatementId": "mine", "Action": "lambda:InvokeFunction", "Principal": API_GATEWAY, "SourceArn": SOURCE,
        });
        assert_eq!(scenario.json(0), expected);
        let deleted = &scenario.lines()[1];
        assert!(deleted.starts_with("DELETE ") && deleted.ends_with("/policy/mine"), "{deleted}");
    }

    #[tokio::test]
    async fn what_lambda_refuses_is_told_by_its_condition() {
        for (status, code, condition) in [
            (409, "ResourceConflictException", Condition::Unavailable),
            (429, "TooManyRequestsException", Condition::Unavailable),
            (500, "ServiceException", Condition::Unavailable),
            (404, GONE, Condition::Refused),
            (400, "PolicyLengthExceededException", Condition::Refused),
            (403, "AccessDeniedException", Condition::Denied),
        ] {
            let scenario = Scenario::of([fault(status, code, "no")]);
            let refused = scenario.account.permit(&function(""), "mine", SOURCE).await.unwrap_err();
            assert_eq!(refused.condition, condition, "{code}");
        }
    }
}
