//! What the functions' logs tell of their invocations.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::aws::Aws;
use crate::error::Result;

/// One invocation of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Invocation {
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
}

/// All invocations of a function (by its folder) so far, in order.
///
/// Lambda ends each with a line `REPORT RequestId: … Duration: … ms`; ministack writes it at the end of the invocation.
/// <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html>
///
/// # Errors
/// When `CloudWatch` Logs refuses.
pub async fn of(aws: &Aws, function: &str) -> Result<Vec<Invocation>> {
    let mut invocations = Vec::new();
    let mut token = Value::Null;
    loop {
        let mut question = json!({
            "logGroupName": format!("/aws/lambda/bascule-{function}"),
            "filterPattern": "\"REPORT RequestId\"",
        });
        if !token.is_null() {
            question["nextToken"] = token;
        }
        let mut answer = aws.json("logs", "Logs_20140328.FilterLogEvents", &question).await?;
        invocations.extend(answer["events"].as_array().into_iter().flatten().filter_map(read));
        token = answer["nextToken"].take();
        if token.is_null() {
            invocations.sort();
            return Ok(invocations);
        }
    }
}

fn read(event: &Value) -> Option<Invocation> {
    let ended = Timestamp::from_millisecond(event["timestamp"].as_i64()?).ok()?;
    let duration =
        event["message"].as_str()?.split("Duration: ").nth(1)?.split_whitespace().next()?.parse::<f64>().ok()?;
    let started = ended.checked_sub(SignedDuration::try_from_secs_f64(duration / 1e3).ok()?).ok()?;
    Some(Invocation { started, ended })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invocation_began_its_duration_before_its_report() {
        let event =
            json!({"timestamp": 10_250, "message": "REPORT RequestId: x\tDuration: 250 ms\tBilled Duration: 250 ms"});
        let invocation = read(&event).unwrap();
        assert_eq!((invocation.started.as_millisecond(), invocation.ended.as_millisecond()), (10_000, 10_250));
    }
}
