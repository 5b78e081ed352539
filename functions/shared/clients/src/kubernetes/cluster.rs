//! One cluster's API.

mod applying;
mod pages;

use super::{
    condition::condition,
    discovery::{Resource, find, listable, preferred, resources, root},
};
use domain::{
    PhaseError,
    manifest::{ObjectId, Prepared},
    ports::{
        KubernetesApi,
        kubernetes::{Event, FIELD_MANAGER, Tried},
    },
};
use http::{Method, Request, header::CONTENT_TYPE};
use kube::{Client, Error};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// For how long an apply waits for kinds that are not served yet, before Step Functions does: a definition that was applied a moment
/// ago is established within a second or two.
const PATIENCE: Duration = Duration::from_secs(5);

/// One cluster's API, with a token that lives as long as this invocation. What kinds it serves is asked once.
pub struct Cluster {
    name: String,
    client: Client,
    /// Whether its API server is new, and may not know Bascule's role yet.
    settling: bool,
    patience: Duration,
    served: Mutex<HashMap<String, Vec<Resource>>>,
}

impl Cluster {
    pub(super) fn new(name: &str, client: Client, settling: bool) -> Self {
        Self { name: name.to_owned(), client, settling, patience: PATIENCE, served: Mutex::default() }
    }

    /// What an error means that `what`, asked of `id`, ran into.
    fn failed(&self, what: &str, id: impl std::fmt::Display, error: &Error) -> PhaseError {
        condition(&format!("{what} {id} in cluster {}", self.name), error, self.settling)
    }

    async fn request(&self, method: Method, path: &str, body: Option<(&str, &Value)>) -> Result<Value, Error> {
        let mut request = Request::builder().method(method).uri(path);
        if let Some((content_type, _)) = body {
            request = request.header(CONTENT_TYPE, content_type);
        }
        let bytes = body.map(|(_, value)| value.to_string().into_bytes()).unwrap_or_default();
        self.client.request(request.body(bytes).map_err(Error::HttpError)?).await
    }

    /// How this server serves the kind, as far as it was asked.
    fn known(&self, api_version: &str, kind: &str) -> Option<Resource> {
        let served = self.served.lock().unwrap_or_else(PoisonError::into_inner);
        served.get(api_version).and_then(|resources| find(resources, kind))
    }

    /// Asks which kinds this server serves in an API version, which may be none.
    async fn ask(&self, api_version: &str) -> Result<(), PhaseError> {
        let found = match self.request(Method::GET, &root(api_version), None).await {
            Ok(list) => resources(&list),
            Err(Error::Api(status)) if status.code == 404 => return Ok(()),
            Err(error) => return Err(self.failed("asking for the kinds of", api_version, &error)),
        };
        self.served.lock().unwrap_or_else(PoisonError::into_inner).insert(api_version.to_owned(), found);
        Ok(())
    }

    /// How this server serves the kind; `None` where it does not.
    async fn resource(&self, api_version: &str, kind: &str) -> Result<Option<Resource>, PhaseError> {
        let known = self.known(api_version, kind);
        if known.is_some() {
            return Ok(known);
        }
        self.ask(api_version).await?;
        Ok(self.known(api_version, kind))
    }

    /// The same, where the kind must be served.
    async fn served(&self, id: &ObjectId) -> Result<Resource, PhaseError> {
        self.resource(&id.api_version, &id.kind).await?.ok_or_else(|| self.unserved(id))
    }

    fn unserved(&self, id: &ObjectId) -> PhaseError {
        PhaseError::not_ready(format!(
            "cluster {} does not serve {} {}, which {id} needs: its CustomResourceDefinition is missing or not established yet",
            self.name, id.api_version, id.kind
        ))
    }
}

impl KubernetesApi for Cluster {
    async fn open(&self, objects: usize) -> Result<(), PhaseError> {
        self.warm_up(objects).await
    }

    async fn applied(&self, objects: &[&Prepared]) -> Result<Vec<bool>, PhaseError> {
        self.compare(objects).await
    }

    async fn apply(&self, objects: &[&Prepared], deadline: jiff::Timestamp) -> Vec<Result<(), PhaseError>> {
        self.send(objects, deadline).await
    }

    async fn rehearse(&self, objects: &[&Prepared], deadline: jiff::Timestamp) -> Vec<Result<Tried, PhaseError>> {
        self.try_all(objects, deadline).await
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
        let mut found = Vec::new();
        if let Some(resource) = self.resource(api_version, kind).await? {
            let collection = resource.collection(api_version, namespace);
            self.pages(&collection, kind, pages::WHOLE, |object| found.push(object)).await?;
        }
        Ok(found)
    }

    async fn metadata(&self, api_version: &str, kind: &str) -> Result<Vec<Value>, PhaseError> {
        let mut found = Vec::new();
        if let Some(resource) = self.resource(api_version, kind).await? {
            let collection = resource.collection(api_version, None);
            let take = |mut object: Value| found.push(object["metadata"].take());
            self.pages(&collection, kind, pages::METADATA_ONLY, take).await?;
        }
        Ok(found)
    }

    async fn kinds(&self) -> Result<Vec<(String, String)>, PhaseError> {
        let failed = |error: &Error| self.failed("asking for", "the API groups", error);
        let groups = self.request(Method::GET, "/apis", None).await.map_err(|error| failed(&error))?;
        let aggregated = self.list("apiregistration.k8s.io/v1", "APIService", None).await?;
        let mut found = Vec::new();
        for version in preferred(&groups, &aggregated) {
            let list = self.request(Method::GET, &root(&version), None).await.map_err(|error| failed(&error))?;
            found.extend(listable(&list).map(|kind| (version.clone(), kind)));
        }
        Ok(found)
    }

    async fn warnings(&self) -> Result<Vec<Event>, PhaseError> {
        let mut found = Vec::new();
        let collection = "/api/v1/events?fieldSelector=type%3DWarning";
        self.pages(collection, "Event", pages::WHOLE, |event| found.push(Event::of(&event))).await?;
        Ok(found)
    }

    async fn delete(&self, id: &ObjectId, uid: Option<&str>) -> Result<(), PhaseError> {
        let Some(resource) = self.resource(&id.api_version, &id.kind).await? else { return Ok(()) };
        // https://kubernetes.io/docs/concepts/architecture/garbage-collection/#background-deletion
        let mut options = json!({ "kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background" });
        if let Some(uid) = uid {
            options["preconditions"] = json!({ "uid": uid });
        }
        let body = Some(("application/json", &options));
        match self.request(Method::DELETE, &resource.object(id), body).await {
            Ok(_) => Ok(()),
            Err(Error::Api(status)) if status.code == 404 => Ok(()),
            Err(error) => Err(self.failed("deleting", id, &error)),
        }
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
