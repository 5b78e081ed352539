//! Questions to people, the tokens that wait for their answers, and the alarms and schedules that answer instead.

use crate::{Migration, MigrationId, PhaseError};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{fmt, future::Future};

/// A Step Functions task token. It never appears in a log, a page, a URL or an error.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskToken(String);

impl TaskToken {
    /// The token as Step Functions gave it.
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    /// For the call that answers it, and the ledger, only.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TaskToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TaskToken(…)")
    }
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    /// May green get production's requests?
    Qualification,
    /// Nobody is asked: the bake waits for its end or an alarm.
    Bake,
    /// May blue be deleted?
    Cleanup,
}

impl Question {
    /// As in keys and links; also the approval's id, one of each per migration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Qualification => "qualification",
            Self::Bake => "bake",
            Self::Cleanup => "cleanup",
        }
    }

    /// Read from a payload or a link.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Qualification, Self::Bake, Self::Cleanup].into_iter().find(|question| question.name() == text)
    }
}

/// An answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// Yes.
    Approved,
    /// No.
    Rejected,
}

impl Decision {
    /// As in the output of the waiting state.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }
}

/// A question as the ledger keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// Of which migration.
    pub id: MigrationId,
    /// What.
    pub question: Question,
    /// What waits.
    pub token: TaskToken,
    /// What the answer is bound to: a digest over the plan and the evidence.
    pub digest: String,
    /// What people are shown.
    pub evidence: Value,
    /// No answer is taken after this.
    pub deadline: jiff::Timestamp,
    /// The answer, where there is one, and whose.
    pub answer: Option<Answer>,
}

/// An answer as the ledger keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// Yes or no.
    pub decision: Decision,
    /// Who, as far as is known: an address people gave, a schedule, an ARN.
    pub by: String,
    /// What they said.
    #[serde(default)]
    pub comment: String,
    /// When.
    pub at: jiff::Timestamp,
}

/// The ledger's APPROVAL and ALARM items.
pub trait Approvals: Sync {
    /// Stores a question with its token. Asking again replaces the token of an unanswered question: Step Functions
    /// gives a new one to each try of the state.
    fn ask(&self, migration: &Migration, asked: &Asked) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// One question, read consistently.
    fn asked(
        &self,
        id: &MigrationId,
        question: Question,
    ) -> impl Future<Output = Result<Option<Asked>, PhaseError>> + Send;

    /// Stores the answer, once: `Conflict` where there is another one already.
    fn answer(
        &self,
        id: &MigrationId,
        question: Question,
        answer: &Answer,
    ) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// The migrations that watch this alarm.
    fn watchers(&self, alarm_arn: &str) -> impl Future<Output = Result<Vec<MigrationId>, PhaseError>> + Send;

    /// Begins to watch alarms for a migration.
    fn watch(
        &self,
        migration: &Migration,
        alarm_arns: &[String],
    ) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Ends watching.
    fn unwatch(&self, id: &MigrationId, alarm_arns: &[String]) -> impl Future<Output = Result<(), PhaseError>> + Send;
}

/// Answers to waiting Step Functions tasks
/// (<https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token>).
pub trait Tokens: Sync {
    /// The task succeeds with this output. False where nobody waits for the token any more.
    fn succeed(&self, token: &TaskToken, output: &Value) -> impl Future<Output = Result<bool, PhaseError>> + Send;

    /// The task fails under this error. False where nobody waits for the token any more.
    fn fail(&self, token: &TaskToken, error: &PhaseError) -> impl Future<Output = Result<bool, PhaseError>> + Send;
}

/// When a schedule calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Once, at this time.
    At(jiff::Timestamp),
    /// Every minute, the finest rate there is, until this time.
    EveryMinuteUntil(jiff::Timestamp),
}

impl When {
    /// The time in it.
    #[must_use]
    pub const fn time(self) -> jiff::Timestamp {
        match self {
            Self::At(time) | Self::EveryMinuteUntil(time) => time,
        }
    }

    /// The same with another time.
    #[must_use]
    pub const fn with_time(self, time: jiff::Timestamp) -> Self {
        match self {
            Self::At(_) => Self::At(time),
            Self::EveryMinuteUntil(_) => Self::EveryMinuteUntil(time),
        }
    }
}

/// What a schedule calls.
#[derive(Debug, Clone, PartialEq)]
pub struct Appointment {
    /// Its name: unique in Bascule's schedule group, at most 64 characters.
    pub name: String,
    /// When.
    pub when: When,
    /// The ARN of a Lambda function or of a state machine.
    pub target_arn: String,
    /// What it is called with.
    pub input: Value,
}

/// Schedules of EventBridge Scheduler, which delete themselves once they have run for the last time
/// (<https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-delete.html>).
pub trait Schedules: Sync {
    /// Makes it, or moves it where it exists.
    fn schedule(&self, appointment: &Appointment) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Deletes it; nothing where it is gone.
    fn unschedule(&self, name: &str) -> impl Future<Output = Result<(), PhaseError>> + Send;
}

/// A CloudWatch alarm as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlarmState {
    /// All is well.
    Ok,
    /// It fires.
    Alarm,
    /// It has no data, which never counts as healthy.
    InsufficientData,
    /// There is no such alarm.
    Missing,
}

/// CloudWatch alarms.
pub trait Alarms: Sync {
    /// The state of each, in the order asked. Composite alarms count like others.
    fn states(&self, arns: &[String]) -> impl Future<Output = Result<Vec<AlarmState>, PhaseError>> + Send;
}

/// Messages to people.
pub trait Messages: Sync {
    /// Publishes to Bascule's topic.
    fn publish(&self, subject: &str, text: &str) -> impl Future<Output = Result<(), PhaseError>> + Send;
}

/// Signatures for links.
pub trait Signatures: Sync {
    /// An HMAC of the text under Bascule's KMS key, unpadded base64url.
    fn sign(&self, text: &str) -> impl Future<Output = Result<String, PhaseError>> + Send;

    /// Whether the signature is of this text.
    fn verify(&self, text: &str, signature: &str) -> impl Future<Output = Result<bool, PhaseError>> + Send;
}

impl Asked {
    /// What an answer is bound to: the plan and what people were shown.
    #[must_use]
    pub fn digest_of(plan_digest: &str, evidence: &Value) -> String {
        crate::digest::sha256_hex(format!("{plan_digest}\n{evidence}").as_bytes())
    }

    /// Whether people said yes, in time, to this plan and this evidence.
    ///
    /// # Errors
    /// `Refused`, with what is missing: nothing may be switched.
    pub fn permits(&self, plan_digest: &str) -> Result<(), PhaseError> {
        let Some(answer) = &self.answer else {
            return Err(PhaseError::refused(format!("nobody has answered about {} yet", self.question.name())));
        };
        if answer.decision != Decision::Approved {
            return Err(PhaseError::refused(format!("{} said no to {}", answer.by, self.question.name())));
        }
        if answer.at > self.deadline && answer.by != NOBODY {
            return Err(PhaseError::refused(format!("the answer of {} came after {}", answer.by, self.deadline)));
        }
        if self.digest != Self::digest_of(plan_digest, &self.evidence) {
            return Err(PhaseError::refused("the approval is bound to another plan"));
        }
        Ok(())
    }
}

/// Under which name green's own URL is in provision-edge's progress and in the evidence of its qualification.
pub const TEMPORARY_URL: &str = "temporaryUrl";

/// Who answers when nobody does: the deadline's schedule, as the input says.
pub const NOBODY: &str = "nobody in time";

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn asked(decision: Option<Decision>, at: &str) -> Asked {
        let evidence = json!({ "ready": 12 });
        Asked {
            id: MigrationId::new("a"),
            question: Question::Qualification,
            token: TaskToken::new("secret"),
            digest: Asked::digest_of("plan", &evidence),
            evidence,
            deadline: "2026-01-02T00:00:00Z".parse().unwrap(),
            answer: decision.map(|decision| Answer {
                decision,
                by: "ana".to_owned(),
                comment: String::new(),
                at: at.parse().unwrap(),
            }),
        }
    }

    #[test]
    fn only_a_yes_in_time_to_this_plan_permits_a_shift() {
        let (early, late) = ("2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z");
        assert!(asked(Some(Decision::Approved), early).permits("plan").is_ok());
        assert!(asked(Some(Decision::Approved), late).permits("plan").is_err());
        assert!(asked(Some(Decision::Rejected), early).permits("plan").is_err());
        assert!(asked(None, early).permits("plan").is_err());
        assert!(asked(Some(Decision::Approved), early).permits("another plan").is_err());
        let mut changed = asked(Some(Decision::Approved), early);
        changed.evidence = json!({ "ready": 0 });
        assert!(changed.permits("plan").is_err());
    }

    #[test]
    fn a_token_is_never_printed() {
        assert!(!format!("{:?}", asked(None, "2026-01-01T00:00:00Z")).contains("secret"));
    }
}
