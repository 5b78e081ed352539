//! For the tests that hold the SDK's types against what becomes of each of their members: none is dropped in silence. The SDK's own
//! `Debug` names the members, so that a version of the SDK that has more fails there.

use std::{collections::BTreeSet, fmt::Debug};

/// What becomes of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Green gets the same, or its own for blue's.
    Copied,
    /// Preflight refuses what uses it.
    Refused,
    /// Preflight's advice tells of it.
    Told,
    /// It says what or where a thing is, not what it is like; or green is to differ in it. Why is said.
    Differs(&'static str),
}

/// A member that says in which state a thing is.
pub(crate) const STATE: Fate = Fate::Differs("the state of the thing itself");

/// A member that says which thing it is.
pub(crate) const IDENTITY: Fate = Fate::Differs("which thing it is");

/// Every member of a type without values has one fate in the table, and the table has no other.
pub(crate) fn check(empty: &impl Debug, table: &[(&str, Fate)]) {
    let known: BTreeSet<String> = table.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(known.len(), table.len(), "a member stands twice");
    assert_eq!(members(empty), known, "{empty:?}");
}

/// The rows of members that share a fate.
pub(crate) fn all<'a>(names: &[&'a str], fate: Fate) -> Vec<(&'a str, Fate)> {
    names.iter().map(|name| (*name, fate)).collect()
}

fn members(empty: &impl Debug) -> BTreeSet<String> {
    let text = format!("{empty:?}");
    let (_, fields) = text.split_once(" { ").unwrap_or(("", ""));
    let fields = fields.trim_end_matches(" }").split(", ");
    fields
        .filter_map(|field| field.split_once(": "))
        .map(|(name, _)| name.trim_start_matches("r#").to_owned())
        .collect()
}
