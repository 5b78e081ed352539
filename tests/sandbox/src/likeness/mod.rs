//! Green is like blue, attribute by attribute, as AWS's APIs answer them: but for what [`testing::fate`] says of the APIs' members, which the SDK's
//! types are held against too, and for what a world's own input asks for, which is said in `worlds.rs`.

use std::collections::BTreeMap;

use serde_json::Value;
use testing::fate::{Fate, Shape};

use crate::aws::Aws;
use crate::error::Result;
use crate::world::front::Front;
use crate::world::{BLUE, GREEN};

mod answers;
mod edge;
mod eks;
mod nodes;
mod worlds;

use answers::snake;

/// Something that a cluster or its edge consists of.
#[derive(Clone, Debug)]
struct Thing {
    kind: &'static str,
    /// What it has in common with its like.
    name: String,
    shape: &'static Shape,
    /// As the API answers it.
    told: Value,
}

impl Thing {
    /// For people.
    fn label(&self) -> String {
        format!("{} {}", self.kind, self.name).trim_end().to_owned()
    }
}

/// A cluster with its edge.
#[derive(Clone, Debug, Default)]
pub struct Side {
    things: Vec<Thing>,
    /// What names this side, by what it names: names, ids, ARNs, addresses.
    own: BTreeMap<String, String>,
}

/// What a comparison came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Likeness {
    /// How many attributes were held against each other.
    pub attributes: usize,
    /// Of how many things.
    pub things: usize,
    /// What differs and may not.
    pub differences: Vec<String>,
}

impl Likeness {
    /// For people.
    #[must_use]
    pub fn words(&self) -> String {
        let Self { attributes, things, differences } = self;
        let found = if differences.is_empty() { "as the table says".to_owned() } else { differences.join("; ") };
        format!("{GREEN} was held against {BLUE} in {attributes} attributes of {things} things: {found}")
    }
}

/// The type of what the table knows no members of.
const UNKNOWN: &Shape = &Shape::of(&[]);

impl Side {
    /// Reads a cluster and its edge: control plane, what hangs on it, nodes with what is behind them, load balancer with what is attached.
    ///
    /// # Errors
    /// When a service refuses.
    pub async fn read(aws: &Aws, cluster: &str) -> Result<Self> {
        let mut side = Self::default();
        side.names("the cluster", cluster);
        nodes::security_groups(aws, cluster, &mut side).await?;
        eks::read(aws, cluster, &mut side).await?;
        nodes::read(aws, cluster, &mut side).await?;
        edge::read(aws, cluster, &mut side).await?;
        Ok(side)
    }

    fn add(&mut self, kind: &'static str, name: impl Into<String>, shape: &'static Shape, mut told: Value) {
        answers::tidy(&mut told);
        self.things.push(Thing { kind, name: name.into(), shape, told });
    }

    fn names(&mut self, what: impl Into<String>, word: &str) {
        if !word.is_empty() {
            self.own.insert(what.into(), word.to_owned());
        }
    }

    /// The same with what names this side naming the other one.
    fn as_of(&self, other: &Self) -> Self {
        let mut words: Vec<(&String, &String)> =
            self.own.iter().filter_map(|(what, word)| Some((word, other.own.get(what)?))).collect();
        // The longest first: ARNs have names in them.
        words.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
        let renamed = |text: &str| renamed(text, &words);
        let things = self.things.iter().map(|thing| Thing {
            name: renamed(&thing.name),
            told: renamed(&thing.told.to_string()).parse().unwrap_or_default(),
            ..thing.clone()
        });
        Self { things: things.collect(), own: self.own.clone() }
    }
}

/// The text with each word, of which the longer ones come first, replaced by its counterpart. What was put in is not read again: names of green's may
/// have blue's in them.
fn renamed(mut text: &str, words: &[(&String, &String)]) -> String {
    let mut renamed = String::with_capacity(text.len());
    while let Some(next) = text.chars().next() {
        if let Some((from, to)) = words.iter().find(|(from, _)| text.starts_with(from.as_str())) {
            renamed.push_str(to);
            text = &text[from.len()..];
        } else {
            renamed.push(next);
            text = &text[next.len_utf8()..];
        }
    }
    renamed
}

/// Holds green against blue, with what the input of this world asks for.
#[must_use]
pub fn compare(blue: &Side, green: &Side, front: Front, input: &Value) -> Likeness {
    let mut expected = blue.as_of(green);
    worlds::expect(&mut expected, input);
    let mut likeness = Likeness::default();
    for thing in &expected.things {
        let (kind, name) = (thing.kind, &thing.name);
        let like = |other: &&Thing| other.kind == kind && other.name == *name;
        let Some(like) = green.things.iter().find(like) else {
            likeness.differences.push(format!("{GREEN} has no {}, and {BLUE} has one", thing.label()));
            continue;
        };
        let (mut wanted, mut found) = (BTreeMap::new(), BTreeMap::new());
        flat(Some(thing.shape), &thing.told, "", &mut wanted);
        flat(Some(like.shape), &like.told, "", &mut found);
        likeness.things += 1;
        for member in wanted.keys().chain(found.keys().filter(|member| !wanted.contains_key(*member))) {
            likeness.attributes += 1;
            let (wanted, found) = (wanted.get(member), found.get(member));
            if wanted != found && worlds::allowed(front, kind, member).is_none() {
                let words = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), Value::to_string);
                likeness.differences.push(format!(
                    "{GREEN}: {} has {member} {}, expected {}",
                    thing.label(),
                    words(found),
                    words(wanted)
                ));
            }
        }
    }
    for thing in &green.things {
        let (kind, name) = (thing.kind, &thing.name);
        let is_blues = expected.things.iter().any(|other| other.kind == kind && other.name == *name);
        if !is_blues && worlds::beside(front, kind, name).is_none() {
            likeness.differences.push(format!("{BLUE} has no {}, and {GREEN} has one", thing.label()));
        }
    }
    likeness
}

/// Every member with its path, but for those that the table says green may differ in. Lists keep their order, unless their entries are objects: of
/// those AWS promises none. What is empty or missing is the same.
fn flat(shape: Option<&Shape>, value: &Value, path: &str, into: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let member = if shape.is_some() { snake(name) } else { name.clone() };
                if matches!(shape.and_then(|shape| shape.fate(&member)), Some(Fate::Differs(_))) {
                    continue;
                }
                let place = if path.is_empty() { member.clone() } else { format!("{path}.{member}") };
                flat(shape.and_then(|shape| shape.part(&member)), value, &place, into);
            }
        }
        Value::Array(entries) if entries.iter().any(Value::is_object) => {
            let mut each: Vec<BTreeMap<String, Value>> = entries
                .iter()
                .map(|entry| {
                    let mut members = BTreeMap::new();
                    flat(shape, entry, "", &mut members);
                    members
                })
                .collect();
            each.sort_by_cached_key(|members| format!("{members:?}"));
            for (number, members) in each.into_iter().enumerate() {
                into.extend(members.into_iter().map(|(member, value)| (format!("{path}[{number}].{member}"), value)));
            }
        }
        Value::Array(entries) if entries.is_empty() => {}
        Value::String(text) if text.is_empty() => {}
        Value::Null => {}
        other => {
            into.insert(path.to_owned(), other.clone());
        }
    }
}

#[cfg(test)]
mod tests;
