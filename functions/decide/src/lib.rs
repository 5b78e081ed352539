//! Takes people's answers: a page with the evidence and two buttons, a direct invocation, or the deadline's schedule. What it shows of a
//! migration it also files, where a bucket is named.
//!
//! GET never decides, since mail scanners follow links; POST does, once, with the code of the message, since scanners submit
//! forms too.

pub mod checks;
pub mod deed;
pub mod desk;
pub mod figures;
pub mod files;
pub mod filing;
pub mod http;
pub mod page;
pub mod report;
pub mod served;
pub mod sight;
pub mod standing;
mod watching;

use domain::{
    Migration, PhaseError,
    approval::{Answer, Asked, Call, Decision, NOBODY},
    input::OnTimeout,
    ports::{Approvals, Ledger, Schedules, Tokens},
    resources::schedule::{self, Occasion},
};
use serde_json::json;

/// Characters of the name of who answers.
pub const LONGEST_NAME: usize = 100;

/// Characters of a comment.
pub const LONGEST_COMMENT: usize = 1_000;

/// The answer that a call gives to a question.
///
/// # Errors
/// `Refused` for an answer to something else, after the deadline, and for a deadline that is not over; `InvalidInput` where the
/// decision, the digest or the name of who decides is missing, or the name or the comment is too long.
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
        return Ok(Answer { decision, by: NOBODY.to_owned(), comment: String::new(), at: now, caller: None });
    }
    let Some(decision) = call.decision else {
        return Err(PhaseError::invalid_input("$.decision: missing; \"approved\" or \"rejected\""));
    };
    let (by, comment) = (call.by.trim(), call.comment.trim());
    if by.is_empty() {
        return Err(PhaseError::invalid_input("$.by: missing; say who decides, for the audit"));
    }
    for (field, text, longest) in [("by", by, LONGEST_NAME), ("comment", comment, LONGEST_COMMENT)] {
        let found = text.chars().count();
        if found > longest {
            let message = format!("$.{field}: found {found} characters, expected at most {longest}");
            return Err(PhaseError::invalid_input(message));
        }
    }
    match &call.digest {
        None => {
            return Err(PhaseError::invalid_input(
                "$.digest: missing; it says what is answered, and stands in the message and on the page",
            ));
        }
        Some(digest) if *digest != asked.digest => {
            return Err(PhaseError::refused(format!(
                "$.digest: found {digest}, and what is asked now is {}: look at the newest message or page",
                asked.digest
            )));
        }
        Some(_) => {}
    }
    if now > asked.deadline {
        return Err(PhaseError::refused(format!(
            "the answer was awaited until {}; the migration went on without it",
            asked.deadline
        )));
    }
    Ok(Answer { decision, by: by.to_owned(), comment: comment.to_owned(), at: now, caller: call.caller.clone() })
}

/// What became of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// The answer that stands.
    pub answer: Answer,
    /// Whether the execution has heard of it only now. Where it has not, it had heard of it before, or waits no more.
    pub heard: bool,
    /// How many people must say yes besides, before the question is answered.
    pub missing: usize,
}

/// Stores the answer, once, and lets the execution go on. The same answer again is no error, so that a crash between the
/// two is mended by answering again, by a visit of the page, or by the deadline: it takes the answer of people who were faster.
///
/// # Errors
/// `Conflict` where somebody answered otherwise before.
pub async fn settle<P: Ledger + Approvals + Tokens + Schedules>(
    ports: &P,
    migration: &Migration,
    asked: &Asked,
    answer: &Answer,
) -> Result<Settled, PhaseError> {
    let answer = asked.answer.as_ref().filter(|_| answer.by == NOBODY).unwrap_or(answer);
    let needed = migration.input.approval.approvers;
    let together = if needed > 1 && asked.answer.is_none() {
        let which = (asked.question, asked.number);
        if answer.decision == Decision::Approved && answer.by != NOBODY {
            ports.speak(&asked.id, which, answer).await?;
        }
        let voices = ports.voices(&asked.id, which).await?;
        let together = Answer::of(&voices, needed);
        if together.is_none() && answer.decision == Decision::Approved && answer.by != NOBODY {
            let missing = usize::try_from(needed).unwrap_or(usize::MAX).saturating_sub(voices.len());
            return Ok(Settled { answer: answer.clone(), heard: false, missing });
        }
        // Where enough have said yes, the deadline comes too late to mean no: the last of them was killed before it was stored.
        together.filter(|_| answer.decision == Decision::Approved || answer.by == NOBODY)
    } else {
        None
    };
    let answer = together.as_ref().unwrap_or(answer);
    ports.answer(&asked.id, (asked.question, asked.number), answer).await?;
    // A retry of the waiting state replaces the token until the answer is stored, and never after.
    let stored = ports.asked(&asked.id, asked.question).await?;
    let stored = stored.filter(|stored| stored.number == asked.number);
    let (token, standing) = match &stored {
        Some(Asked { token, answer: Some(standing), .. }) => (token, standing),
        _ => (&asked.token, answer),
    };
    let heard = ports.succeed(token, &json!({ "decision": standing.decision.name() })).await?;
    if !heard && asked.answer.is_none() {
        ports.record(migration, "nobody waits for the answer", json!({ "question": asked.question.name() })).await?;
    }
    schedule::remove(ports, migration, Occasion::Deadline(asked.question, asked.number)).await?;
    Ok(Settled { answer: standing.clone(), heard, missing: 0 })
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
            number: 1,
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
            digest: Some("d".to_owned()),
            by: by.to_owned(),
            comment: String::new(),
            timeout,
            number: None,
            caller: None,
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

    #[test]
    fn an_answer_is_to_what_its_digest_says_and_a_deadline_needs_none() {
        let yes = call(Some(Decision::Approved), "ana", false);
        let decide = |call: &Call, at: &str| answer(call, &asked(), OnTimeout::Abort, at.parse().unwrap());
        for (digest, condition) in [(None, Condition::InvalidInput), (Some("e".to_owned()), Condition::Refused)] {
            let error = decide(&Call { digest, ..yes.clone() }, BEFORE).unwrap_err();
            assert!(error.condition == condition && error.message.starts_with("$.digest: "), "{error}");
        }
        let over = Call { digest: None, ..call(None, "", true) };
        assert_eq!(decide(&over, AFTER).unwrap().by, NOBODY);
    }
}
