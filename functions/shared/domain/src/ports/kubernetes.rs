//! The Kubernetes APIs of both clusters.

use crate::{
    PhaseError,
    object::{ObjectId, Prepared},
};
use serde_json::Value;
use std::future::Future;

/// Who is in `metadata.managedFields` for what Bascule applies
/// (<https://kubernetes.io/docs/reference/using-api/server-side-apply/>).
pub const FIELD_MANAGER: &str = "bascule";

/// What an unauthenticated `GET /version` of a cluster showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// The cluster's Kubernetes version as EKS has it, such as `1.34`.
    pub version: String,
    /// Why the API server did not answer; `None` where it did.
    pub fault: Option<String>,
}

/// What an API server said of an object that was only tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tried {
    /// It would take it.
    Accepted,
    /// It does not serve its kind, or not in this version.
    NotServed,
}

/// Something that went wrong with an object, as an event of the type `Warning` tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The namespace of the object; empty where it has none.
    pub namespace: String,
    /// The kind of the object.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Why, in one word.
    pub reason: String,
    /// What happened.
    pub message: String,
    /// When it happened last, in RFC 3339.
    pub at: String,
}

impl Event {
    /// Out of the object that an API server keeps.
    #[must_use]
    pub fn of(event: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let times = [&event["series"]["lastObservedTime"], &event["lastTimestamp"], &event["eventTime"]];
        let at = times.into_iter().find(|time| time.is_string()).unwrap_or(&event["metadata"]["creationTimestamp"]);
        let about = &event["involvedObject"];
        Self {
            namespace: text(&about["namespace"]),
            kind: text(&about["kind"]),
            name: text(&about["name"]),
            reason: text(&event["reason"]),
            message: text(&event["message"]),
            at: text(at),
        }
    }
}

/// The way to the Kubernetes APIs of EKS clusters.
pub trait Kubernetes: Sync {
    /// One cluster's API.
    type Api: KubernetesApi;

    /// Whether the API server of a cluster answers to this Lambda, shown by an unauthenticated `GET /version`; any answer
    /// over a connection that the cluster's CA vouches for will do, since EKS answers 401 from version 1.32 on
    /// (<https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions-standard.html>). `None` where EKS knows no
    /// such cluster.
    fn reach(&self, cluster: &str) -> impl Future<Output = Result<Option<Reached>, PhaseError>> + Send;

    /// Opens the API of a cluster, with a token minted for this invocation.
    fn connect(&self, cluster: &str) -> impl Future<Output = Result<Self::Api, PhaseError>> + Send;
}

/// One cluster's API. Errors: a 403 of the authorizer is `Denied`, a conflict with another field manager `Conflict`, 401, any other 409, 429, 5xx and no answer `Unavailable`, every
/// other refusal `Refused` with the object named, a 500 for a manifest that does not fit its kind among them; a kind that is not
/// served (yet), a webhook that does not answer (yet), and a 401 or 403 of the authorizer in the first hour of a cluster are
/// `NotReady`.
pub trait KubernetesApi: Send + Sync {
    /// Gets ready to apply so many objects, which takes round trips: opens the connections that they will need, and asks for the kinds that
    /// most bundles have. Whoever does not ask for it waits for the same later.
    fn open(&self, objects: usize) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Which of these objects are there already, exactly as an apply would make them: told by lists, one for each kind of several
    /// objects. What is not told so is to be applied.
    ///
    /// Nothing is held of the lists but what is being compared.
    fn applied(&self, objects: &[&Prepared]) -> impl Future<Output = Result<Vec<bool>, PhaseError>> + Send;

    /// Server-side apply of all of them at once, as fast as the server lets. One answer for each object; those that were not sent before
    /// `deadline`, or not answered shortly after it, are `NotReady`. Fields that others manage with other values are `Conflict` with their
    /// names, unless the object is forced.
    fn apply(
        &self,
        objects: &[&Prepared],
        deadline: jiff::Timestamp,
    ) -> impl Future<Output = Vec<Result<(), PhaseError>>> + Send;

    /// Asks for the same as a dry run, which changes nothing
    /// (<https://kubernetes.io/docs/reference/using-api/api-concepts/#dry-run>), with unknown and doubled fields refused, as kubectl has it by
    /// default (<https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation>). Refusals are the server's own words.
    fn rehearse(
        &self,
        objects: &[&Prepared],
        deadline: jiff::Timestamp,
    ) -> impl Future<Output = Vec<Result<Tried, PhaseError>>> + Send;

    /// One object; `None` where there is none.
    fn get(&self, id: &ObjectId) -> impl Future<Output = Result<Option<Value>, PhaseError>> + Send;

    /// All objects of a kind, of one namespace or of all; none where the kind is not served.
    fn list(
        &self,
        api_version: &str,
        kind: &str,
        namespace: Option<&str>,
    ) -> impl Future<Output = Result<Vec<Value>, PhaseError>> + Send;

    /// The metadata of all objects of a kind, without what is in them; none where the kind is not served.
    fn metadata(&self, api_version: &str, kind: &str) -> impl Future<Output = Result<Vec<Value>, PhaseError>> + Send;

    /// Every kind whose objects the cluster keeps and lists, as API version and kind, each in the version that the server prefers. What an
    /// aggregated API answers is kept elsewhere and is none of them.
    fn kinds(&self) -> impl Future<Output = Result<Vec<(String, String)>, PhaseError>> + Send;

    /// Everything that went wrong in the cluster lately: its events of the type `Warning`. API servers keep them for an hour.
    fn warnings(&self) -> impl Future<Output = Result<Vec<Event>, PhaseError>> + Send;

    /// Asks for the deletion of an object, and of what it owns after it; does nothing where it is gone, or its kind is not served. Where `uid`
    /// is named, another one of its name stays. One that has finalizers is there until their controllers have done their work
    /// (<https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/>).
    fn delete(&self, id: &ObjectId, uid: Option<&str>) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// A merge patch (RFC 7396). Answers the object as it is then.
    fn patch(&self, id: &ObjectId, patch: &Value) -> impl Future<Output = Result<Value, PhaseError>> + Send;
}
