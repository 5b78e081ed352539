//! An execution's history, and what can be read from it: phases, attempts, transitions, what is being waited for.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::aws::Aws;
use crate::error::{Error, Result};

/// One state of an execution, from its first entry to its last exit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phase {
    /// The state's name.
    pub name: String,
    /// When it was entered first.
    pub started: Timestamp,
    /// When it was left last; none while it runs.
    pub ended: Option<Timestamp>,
    /// How often its task was run.
    pub attempts: u32,
}

/// The history of one execution, as far as it goes.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The execution's ARN.
    pub arn: String,
    /// RUNNING, SUCCEEDED, FAILED, `TIMED_OUT` or ABORTED.
    pub status: String,
    /// The output of an execution that succeeded.
    pub output: Option<Value>,
    /// The error and its cause of one that failed.
    pub error: Option<(String, String)>,
    events: Vec<Value>,
}

impl History {
    /// Reads an execution and all its events.
    ///
    /// # Errors
    /// When Step Functions refuses.
    pub async fn read(aws: &Aws, arn: &str) -> Result<Self> {
        let about = aws.json("states", "AWSStepFunctions.DescribeExecution", &json!({"executionArn": arn})).await?;
        let mut events = Vec::new();
        let mut token = Value::Null;
        loop {
            let mut question = json!({"executionArn": arn, "maxResults": 1000});
            if !token.is_null() {
                question["nextToken"] = token;
            }
            let mut page = aws.json("states", "AWSStepFunctions.GetExecutionHistory", &question).await?;
            if let Some(page) = page["events"].as_array_mut() {
                events.append(page);
            }
            token = page["nextToken"].take();
            if token.is_null() {
                break;
            }
        }
        let text = |field: &str| about[field].as_str().map(str::to_owned);
        Ok(Self {
            arn: arn.to_owned(),
            status: text("status").ok_or_else(|| Error::new("an execution without a status"))?,
            output: text("output").and_then(|output| serde_json::from_str(&output).ok()),
            error: text("error").map(|error| (error, text("cause").unwrap_or_default())),
            events,
        })
    }

    /// Whether it goes on.
    #[must_use]
    pub fn running(&self) -> bool {
        self.status == "RUNNING"
    }

    /// How many events there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether nothing has happened yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// The state transitions that AWS charges for: every state that is entered, and every retry.
    /// <https://aws.amazon.com/step-functions/pricing/>
    ///
    /// ministack tells nothing of the states inside of a Parallel but their tasks, so a task that was scheduled counts
    /// as its state: the figure is right where branches hold only tasks.
    #[must_use]
    pub fn transitions(&self) -> usize {
        let count =
            |test: &dyn Fn(&str) -> bool| self.events.iter().filter(|event| kind(event).is_some_and(test)).count();
        let entered = count(&|kind| kind.ends_with("StateEntered"));
        let scheduled = count(&|kind| kind == "TaskScheduled" || kind == "LambdaFunctionScheduled");
        let tasks = count(&|kind| kind == "TaskStateEntered");
        entered + scheduled.saturating_sub(tasks)
    }

    /// The largest input or output of any state, in bytes.
    #[must_use]
    pub fn largest_payload(&self) -> usize {
        let details = self.events.iter().filter_map(details);
        details
            .flat_map(|details| ["input", "output"].map(|field| details[field].as_str().map_or(0, str::len)))
            .max()
            .unwrap_or(0)
    }

    /// The phases, in the order in which they were entered. Those that only choose or pass are no phases, and those inside
    /// of a Parallel are not told of.
    #[must_use]
    pub fn phases(&self) -> Vec<Phase> {
        let mut phases: Vec<Phase> = Vec::new();
        let mut open: Option<String> = None;
        for event in &self.events {
            let (Some(kind), Some(at)) = (kind(event), moment(event)) else { continue };
            match kind {
                "TaskStateEntered" => {
                    let name = state(event);
                    enter(&mut phases, &name, at);
                    open = Some(name);
                }
                "ParallelStateEntered" => open = None,
                "TaskScheduled" => {
                    if let Some(name) = &open {
                        attempt(&mut phases, name);
                    }
                }
                "TaskStateExited" => leave(&mut phases, &state(event), at),
                _ => {}
            }
        }
        phases
    }

    /// The Parallel states: name, when each was entered, and when it was left.
    #[must_use]
    pub fn parallels(&self) -> Vec<(String, Timestamp, Option<Timestamp>)> {
        let mut parallels: Vec<(String, Timestamp, Option<Timestamp>)> = Vec::new();
        for event in &self.events {
            match (kind(event), moment(event)) {
                (Some("ParallelStateEntered"), Some(at)) => parallels.push((state(event), at, None)),
                (Some("ParallelStateExited"), Some(at)) => {
                    if let Some(open) = parallels.iter_mut().rfind(|open| open.0 == state(event)) {
                        open.2 = Some(at);
                    }
                }
                _ => {}
            }
        }
        parallels
    }

    /// The states that have been entered and not left: of a Parallel, the Parallel.
    #[must_use]
    pub fn current(&self) -> Option<String> {
        let entered =
            self.events.iter().rposition(|event| kind(event).is_some_and(|kind| kind.ends_with("StateEntered")))?;
        let name = state(&self.events[entered]);
        let left = self.events[entered..]
            .iter()
            .any(|event| kind(event).is_some_and(|kind| kind.ends_with("StateExited")) && state(event) == name);
        (!left).then_some(name)
    }

    /// Whether a task was sent and has not answered: one that waits for its token.
    #[must_use]
    pub fn task_waits(&self) -> bool {
        let last = self.events.iter().filter_map(kind).rfind(|kind| kind.starts_with("Task"));
        matches!(last, Some("TaskScheduled" | "TaskStarted" | "TaskSubmitted"))
    }

    /// The message of the last condition that a task ended in, with its name: what is waited for, while it is `NotReady`.
    #[must_use]
    pub fn last_condition(&self) -> Option<(String, String)> {
        let failed =
            self.events.iter().rev().find(|event| matches!(kind(event), Some("TaskFailed" | "TaskSucceeded")))?;
        let details = details(failed).filter(|_| kind(failed) == Some("TaskFailed"))?;
        let cause = details["cause"].as_str().unwrap_or_default();
        let message = serde_json::from_str::<Value>(cause)
            .ok()
            .and_then(|cause| cause["errorMessage"].as_str().map(str::to_owned));
        Some((details["error"].as_str().unwrap_or_default().to_owned(), message.unwrap_or_else(|| cause.to_owned())))
    }
}

fn enter(phases: &mut Vec<Phase>, name: &str, at: Timestamp) {
    match phases.iter_mut().find(|phase| phase.name == name) {
        Some(phase) => phase.ended = None,
        None => phases.push(Phase { name: name.to_owned(), started: at, ended: None, attempts: 0 }),
    }
}

fn attempt(phases: &mut [Phase], name: &str) {
    if let Some(phase) = phases.iter_mut().find(|phase| phase.name == name) {
        phase.attempts += 1;
    }
}

fn leave(phases: &mut [Phase], name: &str, at: Timestamp) {
    if let Some(phase) = phases.iter_mut().find(|phase| phase.name == name) {
        phase.ended = Some(at);
    }
}

fn kind(event: &Value) -> Option<&str> {
    event["type"].as_str()
}

fn details(event: &Value) -> Option<&Value> {
    event.as_object()?.iter().find(|(name, _)| name.ends_with("EventDetails")).map(|(_, details)| details)
}

fn state(event: &Value) -> String {
    details(event).and_then(|details| details["name"].as_str()).unwrap_or_default().to_owned()
}

/// AWS sends seconds since the epoch, ministack RFC 3339.
fn moment(event: &Value) -> Option<Timestamp> {
    match &event["timestamp"] {
        Value::String(text) => text.parse().ok(),
        Value::Number(seconds) => jiff::SignedDuration::try_from_secs_f64(seconds.as_f64()?)
            .ok()
            .and_then(|since| Timestamp::from_duration(since).ok()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(events: &Value) -> History {
        History { events: events.as_array().unwrap().clone(), ..History::default() }
    }

    #[test]
    fn the_tasks_of_a_parallel_count_as_transitions_and_tell_what_is_waited_for() {
        let history = history(&json!([
            {"type": "ParallelStateEntered", "timestamp": 1.0, "stateEnteredEventDetails": {"name": "Provision"}},
            {"type": "TaskScheduled", "timestamp": 2.0, "taskScheduledEventDetails": {}},
            {"type": "TaskFailed", "timestamp": 3.0, "taskFailedEventDetails": {"error": "NotReady", "cause": "{\"errorMessage\": \"link PENDING\"}"}},
            {"type": "TaskScheduled", "timestamp": 4.0, "taskScheduledEventDetails": {}},
        ]));
        assert_eq!((history.transitions(), history.phases()), (3, Vec::new()));
        assert_eq!(history.parallels(), [("Provision".to_owned(), Timestamp::from_second(1).unwrap(), None)]);
        assert_eq!(history.last_condition(), Some(("NotReady".into(), "link PENDING".into())));
    }

    #[test]
    fn a_retry_is_one_more_transition_of_the_same_phase() {
        let history = history(&json!([
            {"type": "TaskStateEntered", "timestamp": 1.0, "stateEnteredEventDetails": {"name": "Validate", "input": "{}"}},
            {"type": "TaskScheduled", "timestamp": 1.0, "taskScheduledEventDetails": {}},
            {"type": "TaskScheduled", "timestamp": 2.0, "taskScheduledEventDetails": {}},
            {"type": "TaskStateExited", "timestamp": 3.0, "stateExitedEventDetails": {"name": "Validate", "output": "{\"a\":1}"}},
        ]));
        assert_eq!(history.transitions(), 2);
        assert_eq!(history.largest_payload(), 7);
        let phase = &history.phases()[0];
        assert_eq!((phase.attempts, phase.ended), (2, Timestamp::from_second(3).ok()));
    }
}
