//! An object as it is sent: its JSON, which is all of it that is held while thousands of others wait their turn.

use super::{Object, ObjectId};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};

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
    /// The manifest, without what another API server filled in, and with the texts of a Secret as `data`.
    pub json: Box<[u8]>,
}

impl Prepared {
    /// The object in its JSON.
    #[must_use]
    pub fn new(mut object: Object, is_forced: bool) -> Self {
        if let Some(metadata) = object.value.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.retain(|name, _| !SERVER_FIELDS.contains(&name.as_str()));
        }
        if object.id.kind == "Secret" && object.id.group().is_empty() {
            texts_as_data(&mut object.value);
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

/// Writes `stringData` as the API server keeps it, which answers `data` and nothing else
/// (<https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/secret-v1/>). Sent as it is, a text that was taken
/// out of the manifest would stay on the server, and nobody could see whether the object is applied already. What is no text is left to
/// the server to refuse.
fn texts_as_data(secret: &mut Value) {
    let Some(fields) = secret.as_object_mut() else { return };
    let texts: Option<Vec<(String, Value)>> = fields.get("stringData").and_then(Value::as_object).and_then(|texts| {
        texts.iter().map(|(name, text)| Some((name.clone(), STANDARD.encode(text.as_str()?).into()))).collect()
    });
    let Some(texts) = texts else { return };
    let data = fields.entry("data").or_insert(Value::Null);
    if data.is_null() {
        *data = Value::Object(Map::new());
    }
    if let Some(data) = data.as_object_mut() {
        data.extend(texts);
        fields.remove("stringData");
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

    #[test]
    fn the_texts_of_a_secret_are_sent_as_the_server_keeps_them() {
        let sent = |api_version: &str, kind: &str, rest: Value| {
            let mut value = json!({ "apiVersion": api_version, "kind": kind, "metadata": { "name": "s" } });
            value.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
            let mut sent = Prepared::new(Object::new(1, 1, value).unwrap(), false).value();
            json!({ "data": sent["data"].take(), "stringData": sent["stringData"].take() })
        };
        let written = json!({ "data": { "a": "eA==", "b": "eQ==" }, "stringData": { "b": "text", "c": "" } });
        let kept = json!({ "data": { "a": "eA==", "b": "dGV4dA==", "c": "" }, "stringData": null });
        assert_eq!(sent("v1", "Secret", written.clone()), kept);
        let alone = json!({ "stringData": { "b": "text" } });
        assert_eq!(sent("v1", "Secret", alone.clone()), json!({ "data": { "b": "dGV4dA==" }, "stringData": null }));
        let no_text = json!({ "data": null, "stringData": { "b": 1 } });
        assert_eq!(sent("v1", "Secret", no_text.clone()), no_text);
        assert_eq!(sent("example.com/v1", "Secret", written.clone()), written);
    }
}
