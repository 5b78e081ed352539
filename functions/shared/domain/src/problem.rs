//! What is wrong with an input or an account, each with the JSON path of the field it concerns.

use crate::{Condition, PhaseError};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One reason for a refusal. All reasons are collected and reported at once, never just the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The JSON path into the input, `$` for the whole.
    pub path: String,
    /// What was found, what was expected and what to do about it.
    pub message: String,
    /// The code of the limit that it meets; empty where it meets none: see [`crate::Limit`].
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub code: String,
}

impl Problem {
    /// A problem with the field at `path`, such as `$.gateway.stage`.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into(), code: String::new() }
    }

    /// All problems as one message, a line each.
    #[must_use]
    pub fn list(problems: &[Self]) -> String {
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)?;
        if self.code.is_empty() { Ok(()) } else { write!(f, " (limit {})", self.code) }
    }
}

/// Bytes that the problems of a refusal may take together: they end as the cause of an execution, which has at most 32,768
/// characters (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html>) with every line
/// break and quotation mark escaped, and beside the input in one item of the ledger, 400 KB at most.
const MOST: usize = 24_000;

/// Characters of one path or message.
const LONGEST: usize = 4_000;

/// Why a migration was not begun: what the ledger keeps, and the answer to whoever asks again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// `InvalidInput`, `Refused` or `Conflict`.
    pub condition: Condition,
    /// Every reason.
    pub problems: Vec<Problem>,
}

impl Refusal {
    /// A refusal for these reasons. Where they are more than an execution can tell, the last one says how many there are.
    #[must_use]
    pub fn new(condition: Condition, problems: Vec<Problem>) -> Self {
        let count = problems.len();
        let mut room = MOST;
        let mut problems: Vec<Problem> = problems
            .into_iter()
            .map(|Problem { path, message, code }| Problem { path: shortened(path), message: shortened(message), code })
            .take_while(|problem| {
                let needed = problem.to_string().len() + 1;
                let fits = needed <= room;
                room = room.saturating_sub(needed);
                fits
            })
            .collect();
        if problems.len() < count {
            let more = count - problems.len();
            problems.push(Problem::new("$", format!("and {more} more problems; mend these first and start again")));
        }
        Self { condition, problems }
    }
}

impl From<Refusal> for PhaseError {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.condition, Problem::list(&refusal.problems))
    }
}

fn shortened(text: String) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limit;

    #[test]
    fn a_refusal_names_every_problem() {
        let problems = vec![Problem::new("$.a", "wrong"), Limit::Volumes.refusal("$.b", "missing")];
        let error = PhaseError::from(Refusal::new(Condition::InvalidInput, problems));
        assert_eq!(error, PhaseError::invalid_input("$.a: wrong\n$.b: missing (limit volumes)"));
    }

    #[test]
    fn more_problems_than_an_execution_can_tell_are_counted() {
        let problems = |count: usize, message: &str| {
            let problems = (0..count).map(|number| Problem::new(format!("$.x[{number}]"), message)).collect();
            Refusal::new(Condition::Refused, problems)
        };
        assert_eq!(problems(300, "wrong").problems.len(), 300);
        for refusal in [problems(5_000, "wrong"), problems(40, &"w".repeat(100_000))] {
            assert!(Problem::list(&refusal.problems).len() < 25_000);
            let last = refusal.problems.last().map(ToString::to_string).unwrap_or_default();
            assert!(last.starts_with("$: and ") && last.contains("more problems"), "{last}");
        }
    }
}
