//! Storage, names and idempotent creation of all kinds of EKS resources.

use serde_json::Value;

use super::{fault::Fault, request::Request};

/// A resource and the request that created it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stored {
    /// The resource in the format of its Describe operation.
    pub(crate) resource: Value,
    /// The body of the create request, to recognise a repeated create with the same token.
    pub(crate) request: Value,
}

impl Stored {
    /// The resource, if the request repeats its creation with the same `clientRequestToken` and body.
    pub(crate) fn repeated(&self, request: &Request) -> Option<&Value> {
        let same = request.text("clientRequestToken").is_some() && self.request == request.body;
        same.then_some(&self.resource)
    }

    /// The resource's status.
    pub(crate) fn status(&self) -> &str {
        self.resource.get("status").and_then(Value::as_str).unwrap_or_default()
    }

    /// Sets a member.
    pub(crate) fn set(&mut self, member: &str, value: Value) {
        self.resource[member] = value;
    }
}

/// Checks a name: 1 to 100 alphanumeric characters, hyphens and underscores, the first one alphanumeric.
pub(crate) fn checked_name(name: &str) -> Result<&str, Fault> {
    let good = name.len() <= 100
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.chars().all(|character| character.is_ascii_alphanumeric() || matches!(character, '-' | '_'));
    good.then_some(name).ok_or_else(|| {
        Fault::invalid_parameter(
            "The name can contain only alphanumeric characters (case-sensitive), hyphens, and underscores. It must start \
             with an alphanumeric character and can't be longer than 100 characters.",
        )
    })
}

/// The strings of a JSON array.
pub(crate) fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}
