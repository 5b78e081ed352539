//! The end of an execution of one of Bascule's machines, as EventBridge tells it
//! (<https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html>).

use crate::MigrationId;
use serde::Deserialize;
use serde_json::Value;

/// How an execution of one of Bascule's machines ended.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ended {
    /// Its ARN.
    pub execution_arn: String,
    /// The machine's ARN.
    pub state_machine_arn: String,
    /// `SUCCEEDED`, `FAILED`, `TIMED_OUT` or `ABORTED`.
    pub status: String,
    /// The error of one that failed, where Step Functions tells it.
    #[serde(default)]
    pub error: Option<String>,
    /// The cause, where Step Functions tells it.
    #[serde(default)]
    pub cause: Option<String>,
    /// Its input, where it is not too long for an event.
    #[serde(default)]
    pub input: Option<String>,
}

impl Ended {
    /// The machine's name.
    #[must_use]
    pub fn machine(&self) -> &str {
        self.state_machine_arn.rsplit(':').next().unwrap_or_default()
    }

    /// Whether it came to an end of its own that its machine calls good.
    #[must_use]
    pub fn has_succeeded(&self) -> bool {
        self.status == "SUCCEEDED"
    }

    fn given(&self) -> Value {
        self.input.as_deref().and_then(|input| serde_json::from_str(input).ok()).unwrap_or_default()
    }

    /// The migration that it is about: that of its input, or itself.
    #[must_use]
    pub fn migration(&self) -> MigrationId {
        MigrationId::new(self.given()["migrationId"].as_str().unwrap_or(&self.execution_arn))
    }

    /// Whether another execution started it and waits for it
    /// (<https://docs.aws.amazon.com/step-functions/latest/dg/concepts-nested-workflows.html>).
    #[must_use]
    pub fn is_awaited(&self) -> bool {
        self.given().get("AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID").is_some()
    }
}
