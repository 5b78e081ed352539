//! Asks people, and lets the execution wait for their answer.
//!
//! The task token (<https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token>)
//! goes to the ledger and nowhere else: the link that people get is signed, expires, and names only the question.

mod message;

use domain::{
    Direction, Duration, Invocation, Migration, MigrationId, Outcome, PhaseError, Progress, Step as _, TaskToken,
    answered::answered,
    approval::{self, Asked, Call, Code, Link, Question, StatusLink},
    asking::{self, Asking},
    ports::{Approvals, Clock, Ledger, Messages, Migrations, Schedules, Settings, Signatures, Tokens, schedules::When},
    progress::{OTHER_URLS, TEMPORARY_URL},
    resources::schedule::{self, Occasion},
};
use message::Way;
use serde::Deserialize;
use serde_json::{Value, json};

/// The payload of a state that asks people.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Request {
    /// The migration.
    pub migration_id: MigrationId,
    /// Always "converge", as in the payload of every phase.
    #[serde(default)]
    pub direction: Direction,
    /// The question: a [`Step`].
    pub step: Option<String>,
    /// The token of the waiting state.
    pub task_token: TaskToken,
}

/// The states of the machines that ask people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Step {
    /// May green get production's requests?
    Qualification,
    /// May blue be deleted?
    Cleanup,
}

impl From<Step> for Question {
    fn from(step: Step) -> Self {
        match step {
            Step::Qualification => Self::Qualification,
            Step::Cleanup => Self::Cleanup,
        }
    }
}

/// The ports of this phase.
pub trait Ports:
    Ledger + Migrations + Approvals + Schedules + Messages + Signatures + Tokens + Settings + Clock
{
}

impl<T> Ports for T where
    T: Ledger + Migrations + Approvals + Schedules + Messages + Signatures + Tokens + Settings + Clock
{
}

/// Handles one request of a state that waits for the answer. An error fails the waiting task too.
///
/// # Errors
/// `InvalidInput` for a step that is no question, and the errors of [`ask`].
pub async fn handle<P: Ports>(ports: &P, request: Request, invocation: Invocation) -> Result<Outcome, PhaseError> {
    let asked = async {
        let step = Step::read(request.step.as_deref())?;
        let (_, migration) = ports.load(&request.migration_id, invocation.deadline).await?;
        ask(ports, &migration, step, request.task_token.clone()).await
    };
    answered(ports, &request.task_token, asked.await).await
}

/// How often a deadline calls until there is an answer, in minutes.
const INSISTENCE: u32 = 5;

/// For how long it does: longer than the state waits (`TimeoutSeconds` of the states that ask).
const NET: Duration = Duration::from_days(31);

/// Stores the question with its token, makes the deadline, and tells people. The same question again (a retry of the state)
/// replaces the token and keeps the deadline of the first; one that has its answer already lets the state go on with that.
///
/// # Errors
/// `TurnedBack` where the migration was turned back; `Unavailable` where the answer came meanwhile.
pub async fn ask<P>(ports: &P, migration: &Migration, step: Step, token: TaskToken) -> Result<Outcome, PhaseError>
where
    P: Ledger + Approvals + Schedules + Messages + Signatures + Tokens + Settings + Clock,
{
    migration.forward()?;
    let question = Question::from(step);
    let evidence = evidence(ports, migration, question).await?;
    let plan_digest = migration.plan.digest();
    let digest = Asked::digest_of(&plan_digest, &evidence);
    let last = ports.asked(&migration.id, question).await?;
    let number = match Asking::of(last.as_ref(), &digest, &plan_digest, ports.now()) {
        Asking::Answered(answer) => {
            ports.succeed(&token, &json!({ "decision": answer.decision.name() })).await?;
            return Ok(Outcome::done());
        }
        Asking::Ask(number) => number,
    };
    let deadline = migration.input.approval.timeout.after(ports.now());
    let insistent = When::Every { minutes: INSISTENCE, from: deadline, until: NET.after(deadline) };
    let (occasion, call) = (Occasion::Deadline(question, number), Call::deadline(&migration.id, question, number));
    let deadline = schedule::ensure(ports, migration, occasion, insistent, &ports.decide_arn()?, json!(call)).await?;
    if let Some(when) = reminders(migration.input.approval.timeout, deadline) {
        let call = json!({ "migrationId": migration.id, "watch": "reminder", "question": question, "number": number });
        let occasion = Occasion::Reminder(question, number);
        schedule::ensure(ports, migration, occasion, when, &ports.observe_arn()?, call).await?;
    }
    let asked = Asked {
        id: migration.id.clone(),
        question,
        number,
        token,
        digest: digest.clone(),
        evidence,
        deadline,
        answer: None,
    };
    asking::ask(ports, migration, last.as_ref(), &asked).await?;
    let link = Link { migration: migration.id.clone(), question, digest, expires: deadline.as_second() };
    let url = approval::url(&ports.approval_url()?, &link.parameters(&ports.sign(&link.text()).await?));
    let status = StatusLink::new(&migration.id, ports.now());
    let status_code = Code::of(&ports.sign(&status.code_text()).await?);
    let status = approval::url(&ports.approval_url()?, &status.parameters(&ports.sign(&status.text()).await?));
    let code = Code::of(&ports.sign(&link.code_text()).await?);
    let way = Way { url, code, status, status_code, sign: ports.approvers_sign() };
    let (subject, text) = message::of(migration, &asked, &way);
    ports.publish(&subject, &text).await?;
    Ok(Outcome::done())
}

/// When people are reminded: half and three quarters of the time after they were asked. Nobody is reminded of what was asked less than an
/// hour ago.
fn reminders(timeout: Duration, deadline: jiff::Timestamp) -> Option<When> {
    let seconds = i64::try_from(timeout.as_secs()).ok().filter(|seconds| *seconds >= 3600)?;
    let before = |seconds| deadline.saturating_sub(jiff::SignedDuration::from_secs(seconds)).unwrap_or(deadline);
    let minutes = u32::try_from(seconds / 4 / 60).ok()?;
    Some(When::Every { minutes, from: before(seconds / 2), until: before(60) })
}

async fn evidence<P: Ledger>(ports: &P, migration: &Migration, question: Question) -> Result<Value, PhaseError> {
    let plan = migration.plan.digest();
    if question == Question::Cleanup {
        let found = ports.progress(migration, Progress::Cleanup).await?.unwrap_or(Value::Null);
        return Ok(json!({ "planDigest": plan, "cleanup": found }));
    }
    let found = ports.progress(migration, Progress::Validate).await?.unwrap_or(Value::Null);
    // People qualify green by using it, so its own URL comes first.
    let edge = ports.progress(migration, Progress::ProvisionEdge).await?.unwrap_or(Value::Null);
    let mut evidence = json!({ "planDigest": plan, TEMPORARY_URL: edge[TEMPORARY_URL], "validate": found });
    if let Some(others) = edge.get(OTHER_URLS) {
        evidence[OTHER_URLS] = others.clone();
    }
    Ok(evidence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_reminded_twice_before_the_deadline_of_what_they_have_an_hour_for() {
        let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
        let deadline = at("2026-01-08T00:00:00Z");
        let expected =
            When::Every { minutes: 42 * 60, from: at("2026-01-04T12:00:00Z"), until: at("2026-01-07T23:59:00Z") };
        assert_eq!(reminders(Duration::from_days(7), deadline), Some(expected));
        let hour = When::Every { minutes: 15, from: at("2026-01-07T23:30:00Z"), until: at("2026-01-07T23:59:00Z") };
        assert_eq!(reminders(Duration::from_hours(1), deadline), Some(hour));
        assert_eq!(reminders(Duration::from_mins(59), deadline), None);
    }

    #[test]
    fn the_payload_of_the_states_that_ask_is_read() {
        let payload =
            json!({ "migrationId": "arn", "direction": "converge", "step": "qualification", "taskToken": "t" });
        assert!(serde_json::from_value::<Request>(payload).is_ok());
    }
}
