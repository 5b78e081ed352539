//! What the ledger holds: entries for everything that Bascule created, intends to create or has deleted.

use crate::resources::Kind;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{fmt, str::FromStr};

/// Whose a resource is; also the value of the tag `bascule:side`.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Side {
    /// The cluster that serves when the migration starts.
    Blue,
    /// The cluster that replaces it.
    Green,
    /// What exists only for qualification and switching.
    Temporary,
}

impl Side {
    /// As in keys and tags.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Key of a resource within a migration: `RESOURCE#side#kind#name` in the table.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ResourceKey {
    /// Side that the resource belongs to.
    pub side: Side,
    /// Kind of the resource.
    pub kind: Kind,
    /// What distinguishes the resource from others of its kind, stable over retries: usually the name of what it is a clone of.
    pub name: String,
}

impl ResourceKey {
    /// The key of these parts.
    pub fn new(side: Side, kind: Kind, name: impl Into<String>) -> Self {
        Self { side, kind, name: name.into() }
    }
}

impl fmt::Display for ResourceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RESOURCE#{}#{}#{}", self.side, self.kind, self.name)
    }
}

impl FromStr for ResourceKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.splitn(4, '#');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some("RESOURCE"), Some(side), Some(kind), Some(name)) => Ok(Self::new(
                side.parse().map_err(|_| format!("{text:?}: {side:?} is not a side"))?,
                kind.parse().map_err(|_| format!("{text:?}: {kind:?} is not a kind of resource"))?,
                name,
            )),
            _ => Err(format!("{text:?} is not the key of a resource")),
        }
    }
}

/// Where a resource stands between its intent and its deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, strum::EnumString, strum::IntoStaticStr)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Status {
    /// The intent to create the resource is written: it may exist or not.
    Intended,
    /// The resource exists.
    Present,
    /// The resource was deleted, or never created.
    Absent,
}

impl Status {
    /// Name of the status in the table.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A resource that Bascule created or changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Key of the resource.
    pub key: ResourceKey,
    /// Where the resource stands.
    pub status: Status,
    /// Id or ARN of the resource, once it is present.
    pub id: Option<String>,
    /// What is needed to put things back, such as the original of what was changed; `null` where nothing is. Never a secret.
    pub detail: Value,
}

impl Entry {
    /// Whether the resource exists or may exist: it was intended or created, and not deleted since.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.status != Status::Absent
    }

    /// Whether the entry is of this side and kind.
    #[must_use]
    pub fn is_of(&self, side: Side, kind: Kind) -> bool {
        self.key.side == side && self.key.kind == kind
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strum::VariantArray as _;

    #[test]
    fn every_key_is_read_back_as_it_was_written() {
        for &kind in Kind::VARIANTS {
            for &side in Side::VARIANTS {
                let key = ResourceKey::new(side, kind, "default/web#1");
                assert_eq!(key.to_string().parse(), Ok(key));
            }
        }
    }

    #[test]
    fn anything_else_is_no_key() {
        for text in ["", "META", "RESOURCE#blue#Cluster", "RESOURCE#red#Cluster#a", "RESOURCE#blue#Bucket#a"] {
            assert!(text.parse::<ResourceKey>().is_err(), "{text}");
        }
    }
}
