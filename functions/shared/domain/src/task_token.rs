//! Task tokens of Step Functions
//! (<https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token>).

use serde::{Deserialize, Serialize};
use std::fmt;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_never_printed() {
        assert_eq!(format!("{:?}", TaskToken::new("secret")), "TaskToken(…)");
    }
}
