//! How two things of one kind differ: member by member as they are written down, so that none is left out in silence.

use domain::{Limit, Problem};
use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt::Display;

/// What differs: what would break, and what is only worth knowing.
#[derive(Debug, Default)]
pub(crate) struct Differences {
    breaking: Vec<String>,
    told: Vec<String>,
}

impl Differences {
    /// Something without which what runs on blue would not run on green.
    pub(crate) fn breaks(&mut self, message: String) {
        self.breaking.push(message);
    }

    /// Something that is worth knowing.
    pub(crate) fn tell(&mut self, message: String) {
        self.told.push(message);
    }

    /// One attribute that differs, for people to know.
    pub(crate) fn differs(&mut self, what: &str, blue: impl Display, green: impl Display) {
        self.told.push(format!("{what} is {blue} on blue and {green} on green"));
    }

    /// Every member in which the two differ, but these; `of` says whose members they are.
    pub(crate) fn members<T: Serialize>(&mut self, of: &str, blue: &T, green: &T, but: &[&str]) {
        let (Some(blue), Some(green)) = (members(blue), members(green)) else {
            return self.breaks(format!("{of} cannot be compared: one side is no object of JSON"));
        };
        let names = blue.keys().chain(green.keys().filter(|name| !blue.contains_key(*name)));
        for name in names.filter(|name| !but.contains(&name.as_str())) {
            let (blue, green) = (sorted(blue.get(name)), sorted(green.get(name)));
            if blue != green {
                self.differs(format!("{of} {name}").trim(), said(&blue), said(&green));
            }
        }
    }

    /// Every refusal, with the path of what the user built, and everything that is told.
    pub(crate) fn finish(self, path: &str) -> (Vec<Problem>, Vec<String>) {
        let breaking = self.breaking.into_iter();
        let problems = breaking.map(|message| Limit::GreenDiffers.refusal(path, message));
        let told = self.told.into_iter().map(|message| format!("green differs from blue: {message}"));
        (problems.collect(), told.collect())
    }
}

/// The members; nothing where there are none to compare, which must not look like two equal things.
fn members<T: Serialize>(thing: &T) -> Option<Map<String, Value>> {
    let written = serde_json::to_string(thing).ok()?;
    serde_json::from_str(&written).ok()
}

/// Lists are sets here: subnets, log types, groups.
fn sorted(value: Option<&Value>) -> Value {
    match value {
        Some(Value::Array(items)) => {
            let mut items = items.clone();
            items.sort_by_key(Value::to_string);
            Value::Array(items)
        }
        Some(value) => value.clone(),
        None => Value::Null,
    }
}

fn said(value: &Value) -> String {
    match value {
        Value::Null => "not set".to_owned(),
        Value::String(text) if text.is_empty() => "empty".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "empty".to_owned(),
        Value::Array(items) => items.iter().map(said).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_compared_is_no_pair_of_equal_things() {
        let mut differences = Differences::default();
        differences.members("node group a:", &1, &1, &[]);
        let (problems, told) = differences.finish("$.green.cluster");
        assert_eq!((problems.len(), told.len()), (1, 0));
        assert!(problems[0].message.starts_with("node group a: cannot be compared"), "{problems:?}");
    }
}
