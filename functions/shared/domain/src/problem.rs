//! What is wrong with an input or an account, each with the JSON path of the field it concerns.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One reason for a refusal. All reasons are collected and reported at once, never just the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The JSON path into the input, `$` for the whole.
    pub path: String,
    /// What was found, what was expected and what to do about it.
    pub message: String,
}

impl Problem {
    /// A problem with the field at `path`, such as `$.gateway.stage`.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }

    /// All problems as one message, a line each.
    #[must_use]
    pub fn list(problems: &[Self]) -> String {
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}
