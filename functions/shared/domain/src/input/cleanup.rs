//! What becomes of blue at the end.

use super::Input;
use crate::Duration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When and how blue is deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Cleanup {
    /// How long after the bake, at most 30 days.
    pub after: Duration,
    /// Whether people are asked once more.
    pub approval: bool,
    /// What becomes of blue: `delete` where absent, and `keep` where green is the user's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "BlueFate")]
    pub blue: Option<BlueFate>,
}

/// What becomes of blue at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BlueFate {
    /// It is deleted, as far as the approved plan lists it.
    Delete,
    /// It stays, and only what Bascule made beside green is taken away.
    Keep,
}

impl Default for Cleanup {
    fn default() -> Self {
        Self { after: Duration::from_days(7), approval: false, blue: None }
    }
}

impl Input {
    /// Whether blue stays for good.
    #[must_use]
    pub fn keeps_blue(&self) -> bool {
        let by_default = if self.green.existing { BlueFate::Keep } else { BlueFate::Delete };
        self.cleanup.blue.unwrap_or(by_default) == BlueFate::Keep
    }
}
