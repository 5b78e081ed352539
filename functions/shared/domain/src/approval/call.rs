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
    /// Who answers.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// Why, for the audit.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub comment: String,
    /// Whether the deadline calls.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub timeout: bool,
}

impl Call {
    /// What the schedule of a question's deadline sends.
    #[must_use]
    pub fn deadline(migration: &MigrationId, question: Question) -> Self {
        Self {
            migration_id: migration.clone(),
            approval_id: question.name().to_owned(),
            decision: None,
            by: String::new(),
            comment: String::new(),
            timeout: true,
        }
    }

    /// The answer of a person.
    #[must_use]
    pub fn decided(migration: &MigrationId, question: Question, decision: Decision, by: &str) -> Self {
        Self { decision: Some(decision), by: by.to_owned(), timeout: false, ..Self::deadline(migration, question) }
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
        let call = Call::deadline(&MigrationId::new("arn"), Question::Cleanup);
        let payload = json!({ "migrationId": "arn", "approvalId": "cleanup", "timeout": true });
        assert_eq!(serde_json::to_value(&call).unwrap(), payload);
        assert_eq!(serde_json::from_value::<Call>(payload).unwrap(), call);
    }

    #[test]
    fn only_questions_to_people_can_be_answered() {
        let mut call = Call::deadline(&MigrationId::new("arn"), Question::Cleanup);
        assert_eq!(call.question(), Ok(Question::Cleanup));
        for name in ["bake", "lunch", ""] {
            name.clone_into(&mut call.approval_id);
            let expected = format!("$.approvalId: found {name:?}, expected qualification or cleanup");
            assert_eq!(call.question(), Err(PhaseError::invalid_input(expected)));
        }
    }
}
