//! Admission of new objects, as far as manifests run into it: a namespace that takes new content, and the `ServiceAccount`
//! and the `PriorityClass` of a Pod
//! (<https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/>, `NamespaceLifecycle`, `ServiceAccount` and `Priority`).

use serde_json::Value;

use crate::{
    kinds::Kind,
    object,
    status::Status,
    store::{Resource, Store},
};

/// Whether an object of this name may be created in a namespace, which is empty for cluster-scoped objects.
pub(crate) fn admit(store: &Store, kind: &Kind, namespace: &str, name: &str, object: &Value) -> Result<(), Status> {
    if !kind.namespaced {
        return Ok(());
    }
    let refused = |why: &str| {
        let subject =
            if kind.group.is_empty() { kind.plural.clone() } else { format!("{}.{}", kind.plural, kind.group) };
        Err(Status::forbidden(format!("{subject} {name:?} is forbidden: {why}"), &kind.group, &kind.plural, name))
    };
    match store.get(&Resource::core("namespaces"), "", namespace) {
        None => return Err(Status::not_found("", "namespaces", namespace)),
        Some(found) if object::is_terminating(&found) => {
            return refused(&format!(
                "unable to create new content in namespace {namespace} because it is being terminated"
            ));
        }
        Some(_) => {}
    }
    if !kind.group.is_empty() || kind.kind != "Pod" {
        return Ok(());
    }
    let named = |pointer: &str| object::text(object, pointer).filter(|name| !name.is_empty());
    let account = named("/spec/serviceAccountName").unwrap_or("default");
    if store.get(&Resource::core("serviceaccounts"), namespace, account).is_none() {
        return refused(&format!(
            "error looking up service account {namespace}/{account}: serviceaccount {account:?} not found"
        ));
    }
    if let Some(class) = named("/spec/priorityClassName")
        && store.get(&Resource::new("scheduling.k8s.io", "priorityclasses"), "", class).is_none()
    {
        return refused(&format!("no PriorityClass with name {class} was found"));
    }
    Ok(())
}
