//! An object as it is sent: its JSON, which is all of it that is held while thousands of others wait their turn.

use super::{Object, ObjectId};
use serde_json::Value;

/// What an API server fills in, and refuses or misreads when it is sent back to another one.
const SERVER_FIELDS: [&str; 6] =
    ["creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid"];

/// One object of a bundle, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// Which.
    pub id: ObjectId,
    /// Which document of its stream it is in, from 1.
    pub document: usize,
    /// Whether fields that others manage are taken from them.
    pub is_forced: bool,
    /// The manifest, without what another API server filled in.
    pub json: Box<[u8]>,
}

impl Prepared {
    /// The object in its JSON.
    #[must_use]
    pub fn new(mut object: Object, is_forced: bool) -> Self {
        if let Some(metadata) = object.value.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.retain(|name, _| !SERVER_FIELDS.contains(&name.as_str()));
        }
        let json = object.value.to_string().into_bytes().into_boxed_slice();
        Self { is_forced, json, document: object.document, id: object.id }
    }

    /// The manifest.
    #[must_use]
    pub fn value(&self) -> Value {
        serde_json::from_slice(&self.json).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_another_api_server_filled_in_is_not_sent() {
        let metadata = json!({ "name": "web", "labels": { "uid": "x" }, "resourceVersion": "7", "uid": "u", "creationTimestamp": null });
        let value = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {} });
        let prepared = Prepared::new(Object::new(3, 9, value).unwrap(), true);
        assert_eq!(
            prepared.value(),
            json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web", "labels": { "uid": "x" } }, "spec": {} })
        );
        assert_eq!((prepared.document, prepared.is_forced), (3, true));
    }
}
