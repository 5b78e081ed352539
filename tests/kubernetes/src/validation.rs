//! Validation of objects: the rules of `pkg/apis/*/validation` that manifests commonly break. Types and unknown fields are
//! checked in [`crate::typed`] and [`crate::schema`].

use serde_json::Value;

use crate::{kinds::Kind, object, selector::Selector, status::Cause};

/// All errors of an object, and of its change from the previous state.
pub(crate) fn check(kind: &Kind, object: &Value, previous: Option<&Value>) -> Vec<Cause> {
    let mut causes = Vec::new();
    name(kind, object::name(object), &mut causes);
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Pod") => pod_spec(&object["spec"], "spec", &[], &mut causes),
        ("", "Service") => service(object, &mut causes),
        ("apps", "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet") => {
            workload(object, previous, &mut causes);
        }
        ("batch", "Job") => pod_spec(&object["spec"]["template"]["spec"], "spec.template.spec", &[], &mut causes),
        ("batch", "CronJob") if object["spec"]["schedule"].as_str().is_none_or(str::is_empty) => {
            causes.push(Cause::required("spec.schedule"));
        }
        ("apiextensions.k8s.io", "CustomResourceDefinition") => definition(object, &mut causes),
        _ => {}
    }
    if let Some(previous) = previous
        && (previous["immutable"] == true)
        && (previous["data"] != object["data"])
    {
        let why = "field is immutable when `immutable` is set".to_owned();
        causes.push(Cause {
            reason: "FieldValueForbidden",
            field: "data".to_owned(),
            message: format!("Forbidden: {why}"),
        });
    }
    causes
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

fn service(object: &Value, causes: &mut Vec<Cause>) {
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
        if !port["port"].as_i64().is_some_and(|number| (1..=65535).contains(&number)) {
            causes.push(Cause::invalid(
                &format!("{field}.port"),
                &port["port"],
                "must be between 1 and 65535, inclusive",
            ));
        }
        if ports.len() > 1 && port["name"].as_str().is_none_or(str::is_empty) {
            causes.push(Cause::required(&format!("{field}.name")));
        }
        let twin = |other: &Value| other["port"] == port["port"] && other["protocol"] == port["protocol"];
        if ports[..at].iter().any(twin) {
            causes.push(Cause { reason: "FieldValueDuplicate", field, message: format!("Duplicate value: {port}") });
        }
    }
}

fn workload(object: &Value, previous: Option<&Value>, causes: &mut Vec<Cause>) {
    let selector = &object["spec"]["selector"];
    if !selector.is_object() {
        causes.push(Cause::required("spec.selector"));
        return;
    }
    let template = &object["spec"]["template"];
    if !Selector::from_object(selector).selects(template) {
        let why = "`selector` does not match template `labels`";
        causes.push(Cause::invalid("spec.template.metadata.labels", &template["metadata"]["labels"], why));
    }
    if let Some(previous) = previous
        && previous["spec"]["selector"] != *selector
    {
        causes.push(Cause::invalid("spec.selector", selector, "field is immutable"));
    }
    if object["spec"]["replicas"].as_i64().is_some_and(|replicas| replicas < 0) {
        causes.push(Cause::invalid("spec.replicas", &object["spec"]["replicas"], "must be greater than or equal to 0"));
    }
    // The claim templates of a StatefulSet are volumes of its Pods as well.
    let claims = object::list(object, "/spec/volumeClaimTemplates");
    pod_spec(&template["spec"], "spec.template.spec", claims, causes);
}

fn pod_spec(spec: &Value, field: &str, claims: &[Value], causes: &mut Vec<Cause>) {
    let containers = object::list(spec, "/containers");
    if containers.is_empty() {
        causes.push(Cause::required(&format!("{field}.containers")));
    }
    for (at, container) in containers.iter().enumerate() {
        let field = format!("{field}.containers[{at}]");
        for required in ["name", "image"] {
            if container[required].as_str().is_none_or(str::is_empty) {
                causes.push(Cause::required(&format!("{field}.{required}")));
            }
        }
        if containers[..at].iter().any(|other| other["name"] == container["name"]) {
            let message = format!("Duplicate value: {}", container["name"]);
            causes.push(Cause { reason: "FieldValueDuplicate", field: format!("{field}.name"), message });
        }
        let volumes = object::list(spec, "/volumes");
        for (number, mount) in object::list(container, "/volumeMounts").iter().enumerate() {
            let of_volume = volumes.iter().any(|volume| volume["name"] == mount["name"]);
            if !of_volume && !claims.iter().any(|claim| claim["metadata"]["name"] == mount["name"]) {
                let message = format!("Not found: {}", mount["name"]);
                causes.push(Cause {
                    reason: "FieldValueNotFound",
                    field: format!("{field}.volumeMounts[{number}].name"),
                    message,
                });
            }
        }
    }
}

fn definition(object: &Value, causes: &mut Vec<Cause>) {
    let text = |pointer: &str| object::text(object, pointer).unwrap_or_default();
    let wanted = format!("{}.{}", text("/spec/names/plural"), text("/spec/group"));
    if object::name(object) != wanted {
        causes.push(Cause::invalid(
            "metadata.name",
            &object["metadata"]["name"],
            "must be spec.names.plural+\".\"+spec.group",
        ));
    }
    for (field, pointer) in [("spec.names.kind", "/spec/names/kind"), ("spec.scope", "/spec/scope")] {
        if text(pointer).is_empty() {
            causes.push(Cause::required(field));
        }
    }
    let versions = object::list(object, "/spec/versions");
    if versions.iter().filter(|version| version["storage"] == true).count() != 1 {
        let why = "must have exactly one version marked as storage version";
        causes.push(Cause::invalid("spec.versions", &Value::from(versions.len()), why));
    }
    for (at, version) in versions.iter().enumerate() {
        if version.pointer("/schema/openAPIV3Schema").is_none() {
            causes.push(Cause {
                reason: "FieldValueRequired",
                field: format!("spec.versions[{at}].schema.openAPIV3Schema"),
                message: "Required value: schemas are required".to_owned(),
            });
        }
    }
}

fn unsupported(field: &str, value: &str, supported: &str) -> Cause {
    Cause {
        reason: "FieldValueNotSupported",
        field: field.to_owned(),
        message: format!("Unsupported value: {value:?}: supported values: {supported}"),
    }
}
