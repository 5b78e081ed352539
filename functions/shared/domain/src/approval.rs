//! Questions to people, their answers, and what an answer permits.

mod call;
pub mod code;
mod link;
mod list_link;
mod query;
mod status_link;

pub use call::Call;
pub use code::{Code, Tried};
pub use link::Link;
pub use list_link::ListLink;
pub use query::{query, url};
pub use status_link::StatusLink;

use crate::{
    Input, MigrationId, PhaseError,
    digest::sha256_hex,
    input::{Cleanup, OnTimeout},
    progress::{OTHER_URLS, TEMPORARY_URL},
    task_token::TaskToken,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What is asked. Questions of a kind are numbered from 1: the cleanup asks again after a no.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Question {
    /// May green get production's requests?
    Qualification,
    /// Nobody is asked: the bake waits for its end or an alarm.
    Bake,
    /// May blue be deleted?
    Cleanup,
}

impl Question {
    /// As in keys, payloads and links.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// When blue is deleted once people say yes to this question: the heading of the plan's list.
    #[must_use]
    pub fn deletion(self, cleanup: &Cleanup) -> String {
        match self {
            Self::Cleanup => "Will be deleted at once".to_owned(),
            _ if cleanup.approval => {
                format!("Will be deleted {} after the bake, once people have been asked again", cleanup.after)
            }
            _ => format!("Will be deleted {} after the bake, without being asked again", cleanup.after),
        }
    }

    /// What no answer in time leads to.
    #[must_use]
    pub fn unanswered(self, input: &Input) -> String {
        let (blue, green) = (&input.blue.cluster, &input.green.cluster);
        match (self, input.approval.on_timeout) {
            (Self::Cleanup, OnTimeout::Abort) => {
                format!("nothing is deleted, and {blue} stays until somebody starts the cleanup again")
            }
            (Self::Cleanup, OnTimeout::Approve) => format!("{blue} is deleted"),
            (_, OnTimeout::Abort) => {
                format!("the migration goes back: {blue} keeps serving, and {green} gets no request")
            }
            (_, OnTimeout::Approve) => format!("{green} takes over"),
        }
    }

    /// Reads the name of a question that people are asked; nothing for any other text.
    #[must_use]
    pub fn to_people(name: &str) -> Option<Self> {
        name.parse().ok().filter(|question| *question != Self::Bake)
    }
}

/// An answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::EnumString, strum::IntoStaticStr)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Decision {
    /// Yes.
    Approved,
    /// No.
    Rejected,
}

impl Decision {
    /// As in the output of the waiting state.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A question as the ledger keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The migration.
    pub id: MigrationId,
    /// The question.
    pub question: Question,
    /// Which of its kind, from 1. The last one counts.
    pub number: u32,
    /// The token of the state that waits for the answer.
    pub token: TaskToken,
    /// What the answer is bound to: a digest over the plan and the evidence.
    pub digest: String,
    /// What people are shown.
    pub evidence: Value,
    /// No answer is taken after this.
    pub deadline: jiff::Timestamp,
    /// The answer, where there is one.
    pub answer: Option<Answer>,
}

/// An answer as the ledger keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// Yes or no.
    pub decision: Decision,
    /// Who answered: the name that people gave, an alarm's ARN, or [`NOBODY`].
    pub by: String,
    /// The comment that people gave, or why a bake was broken.
    #[serde(default)]
    pub comment: String,
    /// When.
    pub at: jiff::Timestamp,
    /// The ARN of the IAM identity that signed the request, where the approval page takes signed requests only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<String>,
}

impl Answer {
    /// Who this is, so that the same person counts once: the identity that signed the request, or else the name, whatever its case.
    #[must_use]
    pub fn person(&self) -> String {
        self.caller.clone().unwrap_or_else(|| self.by.trim().to_lowercase())
    }

    /// The answer that the voices of several people make together: the last one's, by all of them. Nothing where there are fewer than
    /// `needed`.
    #[must_use]
    pub fn of(voices: &[Self], needed: u32) -> Option<Self> {
        let last = voices.last()?;
        if voices.len() < usize::try_from(needed).unwrap_or(usize::MAX) {
            return None;
        }
        let names: Vec<&str> = voices.iter().map(|voice| voice.by.as_str()).collect();
        Some(Self { by: names.join(", "), ..last.clone() })
    }
}

/// Who answers when nobody does: the deadline's schedule, as the input says.
pub const NOBODY: &str = "nobody in time";

/// Who answers what was still open when the migration was turned back.
pub const WAY_BACK: &str = "the way back";

impl Asked {
    /// The URLs on which people qualify green: one for each API that is switched, in the order of the input.
    #[must_use]
    pub fn temporary_urls(&self) -> Vec<&str> {
        let first = self.evidence.get(TEMPORARY_URL).and_then(Value::as_str);
        let others = self.evidence.get(OTHER_URLS).and_then(Value::as_array);
        first.into_iter().chain(others.into_iter().flatten().filter_map(Value::as_str)).collect()
    }

    /// What an answer is bound to: the plan and what people were shown.
    #[must_use]
    pub fn digest_of(plan_digest: &str, evidence: &Value) -> String {
        sha256_hex(format!("{plan_digest}\n{evidence}").as_bytes())
    }

    /// Whether people said yes, in time, to this plan and this evidence.
    ///
    /// # Errors
    /// `Refused` where nobody has answered, the answer is no or came after the deadline, or was given to another plan or
    /// other evidence.
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn asked(decision: Option<Decision>, at: &str) -> Asked {
        let evidence = json!({ "ready": 12 });
        Asked {
            id: MigrationId::new("a"),
            question: Question::Qualification,
            number: 1,
            token: TaskToken::new("secret"),
            digest: Asked::digest_of("plan", &evidence),
            evidence,
            deadline: "2026-01-02T00:00:00Z".parse().unwrap(),
            answer: decision.map(|decision| Answer {
                decision,
                by: "ana".to_owned(),
                comment: String::new(),
                at: at.parse().unwrap(),
                caller: None,
            }),
        }
    }

    #[test]
    fn only_a_yes_in_time_to_this_plan_permits_a_shift() {
        let (early, late) = ("2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z");
        let mut changed = asked(Some(Decision::Approved), early);
        changed.evidence = json!({ "ready": 0 });
        for (asked, plan, expected) in [
            (asked(Some(Decision::Approved), early), "plan", Ok(())),
            (asked(Some(Decision::Approved), late), "plan", Err("the answer of ana came after 2026-01-02T00:00:00Z")),
            (asked(Some(Decision::Rejected), early), "plan", Err("ana said no to qualification")),
            (asked(None, early), "plan", Err("nobody has answered about qualification yet")),
            (asked(Some(Decision::Approved), early), "another plan", Err("the approval is bound to another plan")),
            (changed, "plan", Err("the approval is bound to another plan")),
        ] {
            assert_eq!(asked.permits(plan), expected.map_err(PhaseError::refused), "{asked:?}");
        }
    }

    #[test]
    fn several_people_make_one_answer_once_there_are_enough_of_them() {
        let voice = |by: &str, caller: Option<&str>| Answer {
            decision: Decision::Approved,
            by: by.to_owned(),
            comment: String::new(),
            at: "2026-01-01T00:00:00Z".parse().unwrap(),
            caller: caller.map(str::to_owned),
        };
        let voices = [voice("Ana", None), voice("Ben", None)];
        assert_eq!(Answer::of(&voices, 2).map(|answer| answer.by), Some("Ana, Ben".to_owned()));
        assert_eq!((Answer::of(&voices, 3), Answer::of(&[], 1)), (None, None));
        assert_eq!(voice(" ana", None).person(), voice("Ana ", None).person());
        assert_eq!(voice("Ana", Some("arn:1")).person(), voice("Ben", Some("arn:1")).person());
        assert_ne!(voice("Ana", Some("arn:1")).person(), voice("Ana", Some("arn:2")).person());
    }

    #[test]
    fn people_are_never_asked_about_a_bake() {
        assert_eq!(Question::to_people("qualification"), Some(Question::Qualification));
        assert_eq!(Question::to_people("cleanup"), Some(Question::Cleanup));
        assert_eq!(Question::to_people("bake"), None);
        assert_eq!(Question::to_people("Qualification"), None);
    }

    #[test]
    fn a_token_is_never_printed() {
        assert!(!format!("{:?}", asked(None, "2026-01-01T00:00:00Z")).contains("secret"));
    }
}
