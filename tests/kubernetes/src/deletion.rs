//! Deletion of objects: immediate, after a grace period, or after finalizers are removed
//! (<https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/>,
//! <https://kubernetes.io/docs/concepts/architecture/garbage-collection/>).

use std::sync::Arc;

use serde_json::{Value, json};

use crate::{
    kinds::Kind,
    object,
    preparation::is_finished,
    status::Status,
    store::{Decision, Resource},
    writes::Objects,
};

/// The finalizer of foreground deletion: dependents are deleted before their owner.
pub(crate) const FOREGROUND: &str = "foregroundDeletion";
/// The finalizer of orphan deletion: dependents lose their owner reference and stay.
pub(crate) const ORPHAN: &str = "orphan";

/// `DeleteOptions` of a request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    pub(crate) grace_seconds: Option<i64>,
    /// `Foreground`, `Background` (the default) or `Orphan`.
    pub(crate) propagation: Option<String>,
    pub(crate) uid: Option<String>,
    pub(crate) resource_version: Option<String>,
    pub(crate) dry_run: bool,
}

/// The result of a deletion.
pub(crate) enum Deletion {
    /// The object is deleted; its last state.
    Gone(Arc<Value>),
    /// The object is marked for deletion; its current state.
    Pending(Arc<Value>),
}

impl Objects {
    /// Deletes an object or marks it for deletion.
    pub(crate) fn delete(
        &self,
        kind: &Kind,
        namespace: &str,
        name: &str,
        options: &Options,
    ) -> Result<Deletion, Status> {
        let mut gone = false;
        let mut preview = None;
        let written = self.store.write(&kind.resource(), namespace, name, |current| {
            let current = current.ok_or_else(|| Status::not_found(&kind.group, &kind.plural, name))?;
            check(kind, name, current, options)?;
            let object = mark(kind, current.clone(), options);
            gone = is_finished(&object);
            let decision = if options.dry_run {
                preview = Some(Arc::new(object));
                Decision::Keep
            } else if gone {
                Decision::Remove(object)
            } else {
                Decision::Put(object)
            };
            Ok::<_, Status>(decision)
        })?;
        let object = preview.or(written).ok_or_else(|| Status::not_found(&kind.group, &kind.plural, name))?;
        Ok(if gone { Deletion::Gone(object) } else { Deletion::Pending(object) })
    }

    /// Deletes an object on behalf of a controller. An object that does not exist is not an error.
    pub(crate) fn discard(&self, resource: &Resource, object: &Value) {
        let Some(kind) = self.kinds.of(resource) else { return };
        let options = Options { uid: Some(object::uid(object).to_owned()), ..Options::default() };
        if let Err(status) = self.delete(&kind, object::namespace(object), object::name(object), &options) {
            tracing::debug!(status.message, "the object is deleted already");
        }
    }
}

fn check(kind: &Kind, name: &str, current: &Value, options: &Options) -> Result<(), Status> {
    let conflict = |what: &str, wanted: &str, found: &str| {
        let why = format!("Precondition failed: {what} in precondition: {wanted}, {what} in object meta: {found}");
        Err(Status::conflict(&kind.group, &kind.plural, name, &why))
    };
    if let Some(uid) = options.uid.as_deref().filter(|uid| *uid != object::uid(current)) {
        return conflict("UID", uid, object::uid(current));
    }
    let revision = object::text(current, "/metadata/resourceVersion").unwrap_or_default();
    if let Some(wanted) = options.resource_version.as_deref().filter(|wanted| *wanted != revision) {
        return conflict("ResourceVersion", wanted, revision);
    }
    Ok(())
}

/// The object with deletion timestamp, grace period and finalizers of the request.
fn mark(kind: &Kind, mut object: Value, options: &Options) -> Value {
    let pod = kind.group.is_empty() && kind.kind == "Pod";
    let grace = if pod { grace_of(&object, options) } else { 0 };
    let metadata = object::metadata(&mut object);
    if metadata.get("deletionTimestamp").is_some() {
        // A second request can only shorten the grace period.
        let before = metadata["deletionGracePeriodSeconds"].as_i64().unwrap_or(0);
        metadata["deletionGracePeriodSeconds"] = json!(before.min(grace));
        return object;
    }
    let after = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(grace);
    metadata["deletionTimestamp"] = json!(after.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    metadata["deletionGracePeriodSeconds"] = json!(grace);
    let finalizer = match options.propagation.as_deref() {
        Some("Foreground") => Some(FOREGROUND),
        Some("Orphan") => Some(ORPHAN),
        _ => None,
    };
    if let Some(finalizer) = finalizer {
        object::default(metadata, "finalizers", json!([]));
        if let Some(finalizers) = metadata["finalizers"].as_array_mut()
            && !finalizers.contains(&json!(finalizer))
        {
            finalizers.push(json!(finalizer));
        }
    }
    let generation = metadata["generation"].as_i64().unwrap_or(1);
    metadata["generation"] = json!(generation + 1);
    if kind.group.is_empty() && kind.kind == "Namespace" {
        object::entry(&mut object, "status")["phase"] = json!("Terminating");
    }
    object
}

/// The grace period of a Pod: zero if it has no node or has terminated.
fn grace_of(pod: &Value, options: &Options) -> i64 {
    let unscheduled = object::text(pod, "/spec/nodeName").is_none_or(str::is_empty);
    let ended = matches!(object::text(pod, "/status/phase"), Some("Succeeded" | "Failed"));
    if unscheduled || ended {
        return 0;
    }
    let asked = options.grace_seconds.or_else(|| object::number(pod, "/spec/terminationGracePeriodSeconds"));
    asked.unwrap_or(30).max(0)
}
