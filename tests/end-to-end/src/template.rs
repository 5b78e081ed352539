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

    /// The statements of a role's own policies and of those managed policies of the template that it has.
    #[must_use]
    pub fn all_statements(&self, role: &str) -> Vec<Statement> {
        let managed = texts(&self.resource(role)["Properties"]["ManagedPolicyArns"]);
        let documents = self.of_type("AWS::IAM::ManagedPolicy");
        let of_managed = documents.into_iter().filter(|id| managed.iter().any(|name| name == id));
        let shared = of_managed.flat_map(|id| statements(&self.resource(id)["Properties"]["PolicyDocument"]));
        shared.chain(self.statements(role)).collect()
    }
}

impl Statement {
    /// What it allows; API Gateway's actions with the paths they are allowed on.
    #[must_use]
    pub fn allowed(&self) -> BTreeSet<String> {
        let paths = || self.resources.iter().filter_map(|resource| resource.split("::/").nth(1));
        let with_paths = |action: &String| match action.as_str() {
            action if action.starts_with("apigateway:") => paths().map(|path| format!("{action} /{path}")).collect(),
            action => vec![action.to_owned()],
        };
        self.actions.iter().flat_map(with_paths).collect()
    }

    /// Condition keys and their values, under whatever operator. A condition that holds with one choice of a parameter only
    /// (`!If`) counts: it is what the default asks for, as another test says.
    #[must_use]
    pub fn conditions(&self) -> Vec<(String, Vec<String>)> {
        let condition = if self.condition.is_array() { &self.condition[1] } else { &self.condition };
        let operators = condition.as_object().into_iter().flatten();
        operators
            .flat_map(|(_, keys)| keys.as_object().into_iter().flatten())
            .map(|(key, values)| (key.clone(), texts(values)))
            .collect()
    }
}

fn statements(document: &Value) -> Vec<Statement> {
    let statements = document["Statement"].as_array().into_iter().flatten();
    statements
        // A statement that is there with one choice of a parameter only (`!If`) counts, as a condition does.
        .map(|statement| if statement.is_array() { &statement[1] } else { statement })
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
        Value::Null => Vec::new(),
        other => vec![other.to_string()],
    }
}
