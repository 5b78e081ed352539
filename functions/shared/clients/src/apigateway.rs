//! Amazon API Gateway's control plane for REST APIs
//! (<https://docs.aws.amazon.com/apigateway/latest/api/API_Operations.html>).

mod apis;
mod convert;
mod links;
mod plans;
mod stages;
#[cfg(test)]
mod tests;

use crate::{Account, error::code};
use aws_sdk_apigateway::Client;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::http::Response;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use domain::PhaseError;

/// The most that a page of API Gateway holds.
const PAGE: i32 = 500;

fn client(account: &Account) -> Client {
    Client::new(account.config())
}

/// API Gateway's refusals that say that something else stands in the way are `Conflict`; everything else is as usual.
fn refusal<E: ProvideErrorMetadata>(context: &str, error: &SdkError<E, Response>) -> PhaseError {
    let phase_error = crate::error::phase_error(context, error);
    match code(error) {
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
