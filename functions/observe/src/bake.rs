//! The bake: blue is kept ready while green serves, until its time is over or an alarm breaks it.

use crate::forward;
use crate::sight::{Sight, Verdict, judge};
use domain::{
    Direction, Duration, Migration, Outcome, PhaseError, Progress, TaskToken, alarms,
    approval::{Answer, Asked, Decision, Question},
    ports::{Alarms, Approvals, Ledger, Messages, Migrations, Schedules, Tokens, schedules::When},
    resources::schedule::{self, Occasion},
};
use serde_json::json;

/// Days after which the waiting state times out (`TimeoutSeconds` of Bake).
const NET: u64 = 31;

/// Who ended a bake whose stage somebody else changed.
const OTHERS: &str = "whoever moved the stage";

/// Begins the bake. The order matters: first the token is stored and the alarms are watched, then they are read: an
/// alarm that fires in between is seen one way or the other.
///
/// # Errors
/// `GuardBreached` where an alarm is not OK now; `Conflict` where the migration was turned back.
pub async fn begin<P: Ledger + Alarms + Approvals + Schedules>(
    ports: &P,
    migration: &Migration,
    token: TaskToken,
    observe_arn: &str,
    now: jiff::Timestamp,
) -> Result<Outcome, PhaseError> {
    forward(migration)?;
    let alarms = &migration.input.bake.alarms;
    let look = json!({ "migrationId": migration.id, "watch": Question::Bake.name() });
    let end = schedule::ensure(
        ports,
        migration,
        Occasion::BakeEnd,
        When::At(migration.input.bake.duration.after(now)),
        observe_arn,
        look.clone(),
    )
    .await?;
    let net = When::EveryMinuteUntil(Duration::from_days(NET).after(now));
    schedule::ensure(ports, migration, Occasion::BakeWatch, net, observe_arn, look).await?;
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
    let complaints = alarms::look(ports, alarms).await?;
    if complaints.is_empty() {
        Ok(Outcome::done())
    } else {
        Err(PhaseError::guard_breached(format!("the bake cannot begin: {}", complaints.join("; "))))
    }
}

/// Looks and acts: every minute, and when the bake's time is over. Nothing is looked at where no bake waits.
///
/// # Errors
/// `Refused` where no bake has begun; the errors of `look` and of [`judge`].
pub async fn watch<P: Ledger + Migrations + Approvals + Schedules + Tokens + Messages>(
    ports: &P,
    migration: &Migration,
    look: impl Future<Output = Result<Sight, PhaseError>> + Send,
    now: jiff::Timestamp,
) -> Result<Outcome, PhaseError> {
    // Rolled back: the bake was told, and the schedules are being deleted.
    if migration.direction == Direction::Undo {
        return Ok(Outcome::done());
    }
    let Some(asked) = ports.asked(&migration.id, Question::Bake).await? else {
        return Err(PhaseError::refused("no bake has begun"));
    };
    let sight = look.await?;
    if let Ok(released) = &sight.released {
        tell(ports, migration, released).await?;
    }
    let (decision, by, comment) = match judge(&sight, asked.deadline, now)? {
        Verdict::Wait | Verdict::Held if asked.answer.is_none() => return Ok(Outcome::done()),
        // Answered before, and killed before the execution heard of it: the first answer stands.
        Verdict::Wait | Verdict::Held | Verdict::End => (Decision::Approved, "the end of the bake", String::new()),
        Verdict::Broken(why) => (Decision::Rejected, "an alarm", why),
        Verdict::Moved(why) => (Decision::Rejected, OTHERS, why),
    };
    settle(ports, migration, &asked, Answer { decision, by: by.to_owned(), comment, at: now }).await
}

/// An alarm that this migration watches has changed; `fired` says that the event itself tells of a state other than OK. Breaks the
/// bake where one of its alarms is not OK, or where this one was not. Nothing is done where the migration was rolled back.
///
/// # Errors
/// Only those of the calls.
pub async fn alarm<P: Ledger + Migrations + Alarms + Approvals + Schedules + Tokens>(
    ports: &P,
    migration: &Migration,
    arn: &str,
    fired: bool,
    now: jiff::Timestamp,
) -> Result<Outcome, PhaseError> {
    if migration.direction == Direction::Undo {
        return Ok(Outcome::done());
    }
    let Some(asked) = ports.asked(&migration.id, Question::Bake).await? else { return Ok(Outcome::done()) };
    let mut complaints = alarms::look(ports, &migration.input.bake.alarms).await?;
    if fired && complaints.is_empty() {
        complaints.push(format!("the alarm {arn} left OK, though it is OK again"));
    }
    if complaints.is_empty() {
        return Ok(Outcome::done());
    }
    let comment = complaints.join("; ");
    settle(ports, migration, &asked, Answer { decision: Decision::Rejected, by: arn.to_owned(), comment, at: now })
        .await
}

/// Tells people of a release on one side only, once for each state of affairs.
async fn tell<P: Ledger + Messages>(ports: &P, migration: &Migration, released: &[String]) -> Result<(), PhaseError> {
    let known = ports.progress(migration, Progress::Observe).await?.unwrap_or_else(|| json!({ "released": [] }));
    let told = json!({ "released": released });
    if known == told {
        return Ok(());
    }
    if !released.is_empty() {
        let (blue, green) = (&migration.input.blue.cluster, &migration.input.green.cluster);
        let subject = format!("Bascule {}: a release reached one cluster only", migration.name());
        let text = format!(
            "While {green} is watched, this was released on one side only: {}.\n\nGoing back to {blue} would lose or bring it, so \
             the bake does not end until {blue} and {green} run the same. Release it on the other side too, or roll it back.\n",
            released.join("; ")
        );
        ports.publish(&subject, &text).await?;
    }
    ports.save_progress(migration, Progress::Observe, told).await
}

/// Stores how the bake ended, then lets the execution go on. The first answer stands.
async fn settle<P: Ledger + Migrations + Approvals + Schedules + Tokens>(
    ports: &P,
    migration: &Migration,
    asked: &Asked,
    answer: Answer,
) -> Result<Outcome, PhaseError> {
    let answer = asked.answer.clone().unwrap_or(answer);
    ports.answer(&asked.id, Question::Bake, &answer).await?;
    match answer.decision {
        Decision::Approved => {
            // Before the execution goes on: what fails after this gives nothing back to blue by itself.
            ports.pass_bake(migration).await?;
            ports.succeed(&asked.token, &json!({ "decision": answer.decision.name() })).await?
        }
        Decision::Rejected if answer.by == OTHERS => {
            ports.fail(&asked.token, &PhaseError::conflict(format!("during the bake {}", answer.comment))).await?
        }
        Decision::Rejected => {
            let why = PhaseError::guard_breached(format!("the bake was broken: {}", answer.comment));
            ports.fail(&asked.token, &why).await?
        }
    };
    ports.unwatch(&migration.id, &migration.input.bake.alarms).await?;
    schedule::remove(ports, migration, Occasion::BakeEnd).await?;
    schedule::remove(ports, migration, Occasion::BakeWatch).await?;
    Ok(Outcome::done().with("decision", answer.decision.name()))
}
