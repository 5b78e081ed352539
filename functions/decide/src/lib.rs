//! Takes people's answers: a page with the evidence and two buttons, a direct invocation, or the deadline's schedule.
//!
//! GET never decides, since mail scanners follow links; POST does, once.

pub mod desk;
pub mod http;
pub mod page;

use domain::{
    Migration, PhaseError,
    approval::{Answer, Asked, Call, Decision, NOBODY},
    input::OnTimeout,
    ports::{Approvals, Ledger, Schedules, Tokens},
    resources::schedule::{self, Occasion},
};
use serde_json::json;

/// The answer that a call gives to a question.
///
/// # Errors
/// `Refused` for an answer after the deadline and for a deadline that is not over; `InvalidInput` where the decision or the
/// name of who decides is missing.
pub fn answer(call: &Call, asked: &Asked, on_timeout: OnTimeout, now: jiff::Timestamp) -> Result<Answer, PhaseError> {
    if call.timeout {
        // The ledger's deadline counts, not the schedule's: an early or forged call decides nothing.
        if now < asked.deadline {
            return Err(PhaseError::refused(format!("the deadline is {}, it is not over yet", asked.deadline)));
        }
        let decision = match on_timeout {
            OnTimeout::Abort => Decision::Rejected,
            OnTimeout::Approve => Decision::Approved,
        };
        return Ok(Answer { decision, by: NOBODY.to_owned(), comment: String::new(), at: now });
    }
    let Some(decision) = call.decision else {
        return Err(PhaseError::invalid_input("$.decision: missing; \"approved\" or \"rejected\""));
    };
    if call.by.trim().is_empty() {
        return Err(PhaseError::invalid_input("$.by: missing; say who decides, for the audit"));
    }
    if now > asked.deadline {
        return Err(PhaseError::refused(format!(
            "the answer was awaited until {}; the migration went on without it",
            asked.deadline
        )));
    }
    Ok(Answer { decision, by: call.by.clone(), comment: call.comment.clone(), at: now })
}

/// Stores the answer, once, and lets the execution go on. The same answer again is no error, so that a crash between
/// the two is mended by answering again, or by the deadline at the latest: it takes the answer of people who were faster.
///
/// # Errors
/// `Conflict` where somebody answered otherwise before.
pub async fn settle<P: Ledger + Approvals + Tokens + Schedules>(
    ports: &P,
    migration: &Migration,
    asked: &Asked,
    answer: &Answer,
) -> Result<Answer, PhaseError> {
    let answer = asked.answer.as_ref().filter(|_| answer.by == NOBODY).unwrap_or(answer);
    ports.answer(&asked.id, asked.question, answer).await?;
    let output = json!({ "decision": answer.decision.name() });
    if !ports.succeed(&asked.token, &output).await? {
        ports.record(migration, "nobody waits for the answer", json!({ "question": asked.question.name() })).await?;
    }
    schedule::remove(ports, migration, Occasion::Deadline(asked.question)).await?;
    Ok(answer.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Condition, MigrationId, TaskToken, approval::Question};

    const BEFORE: &str = "2026-01-01T00:00:00Z";
    const AFTER: &str = "2026-01-03T00:00:00Z";

    fn asked() -> Asked {
        Asked {
            id: MigrationId::new("a"),
            question: Question::Qualification,
            token: TaskToken::new("t"),
            digest: "d".to_owned(),
            evidence: json!({}),
            deadline: "2026-01-02T00:00:00Z".parse().unwrap(),
            answer: None,
        }
    }

    fn call(decision: Option<Decision>, by: &str, timeout: bool) -> Call {
        Call {
            migration_id: MigrationId::new("a"),
            approval_id: "qualification".to_owned(),
            decision,
            by: by.to_owned(),
            comment: String::new(),
            timeout,
        }
    }

    #[test]
    fn people_answer_in_time_and_the_deadline_answers_after_it() {
        let yes = Some(Decision::Approved);
        let decide = |call: &Call, on_timeout, at: &str| {
            answer(call, &asked(), on_timeout, at.parse().unwrap()).map(|a| a.decision).map_err(|e| e.condition)
        };
        for (call, on_timeout, at, expected) in [
            (call(yes, "ana", false), OnTimeout::Abort, BEFORE, Ok(Decision::Approved)),
            (call(Some(Decision::Rejected), "ana", false), OnTimeout::Approve, BEFORE, Ok(Decision::Rejected)),
            (call(yes, "ana", false), OnTimeout::Abort, AFTER, Err(Condition::Refused)),
            (call(yes, " ", false), OnTimeout::Abort, BEFORE, Err(Condition::InvalidInput)),
            (call(None, "ana", false), OnTimeout::Abort, BEFORE, Err(Condition::InvalidInput)),
            (call(None, "", true), OnTimeout::Abort, BEFORE, Err(Condition::Refused)),
            (call(None, "", true), OnTimeout::Abort, AFTER, Ok(Decision::Rejected)),
            (call(None, "", true), OnTimeout::Approve, AFTER, Ok(Decision::Approved)),
            // A decision that rides on the deadline's call is not the deadline's to make.
            (call(yes, "mallory", true), OnTimeout::Abort, AFTER, Ok(Decision::Rejected)),
        ] {
            assert_eq!(decide(&call, on_timeout, at), expected, "{call:?} at {at}");
        }
    }
}
