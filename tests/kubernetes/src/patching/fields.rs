//! Sets of fields of `managedFields`
//! (<https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management>, `FieldsV1`): a tree whose edges are
//! `f:<name>`, `k:<keys of a list item>` and `v:<value in a set>`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::shape::{ListRule, Shape, item_key};

/// A set of fields as a tree. A node can be a member, have members below it, or both.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fields {
    member: bool,
    children: BTreeMap<String, Fields>,
}

impl Fields {
    fn leaf() -> Self {
        Self { member: true, children: BTreeMap::new() }
    }

    /// Whether the set is empty.
    pub(crate) fn is_empty(&self) -> bool {
        !self.member && self.children.is_empty()
    }

    /// The fields of `value`: leaves of maps and items of lists; atomic values are one field.
    pub(crate) fn of(value: &Value, shape: Shape<'_>) -> Self {
        match value {
            Value::Object(map) if !map.is_empty() && !shape.is_atomic_map() => {
                let children = map.iter().map(|(key, value)| (format!("f:{key}"), Self::of(value, shape.field(key))));
                Self { member: false, children: children.collect() }
            }
            Value::Array(list) if !list.is_empty() => match shape.list_rule() {
                ListRule::Atomic => Self::leaf(),
                ListRule::Set => {
                    let children = list.iter().map(|value| (format!("v:{value}"), Self::leaf()));
                    Self { member: false, children: children.collect() }
                }
                ListRule::Map(keys) => {
                    let item = |item: &Value| {
                        let mut fields = Self::of(item, shape.item());
                        fields.member = true;
                        (item_key(item, &keys), fields)
                    };
                    Self { member: false, children: list.iter().map(item).collect() }
                }
            },
            _ => Self::leaf(),
        }
    }

    /// The fields of `new` that `old` does not have or that differ.
    pub(crate) fn changed(old: Option<&Value>, new: &Value, shape: Shape<'_>) -> Self {
        let Some(old) = old else { return Self::of(new, shape) };
        if old == new {
            return Self::default();
        }
        match (old, new) {
            (Value::Object(before), Value::Object(after)) if !shape.is_atomic_map() => {
                let children = after
                    .iter()
                    .map(|(key, value)| (format!("f:{key}"), Self::changed(before.get(key), value, shape.field(key))))
                    .filter(|(_, fields)| !fields.is_empty());
                Self { member: false, children: children.collect() }
            }
            (Value::Array(before), Value::Array(after)) => match shape.list_rule() {
                ListRule::Atomic => Self::leaf(),
                ListRule::Set => {
                    let added = after.iter().filter(|value| !before.contains(value));
                    Self { member: false, children: added.map(|value| (format!("v:{value}"), Self::leaf())).collect() }
                }
                ListRule::Map(keys) => {
                    let before: BTreeMap<String, &Value> =
                        before.iter().map(|item| (item_key(item, &keys), item)).collect();
                    let children = after.iter().map(|item| {
                        let key = item_key(item, &keys);
                        let old = before.get(&key).copied();
                        let mut fields = Self::changed(old, item, shape.item());
                        fields.member = old.is_none();
                        (key, fields)
                    });
                    Self { member: false, children: children.filter(|(_, fields)| !fields.is_empty()).collect() }
                }
            },
            _ => Self::of(new, shape),
        }
    }

    /// The union of two sets.
    pub(crate) fn union(&self, other: &Self) -> Self {
        let mut union = self.clone();
        union.member |= other.member;
        for (key, theirs) in &other.children {
            let ours = union.children.entry(key.clone()).or_default();
            *ours = ours.union(theirs);
        }
        union
    }

    /// The members that are not in `other`.
    pub(crate) fn difference(&self, other: &Self) -> Self {
        self.filtered(other, |ours, theirs| ours && !theirs, true)
    }

    /// The intersection of two sets.
    pub(crate) fn intersection(&self, other: &Self) -> Self {
        self.filtered(other, |ours, theirs| ours && theirs, false)
    }

    fn filtered(&self, other: &Self, member: fn(bool, bool) -> bool, keep_alone: bool) -> Self {
        let children = self.children.iter().filter_map(|(key, ours)| {
            let fields = match other.children.get(key) {
                Some(theirs) => ours.filtered(theirs, member, keep_alone),
                None if keep_alone => ours.clone(),
                None => return None,
            };
            (!fields.is_empty()).then(|| (key.clone(), fields))
        });
        Self { children: children.collect(), member: member(self.member, other.member) }
    }

    /// Removes a path and all paths below it.
    pub(crate) fn forget(&mut self, path: &[&str]) {
        match path {
            [] => *self = Self::default(),
            [only] => {
                self.children.remove(*only);
            }
            [first, rest @ ..] => {
                if let Some(child) = self.children.get_mut(*first) {
                    child.forget(rest);
                    if child.is_empty() {
                        self.children.remove(*first);
                    }
                }
            }
        }
    }

    /// Keeps only the paths below one field of the root.
    pub(crate) fn only(&self, field: &str) -> Self {
        let children = self.children.iter().filter(|(key, _)| key.strip_prefix("f:") == Some(field));
        Self { member: false, children: children.map(|(key, fields)| (key.clone(), fields.clone())).collect() }
    }

    /// The members as paths in the format of conflicts: `.spec.template.spec.containers[name="server"].image`.
    pub(crate) fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        self.collect_paths(String::new(), &mut paths);
        paths
    }

    fn collect_paths(&self, path: String, paths: &mut Vec<String>) {
        for (key, child) in &self.children {
            let step = match key.split_at_checked(2) {
                Some(("f:", name)) => format!(".{name}"),
                Some(("k:", keys)) => {
                    let keys: Map<String, Value> = serde_json::from_str(keys).unwrap_or_default();
                    let keys: Vec<String> = keys.iter().map(|(key, value)| format!("{key}={value}")).collect();
                    format!("[{}]", keys.join(","))
                }
                Some((_, value)) => format!("[={value}]"),
                None => continue,
            };
            child.collect_paths(format!("{path}{step}"), paths);
        }
        if self.member && !path.is_empty() {
            paths.push(path);
        }
    }

    /// Removes the fields of this set from `value`. A member is removed with everything below it, except fields in `kept`,
    /// which other managers own. Maps and lists that become empty are removed as well.
    pub(crate) fn remove_from(&self, value: &mut Value, kept: &Self, shape: Shape<'_>) {
        let nothing = Self::default();
        match value {
            Value::Object(map) => {
                for (key, gone) in &self.children {
                    let Some(name) = key.strip_prefix("f:") else { continue };
                    let Some(child) = map.get_mut(name) else { continue };
                    let kept = kept.children.get(key).unwrap_or(&nothing);
                    if !(gone.member && kept.is_empty()) {
                        gone.remove_from(child, kept, shape.field(name));
                        if !is_empty(child) || kept.member {
                            continue;
                        }
                    }
                    map.shift_remove(name);
                }
            }
            Value::Array(list) => {
                let rule = shape.list_rule();
                list.retain_mut(|item| {
                    let key = match &rule {
                        ListRule::Map(keys) => item_key(item, keys),
                        _ => format!("v:{item}"),
                    };
                    let Some(gone) = self.children.get(&key) else { return true };
                    let kept = kept.children.get(&key).unwrap_or(&nothing);
                    if gone.member && kept.is_empty() {
                        return false;
                    }
                    gone.remove_from(item, kept, shape.item());
                    true
                });
            }
            _ => {}
        }
    }

    /// The `fieldsV1` of a `managedFields` entry.
    pub(crate) fn to_json(&self) -> Value {
        let mut map = Map::new();
        if self.member && !self.children.is_empty() {
            map.insert(".".to_owned(), Value::Object(Map::new()));
        }
        map.extend(self.children.iter().map(|(key, fields)| (key.clone(), fields.to_json())));
        Value::Object(map)
    }

    /// Parses `fieldsV1`. The root is not a member.
    pub(crate) fn from_json(fields: &Value) -> Self {
        let mut fields = Self::read(fields);
        fields.member = false;
        fields
    }

    fn read(fields: &Value) -> Self {
        let Some(map) = fields.as_object() else { return Self::leaf() };
        let children = map.iter().filter(|(key, _)| *key != ".").map(|(key, fields)| (key.clone(), Self::read(fields)));
        Self { member: map.is_empty() || map.contains_key("."), children: children.collect() }
    }
}

fn is_empty(value: &Value) -> bool {
    value.as_object().is_some_and(Map::is_empty) || value.as_array().is_some_and(Vec::is_empty)
}
