//! The payload of decide: from `aws lambda invoke`, the Lambda console, or the schedule of a question's deadline.

use super::{Decision, Question};
use crate::{MigrationId, PhaseError};
use serde::{Deserialize, Serialize};

/// A direct invocation of decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Call {
    /// The migration.
    pub migration_id: MigrationId,
    /// `qualification` or `cleanup`.
    pub approval_id: String,
    /// Yes or no; absent when the deadline calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// What is answered: the digest in the message and on the page. Needed for an answer of people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Who answers.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// Why, for the audit.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub comment: String,
    /// Whether the deadline calls.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub timeout: bool,
    /// Which question of its kind the deadline is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
    /// The ARN of the IAM identity that signed a request to the page; no payload can carry it.
    #[serde(skip)]
    pub caller: Option<String>,
}

impl Call {
    /// What the schedule of a question's deadline sends.
    #[must_use]
    pub fn deadline(migration: &MigrationId, question: Question, number: u32) -> Self {
        Self {
            migration_id: migration.clone(),
            approval_id: question.name().to_owned(),
            decision: None,
            digest: None,
            by: String::new(),
            comment: String::new(),
            timeout: true,
            number: Some(number),
            caller: None,
        }
    }

    /// The answer of a person to what has this digest.
    #[must_use]
    pub fn decided(migration: &MigrationId, question: Question, digest: &str, decision: Decision, by: &str) -> Self {
        Self {
            decision: Some(decision),
            digest: Some(digest.to_owned()),
            by: by.to_owned(),
            timeout: false,
            number: None,
            ..Self::deadline(migration, question, 1)
        }
    }

    /// Whether this is the deadline of another question than the last one of its kind.
    #[must_use]
    pub fn is_superseded(&self, last: u32) -> bool {
        self.timeout && self.number.is_some_and(|number| number != last)
    }

    /// The question that is answered.
    ///
    /// # Errors
    /// `InvalidInput` for one that people are never asked.
    pub fn question(&self) -> Result<Question, PhaseError> {
        Question::to_people(&self.approval_id).ok_or_else(|| {
            PhaseError::invalid_input(format!(
                "$.approvalId: found {:?}, expected qualification or cleanup",
                self.approval_id
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_deadline_says_what_it_is_of_and_decides_nothing() {
        let call = Call::deadline(&MigrationId::new("arn"), Question::Cleanup, 2);
        let payload = json!({ "migrationId": "arn", "approvalId": "cleanup", "timeout": true, "number": 2 });
        assert_eq!(serde_json::to_value(&call).unwrap(), payload);
        assert_eq!(serde_json::from_value::<Call>(payload).unwrap(), call);
    }

    #[test]
    fn who_signed_a_request_is_in_no_payload() {
        let forged = json!({ "migrationId": "arn", "approvalId": "cleanup", "caller": "arn:aws:iam::1:root" });
        assert!(serde_json::from_value::<Call>(forged).is_err());
    }

    #[test]
    fn only_questions_to_people_can_be_answered() {
        let mut call = Call::deadline(&MigrationId::new("arn"), Question::Cleanup, 1);
        assert_eq!(call.question(), Ok(Question::Cleanup));
        for name in ["bake", "lunch", ""] {
            name.clone_into(&mut call.approval_id);
            let expected = format!("$.approvalId: found {name:?}, expected qualification or cleanup");
            assert_eq!(call.question(), Err(PhaseError::invalid_input(expected)));
        }
    }
}
