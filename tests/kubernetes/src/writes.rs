//! Creation and changes of objects, by requests and by controllers.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use crate::{
    admission,
    controllers::Fargate,
    kinds::{Kind, Kinds},
    object,
    patching::ownership::Writer,
    preparation::{bump_generation, is_finished, prepare},
    random,
    services::Allocated,
    status::Status,
    store::{Decision, Resource, Store},
};

/// The part of an object that a write may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Everything, except the status if it is a subresource.
    Main,
    /// Only the status.
    Status,
}

/// Options of a write.
#[derive(Debug, Clone)]
pub(crate) struct Manner {
    pub(crate) writer: Writer,
    pub(crate) dry_run: bool,
    /// `fieldValidation=Strict`: unknown fields are errors.
    pub(crate) strict: bool,
    pub(crate) part: Part,
    /// Whether server-side apply has set `managedFields` already.
    pub(crate) owned: bool,
}

/// The objects of a cluster and the rules for changing them.
pub(crate) struct Objects {
    pub(crate) store: Store,
    pub(crate) kinds: Kinds,
    /// Locked while a Service is written, since addresses and ports are unique among all Services.
    allocation: Mutex<()>,
    /// Which Pods run on Fargate.
    pub(crate) fargate: Mutex<Fargate>,
}

impl Objects {
    pub(crate) fn new() -> Self {
        Self { store: Store::new(), kinds: Kinds::new(), allocation: Mutex::new(()), fargate: Mutex::default() }
    }

    /// Creates an object.
    pub(crate) fn create(
        &self,
        kind: &Kind,
        namespace: &str,
        mut object: Value,
        manner: &Manner,
    ) -> Result<Arc<Value>, Status> {
        let metadata = object::metadata(&mut object);
        if metadata["name"].as_str().is_none_or(str::is_empty)
            && let Some(prefix) = metadata["generateName"].as_str()
        {
            metadata["name"] = json!(format!("{prefix}{}", random::suffix::<5>()));
        }
        let name = object::name(&object).to_owned();
        admission::admit(&self.store, kind, namespace, &name, &object)?;
        self.put(kind, namespace, &name, manner, |current| match current {
            Some(_) => Err(Status::already_exists(&kind.group, &kind.plural, &name)),
            None if object["metadata"]["resourceVersion"].as_str().is_some_and(|version| !version.is_empty()) => {
                Err(Status::bad_request("resourceVersion should not be set on objects to be created"))
            }
            None => Ok(object),
        })
    }

    /// Changes an object, or creates it if `change` returns an object for `None`.
    pub(crate) fn put(
        &self,
        kind: &Kind,
        namespace: &str,
        name: &str,
        manner: &Manner,
        change: impl FnOnce(Option<&Value>) -> Result<Value, Status>,
    ) -> Result<Arc<Value>, Status> {
        let service = kind.group.is_empty() && kind.kind == "Service";
        let _held = service.then(|| self.allocation.lock().unwrap_or_else(PoisonError::into_inner));
        let others = service.then(|| Allocated::besides(&self.store.all(&kind.resource()), namespace, name));
        let mut preview = None;
        let written = self.store.write(&kind.resource(), namespace, name, |current| {
            let wanted = change(current)?;
            let object = prepare(kind, namespace, name, wanted, current, others, manner)?;
            let decision = if manner.dry_run {
                preview = Some(Arc::new(object));
                Decision::Keep
            } else if is_finished(&object) {
                Decision::Remove(object)
            } else {
                Decision::Put(object)
            };
            Ok::<_, Status>(decision)
        })?;
        preview.or(written).ok_or_else(|| Status::not_found(&kind.group, &kind.plural, name))
    }

    /// Changes an existing object on behalf of a controller, without field ownership and validation.
    pub(crate) fn modify(
        &self,
        resource: &Resource,
        namespace: &str,
        name: &str,
        change: impl FnOnce(&mut Value),
    ) -> Option<Arc<Value>> {
        let written = self.store.write(resource, namespace, name, |current| {
            let Some(current) = current else { return Ok(Decision::Keep) };
            let mut object = current.clone();
            change(&mut object);
            bump_generation(&mut object, current);
            Ok::<_, std::convert::Infallible>(if is_finished(&object) {
                Decision::Remove(object)
            } else {
                Decision::Put(object)
            })
        });
        match written {
            Ok(object) => object,
            Err(never) => match never {},
        }
    }

    /// Creates an object on behalf of a controller, with defaults and validation. Does nothing if it exists.
    pub(crate) fn make(&self, resource: &Resource, namespace: &str, object: Value) -> Option<Arc<Value>> {
        let kind = self.kinds.of(resource)?;
        let writer = Writer {
            name: "kube-controller-manager".to_owned(),
            operation: "Update",
            api_version: kind.api_version(),
            subresource: String::new(),
        };
        let manner = Manner { writer, dry_run: false, strict: false, part: Part::Main, owned: true };
        match self.create(&kind, namespace, object, &manner) {
            Ok(object) => Some(object),
            Err(status) if status.reason == "AlreadyExists" => None,
            Err(status) => {
                tracing::warn!(plural = kind.plural, namespace, status.message, "a controller's object was refused");
                None
            }
        }
    }
}
