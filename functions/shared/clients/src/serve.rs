//! Runs a phase as a Lambda function: the only place that names errors to Step Functions.

use crate::Account;
use domain::{
    Condition, Direction, Migration, Outcome, Payload, PhaseError, ports::Migrations, ports::migrations::Life,
};
use lambda_runtime::{Diagnostic, Error, LambdaEvent, service_fn};
use serde::{Serialize, de::DeserializeOwned};
use std::time::Duration;

/// Kept back of the Lambda's time, so that an error still reaches Step Functions under its own name.
const RESERVE: Duration = Duration::from_secs(3);

/// Serves a reconciler: loads the migration, holds the phase's lease, and converges or undoes.
///
/// An undo turns the migration's direction first, which fences every phase that still converges; where the migration has ended
/// or never began there is nothing to undo, and the answer is `{"ended": true}`.
///
/// # Errors
/// Only where the Lambda runtime itself fails; what a phase answers goes to Step Functions.
pub async fn serve<C, U>(phase: &'static str, converge: C, undo: U) -> Result<(), Error>
where
    C: AsyncFn(&Account, &Migration) -> Result<Outcome, PhaseError>,
    U: AsyncFn(&Account, &Migration) -> Result<Outcome, PhaseError>,
{
    serve_handler(phase, async |account: &Account, payload: Payload, invocation: Invocation| {
        reconcile(account, phase, &payload, &invocation, &converge, &undo).await
    })
    .await
}

/// One invocation of a reconciler: what [`serve`] does for each event.
///
/// # Errors
/// `NotReady` while another copy runs, `Conflict` where the migration goes the other way; whatever the phase answers.
pub async fn reconcile<C, U>(
    account: &Account,
    phase: &str,
    payload: &Payload,
    invocation: &Invocation,
    converge: &C,
    undo: &U,
) -> Result<Outcome, PhaseError>
where
    C: AsyncFn(&Account, &Migration) -> Result<Outcome, PhaseError>,
    U: AsyncFn(&Account, &Migration) -> Result<Outcome, PhaseError>,
{
    if payload.direction == Direction::Undo && !turned_back(account, payload).await? {
        return Ok(Outcome::done().with("ended", true));
    }
    // The lease comes first: what is loaded after it is what the copy before has left.
    let lease = account.lease(&payload.migration_id, phase, &invocation.request_id, invocation.lease_until).await?;
    let step = payload.step.as_deref().unwrap_or_default();
    let answer = match account.load(&payload.migration_id, step, invocation.deadline).await {
        Err(error) => Err(error),
        Ok((_, migration)) if migration.direction != payload.direction => Err(PhaseError::conflict(format!(
            "the migration goes the other way ({}); this {} of {phase} changed nothing",
            migration.direction, payload.direction
        ))),
        Ok((_, migration)) => match payload.direction {
            Direction::Converge => Box::pin(converge(account, &migration)).await,
            Direction::Undo => Box::pin(undo(account, &migration)).await.map(|outcome| outcome.with("ended", false)),
        },
    };
    if let Err(error) = account.release(&lease).await {
        tracing::warn!(%error, "the lease ends at its deadline instead");
    }
    answer
}

/// Whether there is anything to undo; turns the direction where this undo is the first.
async fn turned_back(account: &Account, payload: &Payload) -> Result<bool, PhaseError> {
    match account.meta(&payload.migration_id).await? {
        None => Ok(false),
        Some(meta) if meta.life == Life::Ended => Ok(false),
        Some(_) => account.turn_back(&payload.migration_id).await.map(|meta| meta.life != Life::Ended),
    }
}

/// What a handler is told of its invocation.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// AWS's id of the request.
    pub request_id: String,
    /// When the work must have ended.
    pub deadline: jiff::Timestamp,
    /// When AWS has certainly stopped this copy.
    pub lease_until: jiff::Timestamp,
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
    let account = Account::from_environment().await;
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
