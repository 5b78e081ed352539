//! What a request asks of IAM.

use std::collections::BTreeMap;

/// An action on a resource, and the request's context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The action, `service:Name`.
    pub action: String,
    /// The resource's ARN, or `*` for an action that names none.
    pub resource: String,
    /// Condition keys in lower case, which IAM does not tell from upper case, and their values.
    context: BTreeMap<String, Vec<String>>,
}

impl Access {
    /// An action on a resource, without context.
    pub fn new(action: impl Into<String>, resource: impl Into<String>) -> Self {
        Self { action: action.into(), resource: resource.into(), context: BTreeMap::new() }
    }

    /// Adds a condition key.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.context.insert(key.to_ascii_lowercase(), vec![value.into()]);
        self
    }

    /// Adds the tags that the resource has: `aws:ResourceTag/…`.
    #[must_use]
    pub fn on_tags<K: AsRef<str>, V: Into<String>>(mut self, tags: impl IntoIterator<Item = (K, V)>) -> Self {
        for (key, value) in tags {
            self = self.with(&format!("aws:ResourceTag/{}", key.as_ref()), value);
        }
        self
    }

    /// Adds the tags that the request gives: `aws:RequestTag/…` and `aws:TagKeys`.
    #[must_use]
    pub fn giving_tags<K: AsRef<str>, V: Into<String>>(mut self, tags: impl IntoIterator<Item = (K, V)>) -> Self {
        let mut keys = Vec::new();
        for (key, value) in tags {
            keys.push(key.as_ref().to_owned());
            self = self.with(&format!("aws:RequestTag/{}", key.as_ref()), value);
        }
        if !keys.is_empty() {
            self.context.insert("aws:tagkeys".to_owned(), keys);
        }
        self
    }

    /// The values of a condition key, none where the request does not have it.
    pub(crate) fn values(&self, key: &str) -> Option<&[String]> {
        self.context.get(&key.to_ascii_lowercase()).map(Vec::as_slice)
    }

    /// The condition keys of the request.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.context.keys().map(String::as_str)
    }
}
