//! Asks people, and lets the execution wait for their answer.
//!
//! The task token (<https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token>)
//! goes to the ledger and nowhere else: the link that people get is signed, expires, and names only the question.

use domain::{
    Invocation, Migration, MigrationId, Outcome, PhaseError, Progress, Step as _, TaskToken,
    answered::answered,
    approval::{Asked, Call, Decision, Link, Question},
    ports::{Approvals, Clock, Ledger, Messages, Migrations, Schedules, Settings, Signatures, Tokens, schedules::When},
    progress::TEMPORARY_URL,
    resources::schedule::{self, Occasion},
};
use serde::Deserialize;
use serde_json::{Value, json};

/// The payload of a state that asks people.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Request {
    /// The migration.
    pub migration_id: MigrationId,
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

/// Stores the question with its token, makes the deadline, and tells people. The same question again (a retry of the
/// state) replaces the token and keeps the deadline of the first.
///
/// # Errors
/// `Conflict` where the question has an answer already.
pub async fn ask<P: Ledger + Approvals + Schedules + Messages + Signatures + Settings + Clock>(
    ports: &P,
    migration: &Migration,
    step: Step,
    token: TaskToken,
) -> Result<Outcome, PhaseError> {
    let question = Question::from(step);
    let evidence = evidence(ports, migration, question).await?;
    let plan_digest = migration.plan.digest();
    let digest = Asked::digest_of(&plan_digest, &evidence);
    let deadline = schedule::ensure(
        ports,
        migration,
        Occasion::Deadline(question),
        When::At(migration.input.approval.timeout.after(ports.now())),
        &ports.decide_arn()?,
        json!(Call::deadline(&migration.id, question)),
    )
    .await?;
    let asked = Asked {
        id: migration.id.clone(),
        question,
        token,
        digest: digest.clone(),
        evidence: evidence.clone(),
        deadline,
        answer: None,
    };
    ports.ask(migration, &asked).await?;
    let link = Link { migration: migration.id.clone(), question, digest, expires: deadline.as_second() };
    let signature = ports.sign(&link.text()).await?;
    let mut query = form_urlencoded::Serializer::new(String::new());
    let url = format!("{}?{}", ports.approval_url()?, query.extend_pairs(link.parameters(&signature)).finish());
    let (subject, text) = message(migration, question, &evidence, deadline, &url);
    ports.publish(&subject, &text).await?;
    Ok(Outcome::done())
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
    Ok(json!({ "planDigest": plan, TEMPORARY_URL: edge[TEMPORARY_URL], "validate": found }))
}

fn message(
    migration: &Migration,
    question: Question,
    evidence: &Value,
    deadline: jiff::Timestamp,
    url: &str,
) -> (String, String) {
    let (blue, green) = (&migration.input.blue.cluster, &migration.input.green.cluster);
    let no_answer = match migration.input.approval.on_timeout {
        domain::input::OnTimeout::Abort => "no answer means no",
        domain::input::OnTimeout::Approve => "no answer means yes",
    };
    let what = match question {
        Question::Cleanup => {
            format!("May {blue} be deleted? {green} serves, and after this there is no way back to {blue}.")
        }
        _ => format!(
            "May {green} take over from {blue}? It has been built and checked, and serves no production request yet.\n\nTry it on \
             its own URL, with the API keys that production has:\n{}",
            evidence[TEMPORARY_URL].as_str().unwrap_or("(the ledger has no URL of it)")
        ),
    };
    let subject = format!("Bascule {}: {} of {green}", migration.name(), question.name());
    let call = Call::decided(&migration.id, question, Decision::Approved, "you");
    let advice: String = migration.plan.advice.iter().flat_map(|line| ["- ", line, "\n"]).collect();
    let shown = serde_json::to_string_pretty(evidence).unwrap_or_default();
    let text = format!(
        "{what}\n\nAnswer until {deadline} ({no_answer}):\n{url}\n\nOr: aws lambda invoke --function-name bascule-decide \
         --cli-binary-format raw-in-base64-out --payload '{}' /dev/stdout\n\n{advice}\nEvidence:\n{shown}\n",
        json!(call)
    );
    (subject, text)
}
