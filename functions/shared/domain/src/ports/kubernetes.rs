//! The Kubernetes APIs of both clusters.

use crate::{PhaseError, object::ObjectId};
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

/// One cluster's API. Errors: a 403 of the authorizer is `Denied`, 409 `Conflict`, 401, 429, 5xx and no answer `Unavailable`, every
/// other refusal `Refused` with the object named, a 500 for a manifest that does not fit its kind among them; a kind that is not
/// served (yet), a webhook that does not answer (yet), and a 401 or 403 of the authorizer in the first hour of a cluster are
/// `NotReady`.
pub trait KubernetesApi: Send + Sync {
    /// Server-side apply, forced, of all of them at once, as fast as the server lets. One answer for each object; those
    /// that were not sent before `deadline` are `NotReady`.
    fn apply(
        &self,
        objects: &[Value],
        deadline: jiff::Timestamp,
    ) -> impl Future<Output = Vec<Result<(), PhaseError>>> + Send;

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

    /// A merge patch (RFC 7396). Answers the object as it is then.
    fn patch(&self, id: &ObjectId, patch: &Value) -> impl Future<Output = Result<Value, PhaseError>> + Send;
}
