//! Runs a phase as a Lambda function: the only place that names errors to Step Functions.

use crate::Account;
use domain::{Condition, Invocation, Migration, Outcome, Payload, PhaseError, Step, Whole, invocation::reconcile};
use lambda_runtime::{Diagnostic, Error, LambdaEvent, service_fn};
use serde::{Serialize, de::DeserializeOwned};
use std::time::Duration;

/// Kept back of the Lambda's time, so that an error still reaches Step Functions under its own name.
const RESERVE: Duration = Duration::from_secs(3);

/// Serves a reconciler of one step: see [`reconcile`].
///
/// # Errors
/// Only where the Lambda runtime itself fails; the error of a phase goes to Step Functions.
pub async fn serve<C, U>(phase: &'static str, converge: C, undo: U) -> Result<(), Error>
where
    C: AsyncFn(&Account, &Migration) -> Result<Outcome, PhaseError>,
    U: AsyncFn(&Account, &Migration) -> Result<Outcome, PhaseError>,
{
    let converge = async |account: &Account, migration: &Migration, _: Whole| converge(account, migration).await;
    let undo = async |account: &Account, migration: &Migration, _: Whole| undo(account, migration).await;
    serve_steps(phase, converge, undo).await
}

/// Serves a reconciler with steps: see [`reconcile`].
///
/// # Errors
/// Only where the Lambda runtime itself fails; the error of a phase goes to Step Functions.
pub async fn serve_steps<C: Step, U: Step>(
    phase: &'static str,
    converge: impl AsyncFn(&Account, &Migration, C) -> Result<Outcome, PhaseError>,
    undo: impl AsyncFn(&Account, &Migration, U) -> Result<Outcome, PhaseError>,
) -> Result<(), Error> {
    serve_handler(phase, async |account: &Account, payload: Payload, invocation: Invocation| {
        reconcile(account, phase, &payload, &invocation, &converge, &undo).await
    })
    .await
}

/// Serves a handler that is no reconciler. Payloads that cannot be read are `InvalidInput` with the path.
///
/// # Errors
/// Only where the Lambda runtime itself fails.
pub async fn serve_handler<P, R>(
    phase: &'static str,
    handler: impl AsyncFn(&Account, P, Invocation) -> Result<R, PhaseError>,
) -> Result<(), Error>
where
    P: DeserializeOwned,
    R: Serialize,
{
    tracing_subscriber::fmt()
        .json()
        .with_current_span(false)
        .with_max_level(level(&std::env::var("AWS_LAMBDA_LOG_LEVEL").unwrap_or_default()))
        .without_time()
        .init();
    let account = Account::from_environment();
    let handler = &handler;
    let account = &account;
    lambda_runtime::run(service_fn(async move |event: LambdaEvent<serde_json::Value>| {
        let hard = jiff::Timestamp::try_from(event.context.deadline()).unwrap_or(jiff::Timestamp::MAX);
        let invocation = Invocation {
            request_id: event.context.request_id.clone(),
            deadline: hard.checked_sub(RESERVE).unwrap_or(hard),
            lease_until: hard,
        };
        let answer = match read(event.payload) {
            // Boxed: the nested futures of a phase are too deep for the compiler's layout queries otherwise.
            Ok(payload) => Box::pin(handler(account, payload, invocation)).await,
            Err(error) => Err(error),
        };
        answer.map_err(|error| diagnose(phase, error))
    }))
    .await
}

/// From which level on lines are logged: what Lambda's advanced logging controls ask for, as far as it is compiled in.
/// <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html>
fn level(wanted: &str) -> tracing::Level {
    match wanted {
        "FATAL" | "ERROR" => tracing::Level::ERROR,
        "WARN" => tracing::Level::WARN,
        _ => tracing::Level::INFO,
    }
}

fn read<P: DeserializeOwned>(payload: serde_json::Value) -> Result<P, PhaseError> {
    let mut track = serde_path_to_error::Track::new();
    P::deserialize(serde_path_to_error::Deserializer::new(payload, &mut track))
        .map_err(|error| PhaseError::invalid_input(format!("$.{}: {error}", track.path())))
}

/// The error as Step Functions matches it; also the one log line of a phase that did not end well.
fn diagnose(phase: &str, error: PhaseError) -> Diagnostic {
    if error.condition == Condition::NotReady {
        tracing::info!(phase, condition = %error.condition, "{}", error.message);
    } else {
        tracing::error!(phase, condition = %error.condition, "{}", error.message);
    }
    Diagnostic { error_type: error.condition.name().to_owned(), error_message: error.message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lambdas_log_level_says_what_is_logged_and_info_is_the_default() {
        use tracing::Level;
        for (wanted, expected) in [
            ("FATAL", Level::ERROR),
            ("ERROR", Level::ERROR),
            ("WARN", Level::WARN),
            ("INFO", Level::INFO),
            ("", Level::INFO),
        ] {
            assert_eq!(level(wanted), expected, "{wanted:?}");
        }
    }
}
