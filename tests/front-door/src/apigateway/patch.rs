//! Patch operations, the format of changes in every Update call of API Gateway.
//!
//! See "Patch operations" in the API Gateway API reference: a JSON Pointer (RFC 6901) names the property. Each kind of
//! resource has a fixed set of paths and operations; others are refused.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::{ApiError, Result};

/// `{ "op", "path", "value", "from" }`.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
pub(crate) struct PatchOperation {
    pub(crate) op: Op,
    #[serde(default)]
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) value: Option<String>,
    #[serde(default)]
    pub(crate) from: Option<String>,
}

/// The operation of a patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Op {
    /// Adds an entry to a list or a map.
    Add,
    /// Removes a property or an entry.
    Remove,
    /// Sets a property.
    Replace,
    /// Moves a value; no resource supports it.
    Move,
    /// Copies a value; only stages do, to promote a canary.
    Copy,
    /// Compares a value; no resource supports it.
    Test,
}

impl PatchOperation {
    /// The segments of the path, with `~1` and `~0` unescaped.
    pub(crate) fn segments(&self) -> Vec<String> {
        self.path.trim_start_matches('/').split('/').map(unescape).collect()
    }

    /// The value, which `replace` and most `add` operations need.
    pub(crate) fn value(&self) -> Result<&str> {
        self.value
            .as_deref()
            .ok_or_else(|| ApiError::bad_request(format!("Invalid null or empty value in {}", self.path)))
    }

    /// The value as `true` or `false`.
    pub(crate) fn boolean(&self) -> Result<bool> {
        match self.value()?.to_ascii_lowercase().as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            other => {
                Err(ApiError::bad_request(format!("Invalid value {other} for {}: must be true or false", self.path)))
            }
        }
    }

    /// The value as a number.
    pub(crate) fn number<T: std::str::FromStr>(&self) -> Result<T> {
        let value = self.value()?;
        value
            .parse()
            .map_err(|_| ApiError::bad_request(format!("Invalid value {value} for {}: must be a number", self.path)))
    }

    /// The refusal of a path that the resource does not have.
    pub(crate) fn invalid_path(&self) -> ApiError {
        ApiError::bad_request(format!("Invalid patch path {}", self.path))
    }

    /// The refusal of an operation that the path does not support.
    pub(crate) fn invalid_op(supported: &str) -> ApiError {
        ApiError::bad_request(format!("Invalid patch operation specified. Must be one of: [{supported}]"))
    }

    /// Refuses operations other than `replace`.
    pub(crate) fn must_replace(&self) -> Result<()> {
        if self.op == Op::Replace { Ok(()) } else { Err(Self::invalid_op("replace")) }
    }

    /// Sets an optional string; `remove` clears it.
    pub(crate) fn text(&self, property: &mut Option<String>) -> Result<()> {
        *property = match self.op {
            Op::Remove => None,
            Op::Add | Op::Replace => self.value.clone(),
            _ => return Err(Self::invalid_op("add, remove, replace")),
        };
        Ok(())
    }

    /// Sets or removes an entry of a map.
    pub(crate) fn entry(&self, map: &mut Option<BTreeMap<String, String>>, key: &str) -> Result<()> {
        match self.op {
            Op::Add | Op::Replace => {
                map.get_or_insert_default().insert(key.to_owned(), self.value.clone().unwrap_or_default());
            }
            Op::Remove => {
                let removed = map.as_mut().and_then(|map| map.remove(key));
                removed
                    .ok_or_else(|| ApiError::not_found(format!("Invalid parameter name specified {}", self.path)))?;
            }
            _ => return Err(Self::invalid_op("add, remove, replace")),
        }
        Ok(())
    }

    /// Adds or removes an entry of a list of names, as in `/binaryMediaTypes/image~1png`; `replace` substitutes the value for
    /// the entry.
    pub(crate) fn member(&self, list: &mut Vec<String>, member: &str) -> Result<()> {
        match self.op {
            Op::Add => {
                if !list.iter().any(|existing| existing == member) {
                    list.push(member.to_owned());
                }
            }
            Op::Remove => list.retain(|existing| existing != member),
            Op::Replace => {
                list.retain(|existing| existing != member);
                list.push(self.value()?.to_owned());
            }
            _ => return Err(Self::invalid_op("add, remove, replace")),
        }
        Ok(())
    }
}

/// Undoes the escaping of JSON Pointer: `~1` is a slash, `~0` a tilde.
pub(crate) fn unescape(segment: &str) -> String {
    segment.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(op: Op, path: &str, value: Option<&str>) -> PatchOperation {
        PatchOperation { op, path: path.into(), value: value.map(str::to_owned), from: None }
    }

    #[test]
    fn escaped_slashes_belong_to_their_segment() {
        let patch = operation(Op::Replace, "/requestTemplates/application~1json", None);
        assert_eq!(patch.segments(), ["requestTemplates", "application/json"]);
    }

    #[test]
    fn a_list_entry_is_added_once_replaced_and_removed() {
        let mut list = vec!["image/png".to_owned()];
        let add = operation(Op::Add, "/binaryMediaTypes/image~1jpeg", None);
        add.member(&mut list, "image/jpeg").unwrap();
        add.member(&mut list, "image/jpeg").unwrap();
        assert_eq!(list, ["image/png", "image/jpeg"]);
        operation(Op::Replace, "/", Some("image/gif")).member(&mut list, "image/png").unwrap();
        assert_eq!(list, ["image/jpeg", "image/gif"]);
        operation(Op::Remove, "/", None).member(&mut list, "image/jpeg").unwrap();
        assert_eq!(list, ["image/gif"]);
    }

    #[test]
    fn removing_what_a_map_does_not_have_is_not_found() {
        let error = operation(Op::Remove, "/x/y", None).entry(&mut None, "y").unwrap_err();
        assert_eq!(error, ApiError::not_found("Invalid parameter name specified /x/y"));
    }
}
