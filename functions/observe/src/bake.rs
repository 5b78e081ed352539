//! The bake: blue is kept ready while green serves, until its time is over or an alarm breaks it.

use crate::look;
use domain::{
    Migration, Outcome, PhaseError, appointment,
    ports::{
        Alarms, Approvals, Ledger, Schedules, Tokens,
        approvals::{Answer, Asked, Decision, Question, TaskToken},
    },
};
use serde_json::json;

/// The name of the bake's end among the migration's appointments.
pub const END: &str = "bake-end";

/// Begins the bake. The order matters: first the token is stored and the alarms are watched, then they are read: an
/// alarm that fires in between is seen one way or the other.
///
/// # Errors
/// `GuardBreached` where an alarm is not OK now; whatever the ports answer.
pub async fn begin<P: Ledger + Alarms + Approvals + Schedules>(
    ports: &P,
    migration: &Migration,
    token: TaskToken,
    observe_arn: &str,
    now: jiff::Timestamp,
) -> Result<Outcome, PhaseError> {
    let alarms = &migration.input.bake.alarms;
    let end = appointment::make(
        ports,
        migration,
        END,
        migration.input.bake.duration.after(now),
        observe_arn,
        json!({ "migrationId": migration.id, "bakeEnds": true }),
    )
    .await?;
    let evidence = json!({ "alarms": alarms, "until": end });
    let asked = Asked {
        id: migration.id.clone(),
        question: Question::Bake,
        token,
        digest: Asked::digest_of(&migration.plan.digest(), &evidence),
        evidence,
        deadline: end,
        answer: None,
    };
    ports.ask(migration, &asked).await?;
    ports.watch(migration, alarms).await?;
    let complaints = look(ports, alarms).await?;
    if complaints.is_empty() {
        Ok(Outcome::done())
    } else {
        Err(PhaseError::guard_breached(format!("the bake cannot begin: {}", complaints.join("; "))))
    }
}

/// The bake's time is over, as its schedule says and the ledger confirms.
///
/// # Errors
/// `Refused` before its time; whatever the ports answer.
pub async fn end<P: Ledger + Alarms + Approvals + Schedules + Tokens>(
    ports: &P,
    migration: &Migration,
    now: jiff::Timestamp,
) -> Result<Outcome, PhaseError> {
    let Some(asked) = ports.asked(&migration.id, Question::Bake).await? else {
        return Err(PhaseError::refused("no bake has begun"));
    };
    // Scheduler keeps whole seconds: it may call up to one early.
    if now.as_second() < asked.deadline.as_second() {
        return Err(PhaseError::refused(format!("the bake lasts until {}", asked.deadline)));
    }
    let complaints = look(ports, &migration.input.bake.alarms).await?;
    settle(ports, migration, &asked, &complaints, "the end of the bake", now).await
}

/// An alarm that this migration watches has changed; `fired` says that the event itself tells of a state other than OK.
///
/// # Errors
/// Whatever the ports answer.
pub async fn alarm<P: Ledger + Alarms + Approvals + Schedules + Tokens>(
    ports: &P,
    migration: &Migration,
    arn: &str,
    fired: bool,
    now: jiff::Timestamp,
) -> Result<Outcome, PhaseError> {
    let Some(asked) = ports.asked(&migration.id, Question::Bake).await? else { return Ok(Outcome::done()) };
    let mut complaints = look(ports, &migration.input.bake.alarms).await?;
    if fired && complaints.is_empty() {
        complaints.push(format!("the alarm {arn} left OK, though it is OK again"));
    }
    if complaints.is_empty() {
        return Ok(Outcome::done());
    }
    settle(ports, migration, &asked, &complaints, arn, now).await
}

/// Stores how the bake ended, then lets the execution go on. The first answer stands.
async fn settle<P: Ledger + Approvals + Schedules + Tokens>(
    ports: &P,
    migration: &Migration,
    asked: &Asked,
    complaints: &[String],
    by: &str,
    now: jiff::Timestamp,
) -> Result<Outcome, PhaseError> {
    let decision = if complaints.is_empty() { Decision::Approved } else { Decision::Rejected };
    let answer = match &asked.answer {
        Some(known) => known.clone(),
        None => Answer { decision, by: by.to_owned(), comment: complaints.join("; "), at: now },
    };
    ports.answer(&asked.id, Question::Bake, &answer).await?;
    match answer.decision {
        Decision::Approved => ports.succeed(&asked.token, &json!({ "decision": answer.decision.name() })).await?,
        Decision::Rejected => {
            let why = PhaseError::guard_breached(format!("the bake was broken: {}", answer.comment));
            ports.fail(&asked.token, &why).await?
        }
    };
    ports.unwatch(&migration.id, &migration.input.bake.alarms).await?;
    appointment::cancel(ports, migration, END).await?;
    Ok(Outcome::done().with("decision", answer.decision.name()))
}
