//! The state machines, as Amazon States Language
//! (<https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html>).

use crate::project;
use serde_json::{Map, Value};

/// The machines, without `bascule-`.
pub const MACHINES: [&str; 3] = ["migrate", "rollback", "cleanup"];

/// A state machine's definition.
#[derive(Debug, Clone)]
pub struct Machine {
    /// Its name, without `bascule-`.
    pub name: &'static str,
    /// The whole definition.
    pub definition: Value,
}

/// A state, and where it stands.
#[derive(Debug, Clone, Copy)]
pub struct State<'a> {
    /// Its name, unique within a machine.
    pub name: &'a str,
    /// Its definition.
    pub definition: &'a Value,
    /// Whether it is inside a branch of a Parallel.
    pub in_branch: bool,
}

impl Machine {
    /// All machines.
    #[must_use]
    pub fn all() -> Vec<Self> {
        MACHINES.into_iter().map(Self::read).collect()
    }

    /// The machine of this name.
    #[must_use]
    pub fn read(name: &'static str) -> Self {
        Self { name, definition: project::json(&format!("statemachine/{name}.asl.json")) }
    }

    /// Every state, those inside branches included.
    ///
    /// # Panics
    /// Where the definition has no states.
    #[must_use]
    pub fn states(&self) -> Vec<State<'_>> {
        let mut found = Vec::new();
        collect(self.definition["States"].as_object().expect("States"), false, &mut found);
        found
    }

    /// The state of this name.
    ///
    /// # Panics
    /// Where there is none.
    #[must_use]
    pub fn state(&self, name: &str) -> State<'_> {
        *self
            .states()
            .iter()
            .find(|state| state.name == name)
            .unwrap_or_else(|| panic!("{} has no state {name}", self.name))
    }
}

fn collect<'a>(states: &'a Map<String, Value>, in_branch: bool, found: &mut Vec<State<'a>>) {
    for (name, definition) in states {
        found.push(State { name, definition, in_branch });
        for branch in definition["Branches"].as_array().into_iter().flatten() {
            collect(branch["States"].as_object().expect("a branch has States"), true, found);
        }
    }
}

impl<'a> State<'a> {
    /// `Task`, `Choice` and so on.
    #[must_use]
    pub fn kind(&self) -> &'a str {
        self.definition["Type"].as_str().unwrap_or_default()
    }

    /// The folder of the Lambda that it runs, where it runs one.
    #[must_use]
    pub fn lambda(&self) -> Option<String> {
        let function = self.definition["Arguments"]["FunctionName"].as_str()?;
        Some(project::kebab(function.strip_prefix("${")?.strip_suffix("Arn}")?))
    }

    /// The step that it asks its Lambda for.
    #[must_use]
    pub fn step(&self) -> Option<&'a str> {
        self.definition["Arguments"]["Payload"]["step"].as_str()
    }

    /// Whether it waits for a task token.
    #[must_use]
    pub fn waits_for_a_token(&self) -> bool {
        self.definition["Resource"].as_str().is_some_and(|resource| resource.ends_with(".waitForTaskToken"))
    }

    /// How often its retrier of this index invokes it again during one visit.
    #[must_use]
    pub fn attempts(&self, retrier: usize) -> u64 {
        self.definition["Retry"][retrier]["MaxAttempts"].as_u64().unwrap_or_default()
    }

    /// Seconds that its retrier of this index waits in all during one visit, as the States Language computes them
    /// (<https://states-language.net/spec.html#errors>); `jitter` is the part of each interval that is waited.
    #[must_use]
    pub fn waits(&self, retrier: usize, jitter: f64) -> f64 {
        let retrier = &self.definition["Retry"][retrier];
        let number = |field: &str| retrier[field].as_f64();
        let longest = number("MaxDelaySeconds").unwrap_or(f64::MAX);
        let mut delay = number("IntervalSeconds").unwrap_or(1.0);
        let mut waited = 0.0;
        for _ in 0..retrier["MaxAttempts"].as_u64().unwrap_or(3) {
            waited += delay.min(longest) * jitter;
            delay *= number("BackoffRate").unwrap_or(2.0);
        }
        waited
    }
}
