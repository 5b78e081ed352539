//! What of an object cannot change: the rules of `ValidateUpdate` in `pkg/apis/*/validation` for what manifests commonly change.

use serde_json::Value;

use crate::{kinds::Kind, status::Cause};

/// Checks an object against what it was.
pub(super) fn check(kind: &Kind, object: &Value, previous: &Value, causes: &mut Vec<Cause>) {
    let changed = |pointer: &str| object.pointer(pointer) != previous.pointer(pointer);
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("apps", "Deployment" | "ReplicaSet" | "DaemonSet") => immutable(object, previous, "spec.selector", causes),
        ("apps", "StatefulSet") => {
            for field in ["spec.serviceName", "spec.podManagementPolicy", "spec.volumeClaimTemplates", "spec.selector"]
            {
                immutable(object, previous, field, causes);
            }
        }
        ("batch", "Job") => {
            immutable(object, previous, "spec.selector", causes);
            immutable(object, previous, "spec.template", causes);
            immutable(object, previous, "spec.completionMode", causes);
        }
        ("", "ConfigMap" | "Secret") => {
            if kind.kind == "Secret" {
                immutable(object, previous, "type", causes);
            }
            frozen(object, previous, causes);
        }
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") if changed("/roleRef") => {
            causes.push(Cause::invalid("roleRef", &object["roleRef"], "cannot change roleRef"));
        }
        ("", "PersistentVolumeClaim") => {
            let without = |claim: &Value| {
                let mut spec = claim["spec"].clone();
                if let Some(spec) = spec.as_object_mut() {
                    // The volume is bound by a controller.
                    for key in ["resources", "volumeAttributesClassName", "volumeName"] {
                        spec.shift_remove(key);
                    }
                }
                spec
            };
            if without(object) != without(previous) {
                let why = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
                causes.push(forbidden("spec", why));
            }
        }
        _ => {}
    }
}

/// A ConfigMap or a Secret that says that it does not change.
fn frozen(object: &Value, previous: &Value, causes: &mut Vec<Cause>) {
    if previous["immutable"] != true {
        return;
    }
    let why = "field is immutable when `immutable` is set";
    if object["immutable"] != true {
        causes.push(forbidden("immutable", why));
    }
    for part in ["data", "binaryData"] {
        if object[part] != previous[part] {
            causes.push(forbidden(part, why));
        }
    }
}

fn immutable(object: &Value, previous: &Value, field: &str, causes: &mut Vec<Cause>) {
    let pointer = format!("/{}", field.replace('.', "/"));
    if object.pointer(&pointer) != previous.pointer(&pointer) {
        let value = object.pointer(&pointer).cloned().unwrap_or_default();
        causes.push(Cause::invalid(field, &value, "field is immutable"));
    }
}

fn forbidden(field: &str, why: &str) -> Cause {
    Cause { reason: "FieldValueForbidden", field: field.to_owned(), message: format!("Forbidden: {why}") }
}
