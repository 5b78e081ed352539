//! From an event to an answer: a browser at the function URL, or a call.

use crate::{
    answer, files, filing, http,
    http::{Form, Stray, Visit},
    page,
    page::{Sheet, Standing},
    settle, watching,
};
use aws_lambda_events::lambda_function_urls::LambdaFunctionUrlRequest;
use domain::{
    Condition, Direction, Invocation, Migration, MigrationId, PhaseError,
    approval::{Answer, Asked, Call, Code, Tried, code},
    ports::{
        Approvals, Audit, Clock, Executions, Files, Ledger, Migrations, Schedules, Settings, Signatures, StageMetrics,
        Tokens,
        migrations::{Life, Meta},
    },
    resources::schedule::{self, Occasion},
};
use serde_json::{Value, json};

/// The ports of this function.
pub trait Ports:
    Ledger
    + Migrations
    + Approvals
    + Audit
    + Tokens
    + Schedules
    + Executions
    + Signatures
    + StageMetrics
    + Files
    + Settings
    + Clock
{
}

impl<T> Ports for T where
    T: Ledger
        + Migrations
        + Approvals
        + Audit
        + Tokens
        + Schedules
        + Executions
        + Signatures
        + StageMetrics
        + Files
        + Settings
        + Clock
{
}

/// Handles one event.
///
/// # Errors
/// For a call only, since a browser gets every error as a page: `InvalidInput` where the payload is no [`Call`] or its question
/// is not asked of people, `Refused` where nobody asked yet, and the errors of [`answer`] and [`settle`]. A call with `show` answers
/// with a text and decides nothing, and an event of EventBridge files what it is about ([`filing::file`]).
pub async fn handle<P: Ports>(ports: &P, event: Value, invocation: Invocation) -> Result<Value, PhaseError> {
    if event["requestContext"]["http"].is_object() {
        let request: LambdaFunctionUrlRequest = serde_json::from_value(event)
            .map_err(|error| PhaseError::invalid_input(format!("the function URL's event cannot be read: {error}")))?;
        match http::Watcher::read(&request) {
            Ok(Some(watcher)) => {
                let seen = Box::pin(watching::browse(ports, &watcher, &invocation)).await;
                return Ok(seen.unwrap_or_else(|error| apologise(&error)));
            }
            Ok(None) => {}
            Err(stray) => return Ok(turned_away(stray)),
        }
        return Ok(match Visit::read(&request) {
            Ok(visit) => Box::pin(browse(ports, &visit, &invocation)).await.unwrap_or_else(|error| apologise(&error)),
            Err(stray) => turned_away(stray),
        });
    }
    // Of EventBridge alone, and of whoever may invoke the function: whatever a browser sends is in the request above.
    if event["detail-type"].is_string() {
        return Box::pin(filing::file(ports, event, &invocation)).await;
    }
    if event["show"].is_string() {
        return Box::pin(watching::show(ports, event, &invocation)).await;
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
    let mut said =
        json!({ "decision": settled.answer.decision.name(), "by": settled.answer.by, "heard": settled.heard });
    if settled.missing > 0 {
        said["missing"] = settled.missing.into();
    }
    Ok(said)
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

fn turned_away(stray: Stray) -> Value {
    let (status, title, text) = match stray {
        Stray::NoLink => (400, "Not a link of Bascule", "Open the whole link from the message."),
        Stray::OtherSite => (
            403,
            "Not from this page",
            "Another site sent this answer, and nothing was decided. Open the link from the message.",
        ),
        Stray::TooLarge => {
            (413, "Too long", "Nothing was decided. Go back and shorten the comment to 1,000 characters.")
        }
    };
    http::page(status, &page::notice(title, text))
}

async fn browse<P: Ports>(ports: &P, visit: &Visit, invocation: &Invocation) -> Result<Value, PhaseError> {
    let notice = |status, title: &str, text: &str| Ok(http::page(status, &page::notice(title, text)));
    let now = ports.now();
    let Visit { link, signature, form, .. } = visit;
    // Before KMS is asked, which costs money and time: anybody can call this.
    if now.as_second() > link.expires {
        return notice(410, "Too late", "This link has expired. What was decided until then stands.");
    }
    if !ports.verify(&link.text(), signature).await? {
        return notice(403, "Not a link of Bascule", "Its signature does not fit.");
    }
    let (meta, migration) = ports.load(&link.migration, invocation.deadline).await?;
    let Some(asked) = ports.asked(&link.migration, link.question).await? else {
        return notice(404, "Nothing is asked", "This question is not open.");
    };
    if let Some(over) = over(&meta) {
        return notice(410, "Over", over);
    }
    if asked.digest != link.digest {
        let text = "What is to be approved has changed since this link was sent. Open the newer link.";
        return notice(409, "Out of date", text);
    }
    if let (Some(file), None) = (&visit.file, form) {
        return Ok(files::of_question(file, &migration, &asked)?
            .unwrap_or_else(|| http::page(404, &page::notice("No such file", "This page has no file of that name."))));
    }
    let query = http::query(&link.parameters(signature));
    let standing = Standing::Open;
    let needed = migration.input.approval.approvers;
    let open = needed > 1 && asked.answer.is_none();
    let voices = if open { ports.voices(&asked.id, (asked.question, asked.number)).await? } else { Vec::new() };
    let sheet = Sheet {
        migration: &migration,
        opened_at: meta.opened_at,
        asked: &asked,
        voices: &voices,
        query: &query,
        now,
        standing,
    };
    let Some(form) = form else {
        // The answer is there, or enough people have said yes, and so a visit decides nothing. Where the execution has not heard of it,
        // it does now.
        let enough = voices.last().filter(|_| Answer::of(&voices, needed).is_some());
        let Some(standing) = asked.answer.as_ref().or(enough) else {
            return Ok(http::page(200, &page::question(&sheet)));
        };
        let settled = settle(ports, &migration, &asked, standing).await?;
        return Ok(http::page(200, &page::question(&Sheet { standing: Standing::Settled(&settled), ..sheet })));
    };
    let wrong = |status, why: &str| {
        let standing = Standing::Wrong(why, form);
        Ok(http::page(status, &page::question(&Sheet { standing, ..sheet })))
    };
    let given = match read(visit, form, &migration, &asked, now) {
        Ok(given) => given,
        Err(error) if error.condition == Condition::InvalidInput => return wrong(400, &error.message),
        Err(error) => return Err(error),
    };
    let tried = Tried::Answer(asked.question, asked.number);
    if let Typed::Wrong(status, why) = typed(ports, (&asked.id, tried), &link.code_text(), &form.code, now).await? {
        return wrong(status, why);
    }
    let settled = settle(ports, &migration, &asked, &given).await?;
    Ok(http::page(200, &page::thanks(&settled)))
}

/// The answer in the form, before anything is asked of KMS or the ledger for it.
fn read(
    visit: &Visit,
    form: &Form,
    migration: &Migration,
    asked: &Asked,
    now: jiff::Timestamp,
) -> Result<Answer, PhaseError> {
    let decided = Call::decided(&asked.id, asked.question, &visit.link.digest, form.decision, &form.by);
    let call = Call { comment: form.comment.clone(), caller: visit.caller.clone(), ..decided };
    answer(&call, asked, migration.input.approval.on_timeout, now)
}

/// What came of the code that was typed.
pub(crate) enum Typed {
    /// It is the one of the message.
    Right,
    /// It does not count: the page's status, and why.
    Wrong(u16, &'static str),
}

/// Counts the try before the code is known to be right or wrong: many at once would be tried for the price of one otherwise.
pub(crate) async fn typed<P: Approvals + Signatures>(
    ports: &P,
    (id, tried): (&MigrationId, Tried),
    code_text: &str,
    typed: &str,
    now: jiff::Timestamp,
) -> Result<Typed, PhaseError> {
    let Some(typed) = Code::read(typed) else {
        return Ok(Typed::Wrong(400, "A code has eight letters and digits: copy it from the message with the link."));
    };
    let window = now.as_second().div_euclid(code::WINDOW);
    if !ports.count_try(id, tried, window, code::MOST_TRIES).await? {
        tracing::warn!(?tried, migration = %id, "too many codes were tried");
        let why = "Too many codes were tried. Wait a quarter of an hour, or use the AWS CLI as the message says.";
        return Ok(Typed::Wrong(429, why));
    }
    let right = Code::of(&ports.sign(code_text).await?);
    if typed.is(&right) {
        return Ok(Typed::Right);
    }
    Ok(Typed::Wrong(403, "This is not the code of the message with this link."))
}

fn apologise(error: &PhaseError) -> Value {
    let status = match error.condition {
        Condition::InvalidInput => 400,
        Condition::Conflict | Condition::Refused | Condition::TurnedBack => 409,
        _ => 503,
    };
    tracing::warn!(%error, "the approval page answered with an error");
    http::page(status, &page::notice("That did not work", &error.message))
}
