//! Reminds people of a question that is still open.

use domain::{
    Direction, Migration, Outcome, PhaseError,
    approval::{Asked, Question},
    moment::{span, written},
    ports::{
        Approvals, Ledger, Messages, Metrics,
        metrics::Metric,
        migrations::{Life, Meta},
    },
};
use serde_json::json;

/// Tells people, where nobody has answered the question of this number yet. The message has no link: that is in the first one.
///
/// # Errors
/// `InvalidInput` where the schedule names no question; those of the calls.
pub async fn remind<P>(
    ports: &P,
    meta: &Meta,
    migration: &Migration,
    question: (Option<Question>, Option<u32>),
    now: jiff::Timestamp,
) -> Result<Outcome, PhaseError>
where
    P: Ledger + Approvals + Messages + Metrics,
{
    let (Some(question), Some(number)) = question else {
        return Err(PhaseError::invalid_input("$.question: a reminder needs a question and its number"));
    };
    let asked = ports.asked(&migration.id, question).await?;
    let is_open = |asked: &Asked| asked.number == number && asked.answer.is_none() && now < asked.deadline;
    let (Direction::Converge, true, Some(asked)) = (meta.direction, meta.life != Life::Ended, asked.filter(is_open))
    else {
        return Ok(Outcome::done());
    };
    let call = Call::of(migration, &asked, now);
    let (subject, text) = message(migration, &asked, call, now);
    ports.publish(&subject, &text).await?;
    ports.report(migration.name(), &[(Metric::ApprovalsNearTheirDeadline, 1.0)]);
    ports.record(migration, call.event(), json!({ "question": question.name(), "until": asked.deadline })).await?;
    Ok(Outcome::done().with("reminded", true))
}

/// Which reminder it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    /// Half of the time is over.
    First,
    /// Three quarters of it are.
    Last,
}

impl Call {
    fn of(migration: &Migration, asked: &Asked, now: jiff::Timestamp) -> Self {
        let timeout = i64::try_from(migration.input.approval.timeout.as_secs()).unwrap_or(i64::MAX);
        let quarter = jiff::SignedDuration::from_secs(timeout / 4);
        // A schedule may be a little late, never half of the time between two of its calls.
        if asked.deadline.duration_since(now) <= quarter + quarter / 2 { Self::Last } else { Self::First }
    }

    /// Its name in the audit, so that a rule can page somebody for the last one alone.
    const fn event(self) -> &'static str {
        match self {
            Self::First => "reminded",
            Self::Last => "last call",
        }
    }
}

/// Subject and text. Both begin with what to do, and until when.
fn message(migration: &Migration, asked: &Asked, call: Call, now: jiff::Timestamp) -> (String, String) {
    let input = &migration.input;
    let (blue, green) = (&input.blue.cluster, &input.green.cluster);
    let left = asked.deadline.duration_since(now);
    let call = match call {
        Call::First => "Still open",
        Call::Last => "Last call",
    };
    let what = match asked.question {
        Question::Cleanup => format!("may {blue} be deleted?"),
        Question::Qualification | Question::Bake => format!("may {green} take over from {blue}?"),
    };
    let subject = format!("{call}: decide in {}: {what}", span(left));
    let text = format!(
        "Decide until {}: {what}\nNobody has answered yet. Without an answer {}.\n\nThe link and its code are in the message that asked, about \
         migration {}. Whoever may invoke bascule-decide can answer without: the README says how.\n",
        written(asked.deadline),
        asked.question.unanswered(input),
        migration.name(),
    );
    (subject, text)
}
