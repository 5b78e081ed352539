//! A mirror of what a real API server knows of nodes, Pods, Services and `EndpointSlices`, followed as informers do
//! (<https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes>), and what is written back.
//!
//! Everything here has the addresses of this machine, `127.<n>.…`; on the server they are `10.<n>.…`, since it takes no loopback
//! address in an `EndpointSlice`. A relay translates what is read, the mirror what it writes.

use std::{io, net::Ipv4Addr, sync::Arc, time::Duration};

use http::{Method, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::{sync::mpsc, task::JoinSet};

use crate::{
    cluster::NodeSpec,
    control_plane::Administrator,
    controllers::{pods, slices},
    object,
    store::{Decision, Resource, Store},
};

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(100);

/// How often a write is tried that the server does not take at once.
const TRIES: u8 = 20;

/// One write.
struct Order {
    method: Method,
    path: String,
    body: Value,
}

/// The mirror.
pub(crate) struct Mirror {
    store: Store,
    orders: mpsc::UnboundedSender<Order>,
    translation: Translation,
}

impl Mirror {
    /// Follows the server, through a relay that translates its answers, for as long as the tasks run.
    pub(crate) fn start(administrator: &Administrator, translation: Translation, tasks: &mut JoinSet<()>) -> Arc<Self> {
        let (orders, queue) = mpsc::unbounded_channel();
        let mirror = Arc::new(Self { store: Store::new(), orders, translation });
        tasks.spawn(carry_out(administrator.clone(), queue));
        for resource in [Resource::core("nodes"), pods::resource(), Resource::core("services"), slices()] {
            let (mirror, administrator) = (mirror.clone(), administrator.clone());
            tasks.spawn(async move {
                loop {
                    if let Err(error) = mirror.follow(&administrator, &resource).await {
                        tracing::debug!(resource.plural, %error, "a watch ended");
                    }
                    tokio::time::sleep(PAUSE).await;
                }
            });
        }
        mirror
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// Changes the status of a Pod.
    pub(crate) fn set_status(&self, pod: &Value, change: impl FnOnce(&mut Value)) {
        let current = self.store.get(&pods::resource(), object::namespace(pod), object::name(pod));
        let Some(current) = current.filter(|current| object::uid(current) == object::uid(pod)) else { return };
        let mut changed = (*current).clone();
        change(&mut changed);
        let body = json!({"metadata": {"uid": object::uid(pod)}, "status": changed["status"]});
        self.send(Method::PATCH, format!("{}/status", path(&pods::resource(), pod)), &body);
    }

    /// Merges into an object.
    pub(crate) fn merge(&self, resource: &Resource, object: &Value, patch: &Value) {
        self.send(Method::PATCH, path(resource, object), patch);
    }

    /// Ends the deletion of a Pod.
    pub(crate) fn finish(&self, pod: &Value) {
        self.delete(&pods::resource(), pod, Some(0));
    }

    /// Deletes this object, and no later one of its name.
    pub(crate) fn delete(&self, resource: &Resource, object: &Value, grace: Option<u8>) {
        let mut options =
            json!({"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": object::uid(object)}});
        if let Some(grace) = grace {
            options["gracePeriodSeconds"] = json!(grace);
        }
        self.send(Method::DELETE, path(resource, object), &options);
    }

    fn send(&self, method: Method, path: String, body: &Value) {
        let order = Order { method, path, body: self.translation.outward(body) };
        if self.orders.send(order).is_err() {
            tracing::debug!("the mirror has ended");
        }
    }

    /// Lists, then watches until the watch ends.
    async fn follow(&self, administrator: &Administrator, resource: &Resource) -> io::Result<()> {
        let collection = collection(resource, "");
        let (status, mut list) = administrator.send(Method::GET, &collection, None).await?;
        if !status.is_success() {
            return Err(io::Error::other(format!("GET {collection}: {status}")));
        }
        let Value::Array(items) = list["items"].take() else {
            return Err(io::Error::other(format!("GET {collection} lists nothing")));
        };
        for gone in self.store.all(resource) {
            if !items.iter().any(|item| object::uid(item) == object::uid(&gone)) {
                self.remove(resource, &gone);
            }
        }
        for item in items {
            self.put(resource, item);
        }
        let version = object::text(&list, "/metadata/resourceVersion").unwrap_or_default();
        let watch = format!("{collection}?watch=true&allowWatchBookmarks=true&resourceVersion={version}");
        let mut body = administrator.open(Method::GET, &watch, None).await?.into_body();
        let mut held = Vec::new();
        while let Some(frame) = body.frame().await {
            if let Ok(data) = frame.map_err(io::Error::other)?.into_data() {
                held.extend_from_slice(&data);
            }
            while let Some(end) = held.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = held.drain(..=end).collect();
                self.take(resource, serde_json::from_slice(&line)?)?;
            }
        }
        Ok(())
    }

    /// One event of a watch.
    fn take(&self, resource: &Resource, mut event: Value) -> io::Result<()> {
        let object = event["object"].take();
        match event["type"].as_str() {
            Some("ADDED" | "MODIFIED") => self.put(resource, object),
            Some("DELETED") => self.remove(resource, &object),
            Some("BOOKMARK") => {}
            _ => return Err(io::Error::other(object.to_string())),
        }
        Ok(())
    }

    fn put(&self, resource: &Resource, object: Value) {
        let (namespace, name) = (object::namespace(&object).to_owned(), object::name(&object).to_owned());
        let Ok(_) =
            self.store.write(resource, &namespace, &name, |_| Ok::<_, std::convert::Infallible>(Decision::Put(object)));
    }

    fn remove(&self, resource: &Resource, object: &Value) {
        let Ok(_) = self.store.write(resource, object::namespace(object), object::name(object), |current| {
            let is_it = current.is_some_and(|current| object::uid(current) == object::uid(object));
            Ok::<_, std::convert::Infallible>(if is_it { Decision::Remove(object.clone()) } else { Decision::Keep })
        });
    }
}

/// Sends writes in their order.
async fn carry_out(administrator: Administrator, mut orders: mpsc::UnboundedReceiver<Order>) {
    while let Some(Order { method, path, body }) = orders.recv().await {
        let content = if method == Method::PATCH { "application/merge-patch+json" } else { "application/json" };
        let mut last = String::new();
        for _ in 0..TRIES {
            last = match administrator.send(method.clone(), &path, Some((content, &body))).await {
                // What is not there any more needs nothing; nor does what has another UID by now.
                Ok((status, _)) if status.is_success() || status == StatusCode::NOT_FOUND => String::new(),
                Ok((StatusCode::CONFLICT, answer)) if answer.to_string().contains("UID") => String::new(),
                Ok((status, answer)) => format!("{status} {answer}"),
                Err(error) => error.to_string(),
            };
            if last.is_empty() {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        if !last.is_empty() {
            tracing::warn!(%method, path, last, "a write of the kubelet was not taken");
        }
    }
}

fn collection(resource: &Resource, namespace: &str) -> String {
    let root = if resource.group.is_empty() { "/api/v1".to_owned() } else { format!("/apis/{}/v1", resource.group) };
    let namespace = if namespace.is_empty() { String::new() } else { format!("/namespaces/{namespace}") };
    format!("{root}{namespace}/{}", resource.plural)
}

fn path(resource: &Resource, object: &Value) -> String {
    format!("{}/{}", collection(resource, object::namespace(object)), object::name(object))
}

/// A node as the server gets it.
pub(crate) fn outward(node: &NodeSpec) -> NodeSpec {
    let [_, network, block, number] = node.address.octets();
    NodeSpec { address: Ipv4Addr::new(10, network, block, number), ..node.clone() }
}

/// The addresses of one cluster's nodes and Pods: `127.<n>.0.0/16` on this machine, `10.<n>.0.0/16` on its API server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Translation {
    network: u8,
}

impl Translation {
    /// Of the cluster with this number of a loopback network, `127.<64 + subnet>.0.0/16`.
    pub(crate) fn of(subnet: u8) -> Self {
        Self { network: 64_u8.wrapping_add(subnet) }
    }

    /// How an address begins in JSON on the server, and here.
    pub(crate) fn beginnings(self) -> (String, String) {
        (format!("\"10.{}.", self.network), format!("\"127.{}.", self.network))
    }

    /// An object as the server takes it.
    pub(crate) fn outward(self, object: &Value) -> Value {
        let (there, here) = self.beginnings();
        // What was JSON still is: only the insides of strings are other than before.
        serde_json::from_str(&object.to_string().replace(&here, &there)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_this_machine_are_written_as_the_server_takes_them() {
        let status = json!({"podIP": "127.65.16.1", "podIPs": [{"ip": "127.65.16.1"}], "hostIP": "127.65.0.1", "note": "at 127.65.0.1"});
        let expected = json!({"podIP": "10.65.16.1", "podIPs": [{"ip": "10.65.16.1"}], "hostIP": "10.65.0.1", "note": "at 127.65.0.1"});
        assert_eq!(Translation::of(1).outward(&status), expected);
        assert_eq!(Translation::of(2).outward(&status), status);
    }

    #[test]
    fn an_event_changes_the_mirror_and_an_older_objects_end_does_not() {
        let (orders, _) = mpsc::unbounded_channel();
        let mirror = Mirror { store: Store::new(), orders, translation: Translation::of(0) };
        let pod = |uid: &str| json!({"metadata": {"namespace": "shop", "name": "web-0", "uid": uid}});
        let event = |kind: &str, uid: &str| json!({"type": kind, "object": pod(uid)});
        let pods = pods::resource();
        mirror.take(&pods, event("ADDED", "a")).unwrap();
        mirror.take(&pods, event("MODIFIED", "b")).unwrap();
        mirror.take(&pods, event("DELETED", "a")).unwrap();
        assert_eq!(mirror.store.all(&pods).iter().map(|pod| object::uid(pod)).collect::<Vec<_>>(), ["b"]);
        mirror.take(&pods, event("DELETED", "b")).unwrap();
        assert!(mirror.store.all(&pods).is_empty());
        assert!(mirror.take(&pods, json!({"type": "ERROR", "object": {"code": 410}})).is_err());
    }
}
