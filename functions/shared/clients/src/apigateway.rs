//! Amazon API Gateway's control plane: for REST APIs here (<https://docs.aws.amazon.com/apigateway/latest/api/API_Operations.html>), for
//! HTTP APIs in `http`. `kind` tells them apart.

mod apis;
mod convert;
mod http;
mod kind;
mod links;
#[cfg(test)]
mod members;
mod plans;
mod stages;
#[cfg(test)]
mod tests;

use crate::{Account, error::code};
use aws_config::SdkConfig;
use aws_sdk_apigateway::Client;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::http::Response;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use domain::PhaseError;
use std::time::Duration;

/// The most that a page of API Gateway holds.
const PAGE: i32 = 500;

/// The longest that a create, an import, an export or an overwrite of a large API is waited for. AWS publishes no figure;
/// 400 methods took about 30 seconds to import, and as long to deploy (<https://github.com/serverless/serverless/issues/963>).
const LONG: Duration = Duration::from_mins(2);

/// The time between two changes of a loop: eight a second. The control plane takes ten, for everybody in the account
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>).
const GAP: Duration = Duration::from_millis(125);

fn client(account: &Account) -> Client {
    Client::new(account.config())
}

/// For reads that take long.
fn patient(account: &Account) -> Client {
    Client::new(&waiting(account))
}

/// For calls that have another effect when they are sent twice: a second deployment, API or link, or a patch that does not fit any
/// more. What had no answer is looked for by the phase before it is asked for again.
fn once(account: &Account) -> Client {
    Client::new(&untried(account))
}

/// With the time for calls that take long.
fn waiting(account: &Account) -> SdkConfig {
    let timeouts = account.config().timeout_config().map(TimeoutConfig::to_builder).unwrap_or_default();
    let timeouts = timeouts.operation_attempt_timeout(LONG).build();
    account.config().to_builder().timeout_config(timeouts).build()
}

/// With that time, and without retries.
fn untried(account: &Account) -> SdkConfig {
    waiting(account).into_builder().retry_config(RetryConfig::disabled()).build()
}

/// API Gateway's refusals that say that something else stands in the way are `Conflict`; everything else is as usual.
fn refusal<E: ProvideErrorMetadata>(context: &str, error: &SdkError<E, Response>) -> PhaseError {
    let phase_error = crate::error::phase_error(context, error);
    match code(error) {
        _ if phase_error.condition.is_retried() => phase_error,
        "ConflictException" | "BadRequestException" => PhaseError::conflict(phase_error.message),
        _ => phase_error,
    }
}

/// A read of something that may not exist.
fn found<T, E: ProvideErrorMetadata>(
    context: &str,
    answer: Result<T, SdkError<E, Response>>,
) -> Result<Option<T>, PhaseError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if code(&error) == "NotFoundException" => Ok(None),
        Err(error) => Err(crate::error::phase_error(context, &error)),
    }
}

/// A delete of something that may be gone.
fn gone<T, E: ProvideErrorMetadata>(context: &str, answer: Result<T, SdkError<E, Response>>) -> Result<(), PhaseError> {
    match answer {
        Ok(_) => Ok(()),
        Err(error) if code(&error) == "NotFoundException" => Ok(()),
        Err(error) => Err(refusal(context, &error)),
    }
}
