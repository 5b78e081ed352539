//! Rules for Services and Ingresses.

use serde_json::Value;

use super::{metadata::is_label, unsupported};
use crate::{object, status::Cause};

/// What is said about a number that is no port.
pub(super) const NO_PORT: &str = "must be between 1 and 65535, inclusive";

/// Whether a value is the number of a port.
pub(super) fn is_port(value: &Value) -> bool {
    value.as_i64().is_some_and(|number| (1..=65535).contains(&number))
}

pub(super) fn service(object: &Value, causes: &mut Vec<Cause>) {
    let spec = &object["spec"];
    let ports = object::list(object, "/spec/ports");
    let kind = spec["type"].as_str().unwrap_or("ClusterIP");
    match kind {
        "ExternalName" => return,
        "ClusterIP" | "NodePort" | "LoadBalancer" => {}
        other => causes.push(unsupported(
            "spec.type",
            other,
            "\"ClusterIP\", \"ExternalName\", \"LoadBalancer\", \"NodePort\"",
        )),
    }
    if ports.is_empty() && spec["clusterIP"] != "None" {
        causes.push(Cause::required("spec.ports"));
    }
    for (at, port) in ports.iter().enumerate() {
        let field = format!("spec.ports[{at}]");
        if !is_port(&port["port"]) {
            causes.push(Cause::invalid(&format!("{field}.port"), &port["port"], NO_PORT));
        }
        if ports.len() > 1 && port["name"].as_str().is_none_or(str::is_empty) {
            causes.push(Cause::required(&format!("{field}.name")));
        }
        if ports[..at].iter().any(|other| port["name"].is_string() && other["name"] == port["name"]) {
            let message = format!("Duplicate value: {}", port["name"]);
            causes.push(Cause { reason: "FieldValueDuplicate", field: format!("{field}.name"), message });
        }
        let target = &port["targetPort"];
        if target.is_number() && !is_port(target) {
            causes.push(Cause::invalid(&format!("{field}.targetPort"), target, NO_PORT));
        }
        let twin = |other: &Value| other["port"] == port["port"] && other["protocol"] == port["protocol"];
        if ports[..at].iter().any(twin) {
            causes.push(Cause { reason: "FieldValueDuplicate", field, message: format!("Duplicate value: {port}") });
        }
    }
}

/// Checks hosts and paths.
pub(super) fn ingress(object: &Value, causes: &mut Vec<Cause>) {
    for (at, rule) in object::list(object, "/spec/rules").iter().enumerate() {
        let field = format!("spec.rules[{at}]");
        let host = rule["host"].as_str().unwrap_or_default();
        let name = host.strip_prefix("*.").unwrap_or(host);
        if !host.is_empty() && !name.split('.').all(is_label) {
            let why = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
            causes.push(Cause::invalid(&format!("{field}.host"), &rule["host"], why));
        }
        for (number, path) in object::list(rule, "/http/paths").iter().enumerate() {
            self::path(path, &format!("{field}.http.paths[{number}]"), causes);
        }
    }
}

fn path(path: &Value, field: &str, causes: &mut Vec<Cause>) {
    let text = path["path"].as_str().unwrap_or_default();
    match path["pathType"].as_str() {
        None => {
            let message = "Required value: pathType must be specified".to_owned();
            causes.push(Cause { reason: "FieldValueRequired", field: format!("{field}.pathType"), message });
        }
        Some("Exact" | "Prefix") if !text.starts_with('/') => {
            causes.push(Cause::invalid(&format!("{field}.path"), &Value::from(text), "must be an absolute path"));
        }
        Some("ImplementationSpecific") if !text.is_empty() && !text.starts_with('/') => {
            causes.push(Cause::invalid(&format!("{field}.path"), &Value::from(text), "must be an absolute path"));
        }
        Some("Exact" | "Prefix" | "ImplementationSpecific") => {}
        Some(other) => causes.push(unsupported(
            &format!("{field}.pathType"),
            other,
            "\"Exact\", \"ImplementationSpecific\", \"Prefix\"",
        )),
    }
}
