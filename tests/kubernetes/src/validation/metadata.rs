//! Rules for metadata, and for the keys of data.

use serde_json::Value;

use crate::{kinds::Kind, object, status::Cause};

/// Checks name and labels.
pub(super) fn check(kind: &Kind, object: &Value, causes: &mut Vec<Cause>) {
    name(kind, object::name(object), causes);
    for value in object["metadata"]["labels"].as_object().into_iter().flat_map(serde_json::Map::values) {
        if !value.as_str().is_none_or(is_label_value) {
            let why = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
            causes.push(Cause::invalid("metadata.labels", value, why));
        }
    }
}

/// Checks the keys of a ConfigMap or Secret, and those that a type of Secret must have.
pub(super) fn data(object: &Value, causes: &mut Vec<Cause>) {
    for part in ["data", "binaryData"] {
        for key in object[part].as_object().into_iter().flat_map(serde_json::Map::keys) {
            let is_character = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
            if key.is_empty() || key.len() > 253 || !key.bytes().all(is_character) {
                let why = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
                causes.push(Cause::invalid(&format!("{part}[{key}]"), &Value::from(key.as_str()), why));
            }
        }
    }
    let needed: &[&str] = match object["type"].as_str() {
        Some("kubernetes.io/tls") => &["tls.crt", "tls.key"],
        Some("kubernetes.io/dockerconfigjson") => &[".dockerconfigjson"],
        Some("kubernetes.io/ssh-auth") => &["ssh-privatekey"],
        _ => &[],
    };
    let missing = needed.iter().filter(|key| object["data"].get(**key).is_none());
    causes.extend(missing.map(|key| Cause::required(&format!("data[{key}]"))));
}

fn is_label_value(value: &str) -> bool {
    let (first, last) = (value.bytes().next(), value.bytes().last());
    let ends = [first, last].into_iter().flatten().all(|byte| byte.is_ascii_alphanumeric());
    ends && value.len() <= 63
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// Whether a text is a DNS label (RFC 1123).
pub(super) fn is_label(part: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    !part.is_empty()
        && part.len() <= 63
        && part.bytes().all(|byte| inner(byte) || byte == b'-')
        && part.bytes().next().is_some_and(inner)
        && part.bytes().last().is_some_and(inner)
}

/// Checks a name: DNS subdomain (RFC 1123), DNS label for Services and Namespaces, path segment for RBAC objects.
fn name(kind: &Kind, name: &str, causes: &mut Vec<Cause>) {
    let label = matches!(kind.kind.as_str(), "Namespace" | "Service") && kind.group.is_empty();
    let limit = if label { 63 } else { 253 };
    let part = |part: &str| {
        let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        !part.is_empty()
            && part.bytes().all(|byte| inner(byte) || byte == b'-')
            && part.bytes().next().is_some_and(inner)
            && part.bytes().last().is_some_and(inner)
    };
    if name.is_empty() {
        causes.push(Cause {
            reason: "FieldValueRequired",
            field: "metadata.name".to_owned(),
            message: "Required value: name or generateName is required".to_owned(),
        });
    } else if kind.group == "rbac.authorization.k8s.io" {
        if name.contains(['/', '%']) || name == "." || name == ".." {
            causes.push(Cause::invalid("metadata.name", &Value::from(name), "may not contain '/' or '%'"));
        }
    } else if name.len() > limit || (label && !part(name)) || !name.split('.').all(part) {
        let why = if label {
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character"
        } else {
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"
        };
        causes.push(Cause::invalid("metadata.name", &Value::from(name), why));
    }
}
