//! What the plan's estimate of costs goes by instead of the prices that Bascule knows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an hour of something costs you: in your Region, and as you buy it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Price {
    /// `control-plane`, `load-balancer`, or an EC2 instance type such as `m6i.large`.
    #[schemars(regex(pattern = "^(control-plane|load-balancer|[a-z0-9-]+\\.[a-z0-9-]+)$"))]
    pub of: String,
    /// In US dollars, such as "0.0408".
    #[schemars(regex(pattern = "^[0-9]{1,4}(\\.[0-9]{1,6})?$"))]
    pub per_hour: String,
}
