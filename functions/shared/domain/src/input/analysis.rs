//! Whether green is compared with blue while traffic moves.

use crate::Duration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether green is compared with blue while traffic moves and in the bake, by the requests of `smoke` sent to both in turns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Analysis {
    /// When they are compared.
    pub when: Compared,
    /// So many requests of each side must say something before a step counts as passed.
    #[schemars(range(min = 10, max = 100_000))]
    pub samples: u32,
    /// So long after its time a step or the bake waits for them; then traffic goes back.
    pub patience: Duration,
}

/// When green is compared with blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Compared {
    /// Where traffic moves in several steps.
    #[default]
    InSteps,
    /// After a straight switch too.
    Always,
    /// Never.
    Never,
}

impl Default for Analysis {
    fn default() -> Self {
        Self { when: Compared::InSteps, samples: 100, patience: Duration::from_mins(10) }
    }
}

impl super::Cutover {
    /// Whether green is compared with blue after each step.
    #[must_use]
    pub const fn is_analysed(&self) -> bool {
        match self.analysis.when {
            Compared::InSteps => self.steps.len() > 1,
            Compared::Always => true,
            Compared::Never => false,
        }
    }
}
