//! What all kinds of EKS resources have in common: how they are kept, named and repeated.

use serde_json::Value;

use super::{fault::Fault, request::Request};

/// A resource as its Describe operation answers with it, and the request that made it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stored {
    /// The wire form.
    pub(crate) resource: Value,
    /// The create request's body, by which a repeated create with the same token is known.
    pub(crate) request: Value,
}

impl Stored {
    /// The resource again where a create with the same `clientRequestToken` and content made it.
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

/// 1 to 100 characters: alphanumeric first, then also hyphens and underscores.
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
