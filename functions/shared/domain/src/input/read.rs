//! Reads an input and collects every problem, instead of ending at the first as serde does: the schema that users see is also what
//! the input is checked against, then the rules that a schema cannot say.

mod rules;

use super::{
    Input,
    schema::{blank, check},
};
use crate::Problem;
use rules::rules;
use serde_json::Value;

/// What can be understood of an input, and what is wrong with the rest: the account can be held against the former before
/// the latter is mended, so that people learn of everything at once.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The input. What is missing or wrong has its default, or is empty where it has none; nothing where not even that can be
    /// read.
    pub input: Option<Input>,
    /// Everything that is wrong with what people wrote.
    pub problems: Vec<Problem>,
}

impl Reading {
    /// Reads an input as far as it can be.
    #[must_use]
    pub fn of(value: &Value) -> Self {
        read(value)
    }

    /// Whether the field at `path` is in itself, or with what it is part of, missing or wrong: its value here is not what
    /// people meant.
    #[must_use]
    pub fn is_faulty(&self, path: &str) -> bool {
        self.problems.iter().any(|problem| is_within(path, &problem.path))
    }
}

/// Whether one JSON path is the other, or leads to a part of it.
fn is_within(path: &str, whole: &str) -> bool {
    path.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

pub(super) fn input(value: &Value) -> Result<Input, Vec<Problem>> {
    match read(value) {
        Reading { input: Some(input), problems } if problems.is_empty() => Ok(input),
        Reading { problems, .. } => Err(problems),
    }
}

fn read(value: &Value) -> Reading {
    let schema = schemars::generate::SchemaSettings::draft2020_12()
        .with(|settings| settings.inline_subschemas = true)
        .into_generator()
        .into_root_schema_for::<Input>()
        .to_value();
    let mut problems = Vec::new();
    let sound = check("$", value, &schema, &mut problems).unwrap_or_else(|| blank(&schema));
    // The schema has refused what serde would, with the path. From text, as the ledger reads an input: one reader of all these types is
    // enough in each function.
    match serde_json::from_str::<Input>(&sound.to_string()) {
        Ok(input) => {
            let broken = rules(&input, &problems);
            problems.extend(broken);
            Reading { input: Some(input), problems }
        }
        Err(error) => {
            problems.push(Problem::new("$", error.to_string()));
            Reading { input: None, problems }
        }
    }
}

#[cfg(test)]
mod tests;
