//! One cluster's API.

use super::{
    condition::{condition, throttled},
    discovery::{Resource, find, resources, root},
    window::Window,
};
use domain::{
    PhaseError,
    manifest::{Object, ObjectId},
    ports::{KubernetesApi, kubernetes::FIELD_MANAGER},
};
use futures::{StreamExt, stream::FuturesUnordered};
use http::{
    Method, Request,
    header::{ACCEPT, CONTENT_TYPE},
};
use kube::{Client, Error};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
};

/// How many objects one page of a list has, as kubectl asks
/// (<https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks>).
const PAGE: usize = 500;

/// After so many throttles of one object the apply ends, and Step Functions tries again with backoff.
const MOST_THROTTLES: u8 = 5;

/// How a list without the objects themselves is asked for
/// (<https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches>).
const METADATA_ONLY: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/// What an API server fills in, and refuses or misreads when it is sent back to another one.
const SERVER_FIELDS: [&str; 6] =
    ["creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid"];

/// One cluster's API, with a token that lives as long as this invocation. What kinds it serves is asked once.
pub struct Cluster {
    name: String,
    client: Client,
    /// Whether its API server is new, and may not know Bascule's role yet.
    settling: bool,
    served: Mutex<HashMap<String, Vec<Resource>>>,
}

impl Cluster {
    pub(super) fn new(name: &str, client: Client, settling: bool) -> Self {
        Self { name: name.to_owned(), client, settling, served: Mutex::default() }
    }

    /// What an error means that `what`, asked of `id`, ran into.
    fn failed(&self, what: &str, id: impl std::fmt::Display, error: &Error) -> PhaseError {
        condition(&format!("{what} {id} in cluster {}", self.name), error, self.settling)
    }

    /// Every page of a list, with what each is asked to be.
    async fn pages(&self, collection: &str, kind: &str, accept: &str) -> Result<Vec<Value>, PhaseError> {
        let mut found = Vec::new();
        let mut token = String::new();
        loop {
            let path = format!("{collection}?limit={PAGE}{token}");
            let request = Request::get(&path).header(ACCEPT, accept).body(Vec::new()).map_err(Error::HttpError);
            let page = match request {
                Ok(request) => self.client.request::<Value>(request).await,
                Err(error) => Err(error),
            };
            let mut page = page.map_err(|error| self.failed("listing", kind, &error))?;
            if let Value::Array(items) = page["items"].take() {
                found.extend(items);
            }
            match page["metadata"]["continue"].as_str() {
                Some(next) if !next.is_empty() => {
                    token = format!("&continue={}", utf8_percent_encode(next, NON_ALPHANUMERIC));
                }
                _ => return Ok(found),
            }
        }
    }

    async fn request(&self, method: Method, path: &str, body: Option<(&str, &Value)>) -> Result<Value, Error> {
        let mut request = Request::builder().method(method).uri(path);
        if let Some((content_type, _)) = body {
            request = request.header(CONTENT_TYPE, content_type);
        }
        let bytes = body.map(|(_, value)| value.to_string().into_bytes()).unwrap_or_default();
        self.client.request(request.body(bytes).map_err(Error::HttpError)?).await
    }

    /// How this server serves the kind; `None` where it does not.
    async fn resource(&self, api_version: &str, kind: &str) -> Result<Option<Resource>, PhaseError> {
        let known = || {
            let served = self.served.lock().unwrap_or_else(PoisonError::into_inner);
            served.get(api_version).and_then(|resources| find(resources, kind))
        };
        if let Some(resource) = known() {
            return Ok(Some(resource));
        }
        let found = match self.request(Method::GET, &root(api_version), None).await {
            Ok(list) => resources(&list),
            Err(Error::Api(status)) if status.code == 404 => return Ok(None),
            Err(error) => return Err(self.failed("asking for the kinds of", api_version, &error)),
        };
        self.served.lock().unwrap_or_else(PoisonError::into_inner).insert(api_version.to_owned(), found);
        Ok(known())
    }

    /// The same, where the kind must be served.
    async fn served(&self, id: &ObjectId) -> Result<Resource, PhaseError> {
        self.resource(&id.api_version, &id.kind).await?.ok_or_else(|| {
            PhaseError::not_ready(format!(
                "cluster {} does not serve {} {}, which {id} needs: its CustomResourceDefinition is missing or not established yet",
                self.name, id.api_version, id.kind
            ))
        })
    }

    async fn apply_one(&self, id: &ObjectId, object: &Value) -> Result<(), Error> {
        // Resolved before by `apply`.
        let Ok(resource) = self.served(id).await else { return Ok(()) };
        let path = format!("{}?fieldManager={FIELD_MANAGER}&force=true", resource.object(id));
        let body = body(object, resource.is_namespaced());
        self.request(Method::PATCH, &path, Some(("application/apply-patch+yaml", &body))).await.map(|_| ())
    }
}

/// What is sent of a manifest: without what another API server filled in.
fn body(object: &Value, namespaced: bool) -> Value {
    let mut body = object.clone();
    if let Some(metadata) = body["metadata"].as_object_mut() {
        metadata.retain(|name, _| !SERVER_FIELDS.contains(&name.as_str()) && (namespaced || name != "namespace"));
    }
    body
}

impl KubernetesApi for Cluster {
    async fn apply(&self, objects: &[Value], deadline: jiff::Timestamp) -> Vec<Result<(), PhaseError>> {
        let unsent = || Err(PhaseError::not_ready("not sent before the deadline of this invocation"));
        let mut answers: Vec<Result<(), PhaseError>> = objects.iter().map(|_| unsent()).collect();
        let mut queue = VecDeque::new();
        for (index, object) in objects.iter().enumerate() {
            // Identified once more: what cannot be named cannot be sent.
            let Some(object) = Object::new(0, 0, object.clone()) else {
                answers[index] = Err(PhaseError::refused("a manifest without apiVersion, kind or name"));
                continue;
            };
            match self.served(&object.id).await {
                Ok(_) => queue.push_back((index, object.id, 0)),
                Err(error) => answers[index] = Err(error),
            }
        }
        let mut window = Window::new();
        let mut flying = FuturesUnordered::new();
        loop {
            while flying.len() < window.size()
                && jiff::Timestamp::now() < deadline
                && let Some((index, id, throttles)) = queue.pop_front()
            {
                flying.push(async move {
                    let answer = self.apply_one(&id, &objects[index]).await;
                    (index, id, throttles, answer)
                });
            }
            let Some((index, id, throttles, answer)) = flying.next().await else {
                return answers;
            };
            match answer {
                Ok(()) => {
                    window.opened();
                    answers[index] = Ok(());
                }
                Err(error) => match throttled(&error) {
                    Some(retry_after) if throttles < MOST_THROTTLES => {
                        tokio::time::sleep(window.throttled(retry_after)).await;
                        queue.push_back((index, id, throttles + 1));
                    }
                    _ => answers[index] = Err(self.failed("applying", &id, &error)),
                },
            }
        }
    }

    async fn get(&self, id: &ObjectId) -> Result<Option<Value>, PhaseError> {
        let Some(resource) = self.resource(&id.api_version, &id.kind).await? else {
            return Ok(None);
        };
        match self.request(Method::GET, &resource.object(id), None).await {
            Ok(object) => Ok(Some(object)),
            Err(Error::Api(status)) if status.code == 404 => Ok(None),
            Err(error) => Err(self.failed("reading", id, &error)),
        }
    }

    async fn list(&self, api_version: &str, kind: &str, namespace: Option<&str>) -> Result<Vec<Value>, PhaseError> {
        let Some(resource) = self.resource(api_version, kind).await? else {
            return Ok(Vec::new());
        };
        self.pages(&resource.collection(api_version, namespace), kind, "application/json").await
    }

    async fn metadata(&self, api_version: &str, kind: &str) -> Result<Vec<Value>, PhaseError> {
        let Some(resource) = self.resource(api_version, kind).await? else {
            return Ok(Vec::new());
        };
        let items = self.pages(&resource.collection(api_version, None), kind, METADATA_ONLY).await?;
        Ok(items.into_iter().map(|mut item| item["metadata"].take()).collect())
    }

    async fn patch(&self, id: &ObjectId, patch: &Value) -> Result<Value, PhaseError> {
        let resource = self.served(id).await?;
        let url = format!("{}?fieldManager={FIELD_MANAGER}", resource.object(id));
        self.request(Method::PATCH, &url, Some(("application/merge-patch+json", patch)))
            .await
            .map_err(|error| self.failed("changing", id, &error))
    }
}

#[cfg(test)]
mod tests;
