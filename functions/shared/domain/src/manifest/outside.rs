//! What a controller would make outside of the cluster for an object: load balancers, records, volumes. Told by the controller that a
//! class names, by groups of resources and by what the objects ask for, never by what people called them.

mod classes;
mod table;

pub use classes::Controllers;

use super::Object;
use crate::object::{is_built_in, is_of};
use serde_json::{Map, Value};
use table::{BY_SERVICE, DESCRIPTIONS, GATEWAY, INGRESS, MAKERS, MAKERS_OF_VOLUMES};

/// What is made for an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// In words that follow the object's name.
    pub what: String,
    /// Whether both clusters may do it at once where the input says so: nothing of it is left behind with green.
    pub may_run: bool,
}

fn made(what: impl Into<String>) -> Made {
    Made { what: what.into(), may_run: false }
}

/// What is made outside of the cluster for this object, beside volumes.
#[must_use]
pub fn made_for(object: &Object, controllers: &Controllers) -> Option<Made> {
    let (group, kind) = (object.id.group(), object.id.kind.as_str());
    match (group, kind) {
        ("networking.k8s.io" | "extensions", "Ingress") => {
            return balancer(&INGRESS, controllers.of_ingress(&object.value)?).map(|(_, made)| made);
        }
        ("gateway.networking.k8s.io", "Gateway") => {
            let (by, made) = balancer(&GATEWAY, controllers.of_gateway(object)?)?;
            let inner = by == BY_SERVICE && (is_inner(&object.value) || controllers.has_inner_service(object));
            return (!inner).then_some(made);
        }
        ("cert-manager.io", "Issuer" | "ClusterIssuer") => return acme(&object.value),
        _ if is_built_in(&object.id.api_version) => return None,
        _ => {}
    }
    if let Some((_, makes)) = MAKERS.iter().find(|(of, _)| is_of(*of, group, kind)) {
        return Some(made(*makes));
    }
    if let Some(definition) = controllers.composed(group, kind) {
        let what = format!("stands for what {definition} says, which is made in both clusters");
        return Some(Made { what, may_run: true });
    }
    if describes(object) {
        return None;
    }
    let (path, _) = asked("spec", &object.value["spec"], &asks_for_balancer)?;
    Some(made(format!("{BY_SERVICE} ({path}), which Bascule does not know")))
}

/// Where a custom resource asks its controller for volumes, and what it says there; the whole `spec` where its controller makes some
/// without being asked. Nothing where it makes none.
#[must_use]
pub fn volumes_for(object: &Object) -> Option<(String, &Value)> {
    let (group, kind) = (object.id.group(), object.id.kind.as_str());
    let is_other = matches!(group, "gateway.networking.k8s.io" | "cert-manager.io")
        || MAKERS.iter().any(|(of, _)| is_of(*of, group, kind));
    if is_built_in(&object.id.api_version) || is_other || describes(object) {
        return None;
    }
    let spec = &object.value["spec"];
    let unasked = MAKERS_OF_VOLUMES.iter().any(|of| is_of(*of, group, kind));
    if describes_volume(spec) {
        return Some(("spec".to_owned(), spec));
    }
    let found = asked("spec", spec, &|name, value| is_claim(name, value) || describes_volume(value));
    found.or_else(|| unasked.then(|| ("spec".to_owned(), spec)))
}

fn describes(object: &Object) -> bool {
    DESCRIPTIONS.iter().any(|of| is_of(*of, object.id.group(), &object.id.kind))
}

fn balancer(makers: &[(&'static str, &'static str)], controller: &str) -> Option<(&'static str, Made)> {
    let (_, what) = makers.iter().find(|(name, _)| *name == controller)?;
    Some((what, made(format!("{what} (its class is served by {controller}), which Bascule does not know"))))
}

/// Istio makes a Service of another type where the Gateway says so
/// (<https://istio.io/latest/docs/tasks/traffic-management/ingress/gateway-api/#deployment-methods>).
fn is_inner(gateway: &Value) -> bool {
    let annotations = [&gateway["metadata"]["annotations"], &gateway["spec"]["infrastructure"]["annotations"]];
    annotations
        .iter()
        .any(|of| of["networking.istio.io/service-type"].as_str().is_some_and(|service| service != "LoadBalancer"))
}

/// An issuer that proves by DNS that names are its owner's writes records
/// (<https://cert-manager.io/docs/configuration/acme/dns01/>).
fn acme(issuer: &Value) -> Option<Made> {
    let mut solvers = issuer["spec"]["acme"]["solvers"].as_array().into_iter().flatten();
    solvers.any(|solver| !solver["dns01"].is_null()).then(|| Made {
        what: "orders certificates and writes DNS records for it, from both clusters at once".to_owned(),
        may_run: true,
    })
}

/// The first field, the outermost first, of which this is true: by its path, with its value.
fn asked<'a>(path: &str, value: &'a Value, is: &impl Fn(&str, &Value) -> bool) -> Option<(String, &'a Value)> {
    match value {
        Value::Object(fields) => {
            let here = fields.iter().find(|(name, value)| is(name, value));
            here.map(|(name, value)| (format!("{path}.{name}"), value))
                .or_else(|| fields.iter().find_map(|(name, value)| asked(&format!("{path}.{name}"), value, is)))
        }
        Value::Array(items) => {
            let here = items.iter().enumerate().find(|(_, item)| is("", item));
            here.map(|(index, item)| (format!("{path}[{index}]"), item)).or_else(|| {
                items.iter().enumerate().find_map(|(index, item)| asked(&format!("{path}[{index}]"), item, is))
            })
        }
        _ => None,
    }
}

fn asks_for_balancer(name: &str, value: &Value) -> bool {
    name.to_ascii_lowercase().ends_with("type") && is_load_balancer(value)
}

/// Whether an object asks for storage as a claim does, or as Strimzi has it
/// (<https://strimzi.io/docs/operators/latest/configuring#type-PersistentClaimStorage-reference>).
fn describes_volume(value: &Value) -> bool {
    value["resources"]["requests"]["storage"].is_string() || value["type"] == "persistent-claim"
}

/// Fields of which the description of a `PersistentVolumeClaim` has some, its template's included
/// (<https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/persistent-volume-claim-v1/>).
const OF_A_CLAIM: [&str; 7] =
    ["accessModes", "resources", "size", "spec", "storage", "storageClass", "storageClassName"];

/// What is in the name of a field that describes a `PersistentVolumeClaim`: `volumeClaimTemplate`, `pvcSpec`, `persistentVolume` and their like.
const NAMES_A_CLAIM: [&str; 3] = ["volumeclaim", "pvc", "persistentvolume"];

/// Whether a field describes a `PersistentVolumeClaim`, or chooses its class. One that names a claim that exists asks for none, nor does a
/// policy about claims.
fn is_claim(name: &str, value: &Value) -> bool {
    let describes = match value {
        Value::Object(fields) => OF_A_CLAIM.iter().any(|field| fields.contains_key(*field)),
        Value::Array(items) => items.iter().any(Value::is_object),
        _ => false,
    };
    let lower = name.to_ascii_lowercase();
    (describes && NAMES_A_CLAIM.iter().any(|part| lower.contains(part)))
        || (name == "storageClassName" && value.as_str().is_some_and(|class| !class.is_empty()))
}

fn is_load_balancer(value: &Value) -> bool {
    value.as_str().is_some_and(|value| value.eq_ignore_ascii_case("LoadBalancer"))
}

/// Whether somewhere below, the description of a Service says that it is an inner one.
fn has_inner_service(value: &Value) -> bool {
    let is_inner = |name: &str, value: &Value| {
        name.to_ascii_lowercase().ends_with("service")
            && matches!(value["type"].as_str(), Some("ClusterIP" | "NodePort"))
    };
    match value {
        Value::Object(fields) => fields.iter().any(|(name, value)| is_inner(name, value) || has_inner_service(value)),
        _ => false,
    }
}

fn text(of: &Map<String, Value>, name: &str) -> String {
    of.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
