//! The objects of a cluster as what runs its nodes sees them, and what that writes.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::{
    controllers::pods,
    mirror::Mirror,
    object,
    store::{Resource, Store},
    writes::Objects,
};

/// Where they are.
pub(crate) enum Observed {
    /// In this process.
    Here(Arc<Objects>),
    /// On a real API server.
    There(Arc<Mirror>),
}

impl Observed {
    /// Nodes, Pods, Services and their `EndpointSlices`, to be read and followed.
    pub(crate) fn store(&self) -> &Store {
        match self {
            Self::Here(objects) => &objects.store,
            Self::There(mirror) => mirror.store(),
        }
    }

    /// Changes the status of a Pod, unless it is gone; a later Pod of the same name is another one.
    pub(crate) fn set_status(&self, pod: &Value, change: impl FnOnce(&mut Value)) {
        match self {
            Self::Here(objects) => {
                objects.modify(&pods::resource(), object::namespace(pod), object::name(pod), |current| {
                    if object::uid(current) == object::uid(pod) {
                        change(current);
                    }
                });
            }
            Self::There(mirror) => mirror.set_status(pod, change),
        }
    }

    /// Gives a Pod an annotation.
    pub(crate) fn annotate(&self, pod: &Value, key: &str, value: &str) {
        match self {
            Self::Here(objects) => {
                objects.modify(&pods::resource(), object::namespace(pod), object::name(pod), |pod| {
                    object::entry(object::metadata(pod), "annotations")[key] = json!(value);
                });
            }
            Self::There(mirror) => mirror.merge(
                &pods::resource(),
                pod,
                &json!({"metadata": {"uid": object::uid(pod), "annotations": {key: value}}}),
            ),
        }
    }

    /// Ends the deletion of a Pod whose containers have stopped.
    pub(crate) fn finish(&self, pod: &Value) {
        match self {
            Self::Here(objects) => {
                objects.modify(&pods::resource(), object::namespace(pod), object::name(pod), |current| {
                    if object::uid(current) == object::uid(pod) && object::is_terminating(current) {
                        current["metadata"]["deletionGracePeriodSeconds"] = Value::from(0);
                    }
                });
            }
            Self::There(mirror) => mirror.finish(pod),
        }
    }

    /// Makes a node take no more Pods.
    pub(crate) fn cordon(&self, name: &str) {
        let nodes = Resource::core("nodes");
        match self {
            Self::Here(objects) => {
                objects.modify(&nodes, "", name, |node| node["spec"]["unschedulable"] = true.into());
            }
            Self::There(mirror) => {
                if let Some(node) = mirror.store().get(&nodes, "", name) {
                    mirror.merge(&nodes, &node, &json!({"spec": {"unschedulable": true}}));
                }
            }
        }
    }

    /// Deletes a Pod or a node; a Pod has its grace period.
    pub(crate) fn delete(&self, resource: &Resource, object: &Value) {
        match self {
            Self::Here(objects) => objects.discard(resource, object),
            Self::There(mirror) => mirror.delete(resource, object, None),
        }
    }
}
