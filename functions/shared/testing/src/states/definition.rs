//! A state machine, parsed once from its Amazon States Language.

use super::retry::{Catcher, Retrier, field_of, only};
use super::template::Template;
use jiff::SignedDuration;
use serde_json::{Map, Value};
use std::fmt;

/// A state machine. Its expressions are parsed, and every `Next` is known to exist.
#[derive(Debug)]
pub struct Machine {
    pub(super) states: Vec<State>,
    pub(super) start: usize,
    pub(super) timeout: Option<SignedDuration>,
}

/// Why a definition cannot be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefinitionError {
    /// The state, or nothing for the machine itself.
    pub state: String,
    /// What is wrong with it.
    pub reason: String,
}

impl fmt::Display for DefinitionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "state '{}': {}", self.state, self.reason)
    }
}

impl std::error::Error for DefinitionError {}

#[derive(Debug)]
pub(super) struct State {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) output: Option<Template>,
    pub(super) assign: Option<Template>,
    /// The next state; none at an end.
    pub(super) next: Option<usize>,
    pub(super) retry: Vec<Retrier>,
    pub(super) catch: Vec<Catcher>,
}

#[derive(Debug)]
pub(super) enum Kind {
    Pass,
    Task(Task),
    Choice { rules: Vec<Rule>, default: Option<usize> },
    WaitSeconds(Template),
    WaitTimestamp(Template),
    Succeed,
    Fail { error: Option<Template>, cause: Option<Template> },
    Parallel { arguments: Option<Template>, branches: Vec<usize> },
}

#[derive(Debug)]
pub(super) struct Task {
    pub(super) resource: Resource,
    pub(super) arguments: Option<Template>,
    pub(super) timeout: Option<Template>,
    pub(super) heartbeat: Option<Template>,
}

/// The integrations that the machines of this project use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resource {
    /// `lambda:invoke`
    Invoke,
    /// `lambda:invoke.waitForTaskToken`
    InvokeAndWait,
    /// `states:startExecution.sync:2`
    StartExecution,
    /// `sns:publish`
    Publish,
}

/// One entry of `Choices`.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) condition: Template,
    pub(super) output: Option<Template>,
    pub(super) assign: Option<Template>,
    pub(super) next: usize,
}

impl Machine {
    /// Parses the text of a definition. `${NameArn}` stands for the function, machine or topic `Name`.
    ///
    /// # Errors
    /// The text is no JSON, a state is not written in JSONata, uses a field, type or resource that is not interpreted, or
    /// names a state that does not exist.
    pub fn parse(text: &str) -> Result<Self, DefinitionError> {
        let whole = |reason: String| DefinitionError { state: String::new(), reason };
        let definition: Value = serde_json::from_str(text).map_err(|error| whole(error.to_string()))?;
        only(&definition, &["Comment", "QueryLanguage", "StartAt", "TimeoutSeconds", "Version", "States"])
            .map_err(whole)?;
        if definition["QueryLanguage"] != "JSONata" {
            return Err(whole("its QueryLanguage is not JSONata".to_owned()));
        }
        let mut machine = Self {
            states: Vec::new(),
            start: 0,
            timeout: definition["TimeoutSeconds"].as_i64().map(SignedDuration::from_secs),
        };
        machine.start = machine.add(&definition)?;
        Ok(machine)
    }

    /// Names of all states, those of branches after the state that has them.
    pub fn state_names(&self) -> impl Iterator<Item = &str> {
        self.states.iter().map(|state| state.name.as_str())
    }

    /// Adds the states of the machine or of a branch and returns the place of the first to run.
    fn add(&mut self, block: &Value) -> Result<usize, DefinitionError> {
        let empty = Map::new();
        let states = block["States"].as_object().unwrap_or(&empty);
        let first = self.states.len();
        let find = |name: &Value| {
            let place = states.keys().position(|known| *name == known.as_str());
            place.map(|place| first + place).ok_or_else(|| format!("there is no state {name} beside it"))
        };
        let mut branches = Vec::new();
        for (name, value) in states {
            let wrong = |reason| DefinitionError { state: name.clone(), reason };
            self.states.push(State::parse(name, value, &find).map_err(wrong)?);
            branches.push(value["Branches"].as_array().map(Vec::as_slice).unwrap_or_default());
        }
        for (place, blocks) in branches.into_iter().enumerate() {
            let starts = blocks.iter().map(|block| self.add(block)).collect::<Result<_, _>>()?;
            if let Kind::Parallel { branches, .. } = &mut self.states[first + place].kind {
                *branches = starts;
            }
        }
        find(&block["StartAt"]).map_err(|reason| DefinitionError { state: String::new(), reason })
    }
}

impl State {
    fn parse(name: &str, value: &Value, find: &impl Fn(&Value) -> Result<usize, String>) -> Result<Self, String> {
        let template = |field: &str| field_of(value, field);
        let list = |field: &str| value[field].as_array().map(Vec::as_slice).unwrap_or_default();
        let kind = value["Type"].as_str().unwrap_or_default();
        let own: &[&str] = match kind {
            "Task" => &["Resource", "Arguments", "TimeoutSeconds", "HeartbeatSeconds", "Retry", "Catch"],
            "Parallel" => &["Arguments", "Branches", "Retry", "Catch"],
            "Choice" => &["Choices", "Default"],
            "Wait" => &["Seconds", "Timestamp"],
            "Fail" => &["Error", "Cause"],
            "Pass" | "Succeed" => &[],
            other => return Err(format!("the type {other} is not interpreted")),
        };
        let common = ["Type", "Comment", "QueryLanguage", "Next", "End", "Output", "Assign"];
        only(value, &[&common, own].concat())?;
        if value.get("QueryLanguage").is_some_and(|language| language != "JSONata") {
            return Err("its QueryLanguage is not JSONata".to_owned());
        }
        let kind = match kind {
            "Task" => Kind::Task(Task {
                resource: Resource::parse(value["Resource"].as_str().unwrap_or_default())?,
                arguments: template("Arguments")?,
                timeout: template("TimeoutSeconds")?,
                heartbeat: template("HeartbeatSeconds")?,
            }),
            "Parallel" => Kind::Parallel { arguments: template("Arguments")?, branches: Vec::new() },
            "Choice" => Kind::Choice {
                rules: list("Choices").iter().map(|rule| Rule::parse(rule, find)).collect::<Result<_, _>>()?,
                default: value.get("Default").map(find).transpose()?,
            },
            "Wait" => match (template("Seconds")?, template("Timestamp")?) {
                (Some(seconds), None) => Kind::WaitSeconds(seconds),
                (None, Some(timestamp)) => Kind::WaitTimestamp(timestamp),
                _ => return Err("it needs Seconds or Timestamp".to_owned()),
            },
            "Fail" => Kind::Fail { error: template("Error")?, cause: template("Cause")? },
            "Succeed" => Kind::Succeed,
            _ => Kind::Pass,
        };
        let goes_on = matches!(
            kind,
            Kind::Task(_) | Kind::Parallel { .. } | Kind::Pass | Kind::WaitSeconds(_) | Kind::WaitTimestamp(_)
        );
        if goes_on && value.get("Next").is_some() == (value["End"] == true) {
            return Err("it needs Next or End".to_owned());
        }
        Ok(Self {
            name: name.to_owned(),
            kind,
            output: template("Output")?,
            assign: template("Assign")?,
            next: value.get("Next").map(find).transpose()?,
            retry: list("Retry").iter().map(Retrier::parse).collect::<Result<_, _>>()?,
            catch: list("Catch").iter().map(|entry| Catcher::parse(entry, find)).collect::<Result<_, _>>()?,
        })
    }
}

impl Rule {
    fn parse(value: &Value, find: impl Fn(&Value) -> Result<usize, String>) -> Result<Self, String> {
        only(value, &["Condition", "Output", "Assign", "Next", "Comment"])?;
        Ok(Self {
            condition: Template::parse("Condition", &value["Condition"])?,
            output: field_of(value, "Output")?,
            assign: field_of(value, "Assign")?,
            next: find(&value["Next"])?,
        })
    }
}

impl Resource {
    fn parse(arn: &str) -> Result<Self, String> {
        match arn.split_once(":states:::").map(|(_, name)| name) {
            Some("lambda:invoke") => Ok(Self::Invoke),
            Some("lambda:invoke.waitForTaskToken") => Ok(Self::InvokeAndWait),
            Some("states:startExecution.sync:2") => Ok(Self::StartExecution),
            Some("sns:publish") => Ok(Self::Publish),
            _ => Err(format!("the resource {arn} is not interpreted")),
        }
    }

    /// AWS's name of the service, as it stands in messages.
    pub(super) const fn service(self) -> &'static str {
        match self {
            Self::Invoke | Self::InvokeAndWait => "lambda",
            Self::StartExecution => "states",
            Self::Publish => "sns",
        }
    }
}

/// Types of events (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html>).
impl Kind {
    pub(super) const fn entered(&self) -> &'static str {
        match self {
            Self::Pass => "PassStateEntered",
            Self::Task(_) => "TaskStateEntered",
            Self::Choice { .. } => "ChoiceStateEntered",
            Self::WaitSeconds(_) | Self::WaitTimestamp(_) => "WaitStateEntered",
            Self::Succeed => "SucceedStateEntered",
            Self::Fail { .. } => "FailStateEntered",
            Self::Parallel { .. } => "ParallelStateEntered",
        }
    }

    /// None is recorded for a Fail state, which ends the execution.
    pub(super) const fn exited(&self) -> &'static str {
        match self {
            Self::Pass | Self::Fail { .. } => "PassStateExited",
            Self::Task(_) => "TaskStateExited",
            Self::Choice { .. } => "ChoiceStateExited",
            Self::WaitSeconds(_) | Self::WaitTimestamp(_) => "WaitStateExited",
            Self::Succeed => "SucceedStateExited",
            Self::Parallel { .. } => "ParallelStateExited",
        }
    }

    /// The other types have no such event.
    pub(super) const fn aborted(&self) -> Option<&'static str> {
        match self {
            Self::Task(_) => Some("TaskStateAborted"),
            Self::WaitSeconds(_) | Self::WaitTimestamp(_) => Some("WaitStateAborted"),
            Self::Parallel { .. } => Some("ParallelStateAborted"),
            Self::Pass | Self::Choice { .. } | Self::Succeed | Self::Fail { .. } => None,
        }
    }
}
