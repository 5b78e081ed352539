//! For the tests that hold the SDK's types against what becomes of each of their members: none is dropped in silence. The SDK's own
//! `Debug` names the members, so that a version of the SDK that has more fails there.

use std::{collections::BTreeSet, fmt::Debug};

pub(crate) use testing::fate::{Fate, IDENTITY, STATE, Shape};

/// Every member of a type without values has one fate in the table, and the table has no other.
pub(crate) fn check(empty: &impl Debug, table: &[(&str, Fate)]) {
    let known: BTreeSet<String> = table.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(known.len(), table.len(), "a member stands twice");
    assert_eq!(members(empty), known, "{empty:?}");
}

/// The same of a type that stands in [`testing::fate`], where the sandbox looks too.
pub(crate) fn check_shape(empty: &impl Debug, shape: &Shape) {
    check(empty, &shape.rows());
    let parts =
        shape.parts.iter().filter(|(member, _)| shape.fate(member) != Some(Fate::Copied)).map(|(member, _)| *member);
    assert!(
        parts.clone().all(|member| shape.fate(member) == Some(Fate::Told)),
        "{:?} are looked into",
        parts.collect::<Vec<_>>()
    );
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
