//! The template, as far as the contract tests ask it. Tags such as `!Ref` fall away: what they name stays.

use crate::project;
use serde_json::Value;
use std::collections::BTreeSet;

/// infra/template.yaml.
#[derive(Debug, Clone)]
pub struct Template {
    /// The whole document.
    pub document: Value,
}

/// A statement of a role's policy.
#[derive(Debug, Clone)]
pub struct Statement {
    /// What it allows.
    pub actions: BTreeSet<String>,
    /// On what, with the intrinsic functions' tags gone.
    pub resources: Vec<String>,
    /// Under which condition; null where it has none.
    pub condition: Value,
}

impl Template {
    /// Reads it.
    ///
    /// # Panics
    /// Where it is not YAML.
    #[must_use]
    pub fn read() -> Self {
        let document = serde_saphyr::from_str(&project::text("infra/template.yaml"));
        Self { document: document.unwrap_or_else(|error| panic!("infra/template.yaml: {error}")) }
    }

    /// A resource by its logical id.
    ///
    /// # Panics
    /// Where there is none.
    #[must_use]
    pub fn resource(&self, id: &str) -> &Value {
        let resource = &self.document["Resources"][id];
        assert!(resource.is_object(), "the template has no {id}");
        resource
    }

    /// The logical ids of a type.
    ///
    /// # Panics
    /// Where the template has no resources.
    #[must_use]
    pub fn of_type(&self, kind: &str) -> BTreeSet<&str> {
        let resources = self.document["Resources"].as_object().expect("Resources");
        resources.iter().filter(|(_, resource)| resource["Type"] == kind).map(|(id, _)| id.as_str()).collect()
    }

    /// The properties of a phase's function.
    #[must_use]
    pub fn function(&self, phase: &str) -> &Value {
        &self.resource(&format!("{}Function", project::pascal(phase)))["Properties"]
    }

    /// A phase's own time-out, in seconds.
    ///
    /// # Panics
    /// Where it is not a number.
    #[must_use]
    pub fn timeout(&self, phase: &str) -> u64 {
        let own = &self.function(phase)["Timeout"];
        let default = &self.document["Globals"]["Function"]["Timeout"];
        if own.is_null() { default } else { own }.as_u64().expect("a number of seconds")
    }

    /// The statements of a role's own policies.
    #[must_use]
    pub fn statements(&self, role: &str) -> Vec<Statement> {
        let policies = self.resource(role)["Properties"]["Policies"].as_array().into_iter().flatten();
        policies.flat_map(|policy| statements(&policy["PolicyDocument"])).collect()
    }

    /// The statements that every function has.
    #[must_use]
    pub fn ledger_statements(&self) -> Vec<Statement> {
        statements(&self.resource("LedgerPolicy")["Properties"]["PolicyDocument"])
    }
}

fn statements(document: &Value) -> Vec<Statement> {
    let statements = document["Statement"].as_array().into_iter().flatten();
    statements
        .map(|statement| {
            assert_eq!(statement["Effect"], "Allow");
            Statement {
                actions: texts(&statement["Action"]).into_iter().collect(),
                resources: texts(&statement["Resource"]),
                condition: statement["Condition"].clone(),
            }
        })
        .collect()
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        other => vec![other.to_string()],
    }
}
