//! Items of the table, read with the name of what is missing.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Direction, PhaseError};
use std::collections::HashMap;

pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(super) fn number(value: impl Into<i128>) -> AttributeValue {
    AttributeValue::N(value.into().to_string())
}

/// One item.
#[derive(Debug, Clone)]
pub(super) struct Item(pub(super) HashMap<String, AttributeValue>);

impl Item {
    /// An item of the table, unless a later version of Bascule wrote it in a form that this one does not know.
    ///
    /// # Errors
    /// `Refused` for a later form.
    pub(super) fn known(fields: HashMap<String, AttributeValue>) -> Result<Self, PhaseError> {
        let item = Self(fields);
        match item.number("schema") {
            Ok(schema) if schema > super::SCHEMA => Err(PhaseError::refused(format!(
                "the ledger item {} / {} has the form {schema}, and this version of Bascule knows forms up to {}: run the version \
                 that wrote it",
                item.maybe("pk").unwrap_or_default(),
                item.maybe("sk").unwrap_or_default(),
                super::SCHEMA
            ))),
            _ => Ok(item),
        }
    }

    pub(super) fn broken(&self, name: &str) -> PhaseError {
        PhaseError::refused(format!(
            "the ledger item {} / {} has no readable {name}; it was written by another version or by hand",
            self.maybe("pk").unwrap_or_default(),
            self.maybe("sk").unwrap_or_default()
        ))
    }

    pub(super) fn maybe(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(|value| value.as_s().ok()).map(String::as_str)
    }

    /// Whether its sort key begins so.
    pub(super) fn is_of(&self, prefix: &str) -> bool {
        self.maybe("sk").is_some_and(|sk| sk.starts_with(prefix))
    }

    pub(super) fn text(&self, name: &str) -> Result<&str, PhaseError> {
        self.maybe(name).ok_or_else(|| self.broken(name))
    }

    pub(super) fn number(&self, name: &str) -> Result<u64, PhaseError> {
        self.0
            .get(name)
            .and_then(|value| value.as_n().ok())
            .and_then(|value| value.parse().ok())
            .ok_or_else(|| self.broken(name))
    }

    pub(super) fn time(&self, name: &str) -> Result<jiff::Timestamp, PhaseError> {
        self.text(name)?.parse().map_err(|_| self.broken(name))
    }

    pub(super) fn json<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<T, PhaseError> {
        serde_json::from_str(self.text(name)?).map_err(|_| self.broken(name))
    }

    pub(super) fn direction(&self) -> Result<Direction, PhaseError> {
        match self.text("direction")? {
            "converge" => Ok(Direction::Converge),
            "undo" => Ok(Direction::Undo),
            _ => Err(self.broken("direction")),
        }
    }
}
