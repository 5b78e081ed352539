//! Retriers and catchers (<https://states-language.net/#errors>).

use super::template::Template;
use jiff::SignedDuration;
use serde_json::Value;

/// One entry of `Retry`.
#[derive(Debug)]
pub(super) struct Retrier {
    pub(super) errors: Vec<String>,
    pub(super) interval_seconds: f64,
    pub(super) backoff_rate: f64,
    pub(super) max_delay_seconds: f64,
    pub(super) max_attempts: u32,
    /// The wait is random between 0 and the delay (`JitterStrategy: FULL`).
    pub(super) jitter: bool,
}

impl Retrier {
    /// The longest wait before the retry after `retries` earlier ones of this retrier.
    pub(super) fn delay(&self, retries: u32) -> SignedDuration {
        let rate = self.backoff_rate.powi(i32::try_from(retries).unwrap_or(i32::MAX));
        SignedDuration::try_from_secs_f64((self.interval_seconds * rate).min(self.max_delay_seconds))
            .unwrap_or_default()
    }

    /// # Errors
    /// What is wrong with the entry.
    pub(super) fn parse(value: &Value) -> Result<Self, String> {
        let fields = [
            "ErrorEquals",
            "IntervalSeconds",
            "BackoffRate",
            "MaxDelaySeconds",
            "MaxAttempts",
            "JitterStrategy",
            "Comment",
        ];
        only(value, &fields)?;
        let seconds = |name: &str, default: f64| {
            value.get(name).map_or(Some(default), Value::as_f64).ok_or(format!("{name} is no number"))
        };
        let max_attempts =
            value.get("MaxAttempts").map_or(Some(3), Value::as_u64).and_then(|count| u32::try_from(count).ok());
        Ok(Self {
            errors: names(value)?,
            interval_seconds: seconds("IntervalSeconds", 1.0)?,
            backoff_rate: seconds("BackoffRate", 2.0)?,
            // The default limits nothing that matters: an execution lasts a year at most.
            max_delay_seconds: seconds("MaxDelaySeconds", 31_622_400.0)?,
            max_attempts: max_attempts.ok_or("MaxAttempts is no count")?,
            jitter: value.get("JitterStrategy").is_some_and(|strategy| strategy == "FULL"),
        })
    }
}

/// One entry of `Catch`; `next` is the place of its state in the machine.
#[derive(Debug)]
pub(super) struct Catcher {
    pub(super) errors: Vec<String>,
    pub(super) output: Option<Template>,
    pub(super) assign: Option<Template>,
    pub(super) next: usize,
}

impl Catcher {
    /// `find` tells the place of a state by its name.
    ///
    /// # Errors
    /// What is wrong with the entry.
    pub(super) fn parse(value: &Value, find: impl Fn(&Value) -> Result<usize, String>) -> Result<Self, String> {
        only(value, &["ErrorEquals", "Output", "Assign", "Next", "Comment"])?;
        Ok(Self {
            errors: names(value)?,
            output: field_of(value, "Output")?,
            assign: field_of(value, "Assign")?,
            next: find(&value["Next"])?,
        })
    }
}

fn names(value: &Value) -> Result<Vec<String>, String> {
    let names = value["ErrorEquals"].as_array().map(Vec::as_slice).unwrap_or_default();
    let names: Vec<_> = names.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    if names.is_empty() { Err("ErrorEquals names no error".to_owned()) } else { Ok(names) }
}

/// Refuses fields that the interpreter does not know, since it would ignore what they ask for.
///
/// # Errors
/// The first field that is not in `known`.
pub(super) fn only(value: &Value, known: &[&str]) -> Result<(), String> {
    let unknown = value.as_object().and_then(|fields| fields.keys().find(|name| !known.contains(&name.as_str())));
    unknown.map_or(Ok(()), |name| Err(format!("{name} is not interpreted")))
}

/// The template in a field that may be missing.
///
/// # Errors
/// An expression in it that is no JSONata.
pub(super) fn field_of(value: &Value, field: &str) -> Result<Option<Template>, String> {
    value.get(field).map(|template| Template::parse(field, template)).transpose()
}
