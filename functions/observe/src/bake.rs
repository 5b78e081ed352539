//! The bake: blue is kept ready while green serves, until its time is over or an alarm breaks it.

use crate::{
    analysis, execution,
    sight::{Sight, Verdict, judge},
    way_back,
    window::Window,
};
use domain::{
    Direction, Duration, Migration, Outcome, PhaseError, Progress, TaskToken, alarms,
    analysis::Comparison,
    approval::{Answer, Asked, Decision, Question},
    asking::{self, Asking},
    cut_short::CutShort,
    ports::{
        Alarms, Approvals, Clock, Executions, Ledger, Messages, Metrics, Migrations, Schedules, Settings, Tokens,
        schedules::When,
    },
    resources::schedule::{self, Occasion},
};
use serde_json::{Value, json};

/// Days after which the waiting state times out (`TimeoutSeconds` of Bake).
const NET: u64 = 31;

/// So long after a bake's time is over people are told that it cannot end.
const OVERDUE: jiff::SignedDuration = jiff::SignedDuration::from_mins(10);

/// Who ended a bake whose stage somebody else changed.
const OTHERS: &str = "whoever moved the stage";

/// The ports of the end of a bake.
pub trait Ports:
    Ledger + Migrations + Approvals + Schedules + Tokens + Executions + Messages + Metrics + Settings + Clock
{
}

impl<T: Ledger + Migrations + Approvals + Schedules + Tokens + Executions + Messages + Metrics + Settings + Clock> Ports
    for T
{
}

/// Begins the bake. The order matters: first the token is stored and the alarms are watched, then they are read: an
/// alarm that fires in between is seen one way or the other. A bake that has ended already, which a try before this one began,
/// ends for this token too.
///
/// # Errors
/// `GuardBreached` where an alarm is not OK now; `TurnedBack` where the migration was turned back.
pub async fn begin<P: Ports + Alarms>(
    ports: &P,
    migration: &Migration,
    token: TaskToken,
    observe_arn: &str,
    now: jiff::Timestamp,
) -> Result<Outcome, PhaseError> {
    migration.forward()?;
    let alarms = &migration.input.bake.alarms;
    let look = json!({ "migrationId": migration.id, "watch": Question::Bake.name() });
    let end = When::At(migration.input.bake.duration.after(now));
    let end = schedule::ensure(ports, migration, Occasion::BakeEnd, end, observe_arn, look.clone()).await?;
    let every_minute = When::Every { minutes: 1, from: now, until: Duration::from_days(NET).after(now) };
    schedule::ensure(ports, migration, Occasion::BakeWatch, every_minute, observe_arn, look).await?;
    let evidence = json!({ "alarms": alarms, "until": end });
    let plan_digest = migration.plan.digest();
    let digest = Asked::digest_of(&plan_digest, &evidence);
    let last = ports.asked(&migration.id, Question::Bake).await?;
    let number = match Asking::of(last.as_ref(), &digest, &plan_digest, now) {
        Asking::Answered(answer) => return conclude(ports, migration, &token, &answer, now).await,
        Asking::Ask(number) => number,
    };
    let id = migration.id.clone();
    let asked = Asked { id, question: Question::Bake, number, token, digest, evidence, deadline: end, answer: None };
    asking::ask(ports, migration, last.as_ref(), &asked).await?;
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
pub async fn watch<P: Ports>(
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
    let cut_short = CutShort::saved(ports, migration).await?;
    let end = cut_short.as_ref().map_or(asked.deadline, |cut| cut.at.min(asked.deadline));
    let sight = look.await?;
    let compared = sight.compared.as_ref().ok().and_then(Option::as_ref);
    let window = compared.map(|seen| Window::of(seen, &migration.input, end, now));
    match &sight.released {
        Ok(_) if now >= end && compared.is_some_and(Comparison::blue_fails) => {
            tell(ports, migration, &json!({ "released": [], "blueFails": true })).await?;
        }
        Ok(released) => tell(ports, migration, &json!({ "released": released })).await?,
        // Nobody would know why the bake does not end. For a while any cluster may be away.
        Err(_) if now.duration_since(end) >= OVERDUE => {
            tell(ports, migration, &json!({ "released": [], "incomparable": true })).await?;
        }
        Err(_) => {}
    }
    let verdict = judge(&sight, window.as_ref(), end, now)?;
    if let Some(window) = window.filter(|window| window.has_passed() || matches!(verdict, Verdict::Worse(_))) {
        analysis::tell(ports, migration, &window.verdict, "with 100 % on green", &window.seen).await?;
        window.after(end, now).save(ports, migration).await?;
    }
    let (decision, by, comment) = match verdict {
        Verdict::Wait | Verdict::Held if asked.answer.is_none() => {
            way_back::note(ports, migration, sight.way_back, now).await?;
            return Ok(Outcome::done());
        }
        // Answered before, and killed before the execution heard of it: the first answer stands.
        Verdict::Wait | Verdict::Held | Verdict::End => {
            let by = cut_short.map_or_else(|| "the end of the bake".to_owned(), |cut| cut.by);
            (Decision::Approved, by, String::new())
        }
        Verdict::Broken(why) => (Decision::Rejected, "an alarm".to_owned(), why),
        Verdict::Worse(why) => (Decision::Rejected, "green against blue".to_owned(), why),
        Verdict::Moved(why) => (Decision::Rejected, OTHERS.to_owned(), why),
    };
    settle(ports, migration, &asked, Answer { decision, by, comment, at: now, caller: None }).await
}

/// An alarm that this migration watches has changed; `fired` says that the event itself tells of a state other than OK. Breaks the
/// bake where one of its alarms is not OK, or where this one was not. Nothing is done where the migration was rolled back.
///
/// # Errors
/// Only those of the calls.
pub async fn alarm<P: Ports + Alarms>(
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
    let answer = Answer { decision: Decision::Rejected, by: arn.to_owned(), comment, at: now, caller: None };
    settle(ports, migration, &asked, answer).await
}

/// Tells people of a release on one side only, or that the sides cannot be compared, once for each state of affairs.
async fn tell<P: Ledger + Messages>(ports: &P, migration: &Migration, told: &Value) -> Result<(), PhaseError> {
    let known = ports.progress(migration, Progress::Observe).await?.unwrap_or_else(|| json!({ "released": [] }));
    if known == *told {
        return Ok(());
    }
    let (blue, green) = (&migration.input.blue.cluster, &migration.input.green.cluster);
    let released: Vec<&str> = told["released"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let message = if told["incomparable"] == true {
        let text = format!(
            "The time of the bake is over, and {blue} and {green} cannot be compared: one of their Kubernetes APIs does not answer; \
             the log of bascule-observe says why. The bake does not end until it is known that both run the same, and is given up \
             {NET} days after its beginning. {green} serves.\n"
        );
        Some(("the bake cannot end", text))
    } else if told["blueFails"] == true {
        let text = format!(
            "The time of the bake is over, and {blue} fails more than half of the requests by which {green} is compared with it. \
             Production is not given back to it by itself, and the bake does not end until {blue} answers again: mend it. The bake is given \
             up {NET} days after its beginning. {green} serves.\n"
        );
        Some(("the bake cannot end", text))
    } else if released.is_empty() {
        None
    } else {
        let text = format!(
            "While {green} is watched, this was released on one side only: {}.\n\nGoing back to {blue} would lose or bring it, so \
             the bake does not end until {blue} and {green} run the same. Release it on the other side too, or roll it back.\n",
            released.join("; ")
        );
        Some(("a release reached one cluster only", text))
    };
    if let Some((subject, text)) = message {
        ports.publish(&format!("Bascule {}: {subject}", migration.name()), &text).await?;
    }
    ports.save_progress(migration, Progress::Observe, told.clone()).await
}

/// Stores how the bake ended, then lets the execution go on. The first answer stands.
async fn settle<P: Ports>(
    ports: &P,
    migration: &Migration,
    asked: &Asked,
    answer: Answer,
) -> Result<Outcome, PhaseError> {
    let now = answer.at;
    let answer = asked.answer.clone().unwrap_or(answer);
    ports.answer(&asked.id, (Question::Bake, asked.number), &answer).await?;
    // A retry of the waiting state replaces the token until the answer is stored, and never after.
    let stored = ports.asked(&asked.id, Question::Bake).await?.unwrap_or_else(|| asked.clone());
    conclude(ports, migration, &stored.token, &answer, now).await
}

/// Tells the execution that waits under this token how the bake ended.
async fn conclude<P: Ports>(
    ports: &P,
    migration: &Migration,
    token: &TaskToken,
    answer: &Answer,
    now: jiff::Timestamp,
) -> Result<Outcome, PhaseError> {
    let heard = match answer.decision {
        Decision::Approved => {
            way_back::begin(ports, migration, now).await?;
            // Before the execution goes on: what fails after this gives nothing back to blue by itself.
            ports.pass_bake(migration).await?;
            ports.succeed(token, &json!({ "decision": answer.decision.name() })).await?
        }
        Decision::Rejected if answer.by == OTHERS => {
            ports.fail(token, &PhaseError::conflict(format!("during the bake {}", answer.comment))).await?
        }
        Decision::Rejected => {
            let why = PhaseError::guard_breached(format!("the bake was broken: {}", answer.comment));
            ports.fail(token, &why).await?
        }
    };
    if !heard {
        // It goes on already, or it was stopped, and then nobody takes the way back unless somebody looks.
        execution::look(ports, migration, now).await?;
    }
    ports.unwatch(&migration.id, &migration.input.bake.alarms).await?;
    schedule::remove(ports, migration, Occasion::BakeEnd).await?;
    schedule::remove(ports, migration, Occasion::BakeWatch).await?;
    Ok(Outcome::done().with("decision", answer.decision.name()))
}
