//! Asks a question for a state that waits: for the first time, again, or not at all where the answer is there already.

use crate::{
    Condition, Migration, PhaseError, TaskToken,
    approval::{Answer, Asked, Question},
    ports::{Approvals, Tokens},
};

/// What becomes of a state that is about to wait for an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Asking {
    /// It asks under this number.
    Ask(u32),
    /// The answer is there: a try of the state before this one asked, or people have said yes to an earlier run of the machine.
    Answered(Answer),
}

impl Asking {
    /// Decides by the last question of this kind. A question that has an answer is asked again only where that was a no to
    /// something else than what has this digest; one whose time is over without an answer gets a successor with a deadline of
    /// its own.
    #[must_use]
    pub fn of(last: Option<&Asked>, digest: &str, plan_digest: &str, now: jiff::Timestamp) -> Self {
        match last {
            None => Self::Ask(1),
            Some(asked) => match &asked.answer {
                Some(answer) if asked.digest == digest || asked.permits(plan_digest).is_ok() => {
                    Self::Answered(answer.clone())
                }
                Some(_) => Self::Ask(asked.number + 1),
                None if now > asked.deadline => Self::Ask(asked.number + 1),
                None => Self::Ask(asked.number),
            },
        }
    }
}

/// Stores the question in place of the `last` one of its kind, and ends the wait of whoever still waits for that under another
/// token: an execution of the same machine that was started before.
///
/// # Errors
/// `Unavailable` where the last question got its answer meanwhile, so that the next try finds it; `Conflict` where the migration
/// is owned by another run now.
pub async fn ask<P: Approvals + Tokens>(
    ports: &P,
    migration: &Migration,
    last: Option<&Asked>,
    asked: &Asked,
) -> Result<(), PhaseError> {
    match ports.ask(migration, asked).await {
        Err(error) if error.condition == Condition::Conflict => {
            let now = ports.asked(&migration.id, asked.question).await?;
            let answered = now.is_some_and(|now| now.number >= asked.number && now.answer.is_some());
            return Err(if answered {
                PhaseError::unavailable("the question was answered while it was being asked again")
            } else {
                error
            });
        }
        stored => stored?,
    }
    if let Some(last) = last.filter(|last| last.answer.is_none()) {
        supersede(ports, last.question, &last.token, &asked.token).await?;
    }
    Ok(())
}

async fn supersede<P: Tokens>(
    ports: &P,
    question: Question,
    old: &TaskToken,
    new: &TaskToken,
) -> Result<(), PhaseError> {
    if old != new {
        let why = PhaseError::conflict(format!("another execution asks about {} now", question.name()));
        ports.fail(old, &why).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MigrationId, approval::Decision};
    use serde_json::json;

    const BEFORE: &str = "2026-01-01T00:00:00Z";
    const AFTER: &str = "2026-01-03T00:00:00Z";

    fn asked(decision: Option<Decision>) -> Asked {
        let evidence = json!({ "flows": 0 });
        let answer = |decision| Answer {
            decision,
            by: "ana".to_owned(),
            comment: String::new(),
            at: BEFORE.parse().unwrap(),
            caller: None,
        };
        Asked {
            id: MigrationId::new("a"),
            question: Question::Cleanup,
            number: 3,
            token: TaskToken::new("t"),
            digest: Asked::digest_of("plan", &evidence),
            evidence,
            deadline: "2026-01-02T00:00:00Z".parse().unwrap(),
            answer: decision.map(answer),
        }
    }

    #[test]
    fn a_no_is_asked_about_again_with_new_evidence_and_a_yes_to_this_plan_stands() {
        let (yes, no) = (Some(Decision::Approved), Some(Decision::Rejected));
        let same = asked(None).digest;
        let answered = |decision| Asking::Answered(asked(decision).answer.unwrap());
        for (last, digest, plan, now, expected) in [
            (None, same.as_str(), "plan", BEFORE, Asking::Ask(1)),
            // A retry of the state.
            (Some(asked(None)), &same, "plan", BEFORE, Asking::Ask(3)),
            (Some(asked(None)), "other", "plan", BEFORE, Asking::Ask(3)),
            (Some(asked(no)), &same, "plan", BEFORE, answered(no)),
            (Some(asked(yes)), &same, "plan", BEFORE, answered(yes)),
            // Another run of the machine.
            (Some(asked(no)), "other", "plan", AFTER, Asking::Ask(4)),
            (Some(asked(yes)), "other", "plan", AFTER, answered(yes)),
            (Some(asked(yes)), "other", "another plan", AFTER, Asking::Ask(4)),
            (Some(asked(None)), "other", "plan", AFTER, Asking::Ask(4)),
        ] {
            assert_eq!(
                Asking::of(last.as_ref(), digest, plan, now.parse().unwrap()),
                expected,
                "{last:?} {digest} {now}"
            );
        }
    }
}
