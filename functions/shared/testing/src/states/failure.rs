//! Errors of states, and which names in `ErrorEquals` match them.

use serde_json::{Value, json};

/// The error of a state: its name, which a token's failure may leave out, and its cause.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub(super) error: Option<String>,
    pub(super) cause: Option<String>,
    /// Whether `States.ALL` and `States.TaskFailed` match it.
    wildcards: bool,
    /// An expression failed, which the history shows as an event of its own (`EvaluationFailed`).
    pub(super) evaluation: bool,
}

impl Failure {
    pub(super) fn new(error: impl Into<String>, cause: impl Into<String>) -> Self {
        Self::unnamed(Some(error.into()), Some(cause.into()))
    }

    /// A failure without a name or a cause, as `SendTaskFailure` and a Fail state may report it.
    pub(super) const fn unnamed(error: Option<String>, cause: Option<String>) -> Self {
        Self { error, cause, wildcards: true, evaluation: false }
    }

    pub(super) fn evaluation(cause: String) -> Self {
        Self { evaluation: true, ..Self::new("States.QueryEvaluationError", cause) }
    }

    /// A time-out or a missed heartbeat. AWS reports both as `States.Timeout` with an empty cause
    /// (recordings: `test_heartbeats.py::test_heartbeat_timeout`, `test_task_service_lambda.py::test_invoke_timeout`).
    pub(super) fn timeout() -> Self {
        Self::new("States.Timeout", "")
    }

    /// A task answered with more than 256 KiB. By the documents `States.ALL` does not match this; AWS was recorded to
    /// match it (`test_states_errors.py::test_service_task_lambada_catch_state_all_data_limit_exceeded_on_large_utf8_response`).
    pub(super) fn large_result(of: &str) -> Self {
        Self::new(
            "States.DataLimitExceeded",
            format!(
                "The state/task '{of}' returned a result with a size exceeding the maximum number of bytes service limit."
            ),
        )
    }

    /// Arguments or output of a state are larger than 256 KiB: "a terminal error which cannot be caught by the `States.ALL`
    /// error type" (<https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html>).
    pub(super) fn large_data(of: &str) -> Self {
        Self { wildcards: false, ..Self::large_result(of) }
    }

    /// Whether one of the names of a retrier or catcher matches. `States.TaskFailed` "acts as a wildcard that matches any
    /// known error name except for `States.Timeout`"
    /// (<https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html>).
    pub(super) fn matches(&self, names: &[String]) -> bool {
        let error = self.error.as_deref();
        names.iter().any(|name| match name.as_str() {
            "States.ALL" => self.wildcards,
            "States.TaskFailed" => error == Some(name) || (self.wildcards && error != Some("States.Timeout")),
            name => error == Some(name),
        })
    }

    /// The value of `$states.errorOutput`. A failure without a name or cause has null there (recording:
    /// `test_callback.py::test_sqs_failure_in_wait_for_task_tok_no_error_field`).
    pub(super) fn output(&self) -> Value {
        json!({"Error": self.error, "Cause": self.cause})
    }
}
