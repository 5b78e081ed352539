//! From an event to an answer: a browser at the function URL, or a call.

use crate::{answer, http, http::Visit, page, settle};
use aws_lambda_events::lambda_function_urls::LambdaFunctionUrlRequest;
use domain::{
    Condition, Direction, Invocation, PhaseError,
    approval::Call,
    ports::{
        Approvals, Clock, Ledger, Migrations, Schedules, Signatures, Tokens,
        migrations::{Life, Meta},
    },
    resources::schedule::{self, Occasion},
};
use serde_json::{Value, json};

/// The ports of this function.
pub trait Ports: Ledger + Migrations + Approvals + Tokens + Schedules + Signatures + Clock {}

impl<T: Ledger + Migrations + Approvals + Tokens + Schedules + Signatures + Clock> Ports for T {}

/// Handles one event.
///
/// # Errors
/// For a call only, since a browser gets every error as a page: `InvalidInput` where the payload is no [`Call`] or its question
/// is not asked of people, `Refused` where nobody asked yet, and the errors of [`answer`] and [`settle`].
pub async fn handle<P: Ports>(ports: &P, event: Value, invocation: Invocation) -> Result<Value, PhaseError> {
    if event["requestContext"]["http"].is_object() {
        let request: LambdaFunctionUrlRequest = serde_json::from_value(event)
            .map_err(|error| PhaseError::invalid_input(format!("the function URL's event cannot be read: {error}")))?;
        let Some(visit) = Visit::read(&request) else {
            return Ok(http::answer(
                400,
                &page::notice("Not a link of Bascule", "Open the whole link from the message."),
            ));
        };
        return Ok(browse(ports, &visit, &invocation).await.unwrap_or_else(|error| apologise(&error)));
    }
    let call: Call = serde_json::from_value(event)
        .map_err(|error| PhaseError::invalid_input(format!("the call cannot be read: {error}")))?;
    let question = call.question()?;
    let (meta, migration) = ports.load(&call.migration_id, invocation.deadline).await?;
    let asked = ports.asked(&call.migration_id, question).await?.ok_or_else(|| {
        PhaseError::refused(format!("nobody asked about {} of {} yet", question.name(), call.migration_id))
    })?;
    if call.is_superseded(asked.number) {
        // Another question has taken the place of the one whose deadline this is.
        schedule::remove(ports, &migration, Occasion::Deadline(question, call.number.unwrap_or_default())).await?;
        return Ok(json!({ "superseded": true }));
    }
    if let Some(over) = over(&meta).filter(|_| !call.timeout) {
        return Err(PhaseError::refused(over));
    }
    let given = answer(&call, &asked, migration.input.approval.on_timeout, ports.now())?;
    let settled = settle(ports, &migration, &asked, &given).await?;
    Ok(json!({ "decision": settled.answer.decision.name(), "by": settled.answer.by, "heard": settled.heard }))
}

/// Why nothing is asked any more, whatever was asked or answered before.
fn over(meta: &Meta) -> Option<&'static str> {
    match (meta.direction, meta.life) {
        (Direction::Undo, _) => {
            Some("The migration was turned back: blue serves, and whatever was asked or answered is void.")
        }
        (Direction::Converge, Life::Ended) => Some("The migration has ended; nothing is asked any more."),
        (Direction::Converge, _) => None,
    }
}

async fn browse<P: Ports>(ports: &P, visit: &Visit, invocation: &Invocation) -> Result<Value, PhaseError> {
    let now = ports.now();
    let Visit { link, signature, form, caller } = visit;
    // Before KMS is asked, which costs money and time: anybody can call this.
    if now.as_second() > link.expires {
        return Ok(http::answer(
            410,
            &page::notice("Too late", "This link has expired. What was decided until then stands."),
        ));
    }
    if !ports.verify(&link.text(), signature).await? {
        return Ok(http::answer(403, &page::notice("Not a link of Bascule", "Its signature does not fit.")));
    }
    let (meta, migration) = ports.load(&link.migration, invocation.deadline).await?;
    let Some(asked) = ports.asked(&link.migration, link.question).await? else {
        return Ok(http::answer(404, &page::notice("Nothing is asked", "This question is not open.")));
    };
    if let Some(over) = over(&meta) {
        return Ok(http::answer(410, &page::notice("Over", over)));
    }
    if asked.digest != link.digest {
        let text = "What is to be approved has changed since this link was sent. Open the newer link.";
        return Ok(http::answer(409, &page::notice("Out of date", text)));
    }
    let (decision, given) = match (form, &asked.answer) {
        (None, None) => return Ok(http::answer(200, &page::question(&migration, &asked, None))),
        // The answer is there, and so a visit decides nothing. Where the execution has not heard of it, it does now.
        (None, Some(standing)) => (None, standing.clone()),
        (Some(form), _) => {
            let decided = Call::decided(&asked.id, asked.question, &link.digest, form.decision, &form.by);
            let call = Call { comment: form.comment.clone(), caller: caller.clone(), ..decided };
            (Some(form.decision), answer(&call, &asked, migration.input.approval.on_timeout, now)?)
        }
    };
    let settled = settle(ports, &migration, &asked, &given).await?;
    Ok(http::answer(
        200,
        &match decision {
            None => page::question(&migration, &asked, Some(&settled)),
            Some(_) => page::thanks(&settled),
        },
    ))
}

fn apologise(error: &PhaseError) -> Value {
    let status = match error.condition {
        Condition::InvalidInput => 400,
        Condition::Conflict | Condition::Refused | Condition::TurnedBack => 409,
        _ => 503,
    };
    tracing::warn!(%error, "the approval page answered with an error");
    http::answer(status, &page::notice("That did not work", &error.message))
}
