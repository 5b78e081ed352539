//! The control plane of Amazon EKS, simulated. It uses REST with JSON bodies.
//!
//! Paths, members and errors are those of <https://docs.aws.amazon.com/eks/latest/APIReference/API_Operations.html>; each
//! kind of resource has a file. Resources are stored as the JSON objects of their Describe operations. Implemented are the
//! operations that Bascule's functions and the sandbox call, and those by which Terraform's provider reads and deletes the shop. Others
//! are refused with status 501.

mod access_entry;
mod access_policy;
pub(crate) mod addon;
mod addon_catalogue;
mod authorization;
mod auto_mode;
pub(crate) mod cluster;
mod cluster_config;
mod cluster_lifecycle;
mod fargate_profile;
mod fault;
mod identity_provider;
mod nodegroup;
mod nodegroup_config;
mod nodegroup_lifecycle;
mod pod_identity;
mod request;
mod stored;
mod tag;
mod version;

use std::sync::Arc;

use bytes::Bytes;
use http::{Request as HttpRequest, Response};
use iam::Access;
use serde_json::Value;

pub(crate) use access_policy::{MASTERS, group_of};
use fault::Fault;
use request::Request;
pub(crate) use stored::texts;

use crate::account::Account;

/// The result of an operation: the body of a 200, or an error.
type Outcome = Result<Value, Fault>;

/// Answers one HTTP request.
pub(crate) async fn handle(account: Arc<Account>, request: HttpRequest<Bytes>) -> Response<Bytes> {
    let outcome = match Request::read(&request) {
        Ok(request) => route(&account, &request).await,
        Err(fault) => Err(fault),
    };
    request::respond(outcome)
}

/// What IAM checks for a request; nothing for one that cannot be read, which is refused anyway.
pub(crate) async fn accesses(account: Arc<Account>, request: HttpRequest<Bytes>) -> Vec<Access> {
    Request::read(&request).map_or_else(|_| Vec::new(), |request| authorization::accesses(&account, &request))
}

/// Dispatches by method and path.
async fn route(account: &Arc<Account>, request: &Request) -> Outcome {
    let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    match (request.method.as_str(), segments.as_slice()) {
        ("POST", ["clusters"]) => cluster::create(account, request).await,
        ("GET", ["clusters"]) => cluster::list(account, request),
        ("GET", ["clusters", name]) => cluster::describe(account, name),
        ("DELETE", ["clusters", name]) => cluster::delete(account, name),
        ("POST", ["clusters", name, "update-config"]) => cluster_config::update(account, name, request),
        (_, ["clusters", name, kind, rest @ ..]) => of_cluster(account, request, name, kind, rest).await,
        ("GET", ["cluster-versions"]) => version::describe(request),
        ("GET", ["addons", "configuration-schemas"]) => addon_catalogue::describe_configuration(request),
        ("GET", ["addons", "supported-versions"]) => addon_catalogue::describe_versions(request),
        ("GET", ["tags", arn]) => tag::list(account, arn),
        _ => Err(Fault::unknown_operation(request)),
    }
}

/// Dispatches operations on resources of a cluster.
async fn of_cluster(account: &Arc<Account>, request: &Request, name: &str, kind: &str, rest: &[&str]) -> Outcome {
    match (request.method.as_str(), kind, rest) {
        ("POST", "node-groups", []) => nodegroup::create(account, name, request).await,
        ("GET", "node-groups", []) => nodegroup::list(account, name, request),
        ("GET", "node-groups", [group]) => nodegroup::describe(account, name, group),
        ("DELETE", "node-groups", [group]) => nodegroup::delete(account, name, group),
        ("POST", "node-groups", [group, "update-config"]) => nodegroup_config::update(account, name, group, request),
        ("POST", "addons", []) => addon::create(account, name, request),
        ("GET", "addons", []) => addon::list(account, name, request),
        ("GET", "addons", [addon]) => addon::describe(account, name, addon),
        ("DELETE", "addons", [addon]) => addon::delete(account, name, addon),
        ("POST", "access-entries", []) => access_entry::create(account, name, request),
        ("GET", "access-entries", []) => access_entry::list(account, name, request),
        ("GET", "access-entries", [principal]) => access_entry::describe(account, name, principal),
        ("DELETE", "access-entries", [principal]) => access_entry::delete(account, name, principal),
        ("POST", "access-entries", [principal, "access-policies"]) => {
            access_policy::associate(account, name, principal, request)
        }
        ("GET", "access-entries", [principal, "access-policies"]) => {
            access_policy::list_associated(account, name, principal, request)
        }
        ("DELETE", "access-entries", [principal, "access-policies", policy]) => {
            access_policy::disassociate(account, name, principal, policy)
        }
        ("POST", "pod-identity-associations", []) => pod_identity::create(account, name, request),
        ("GET", "pod-identity-associations", []) => pod_identity::list(account, name, request),
        ("GET", "pod-identity-associations", [id]) => pod_identity::describe(account, name, id),
        ("POST", "fargate-profiles", []) => fargate_profile::create(account, name, request).await,
        ("GET", "fargate-profiles", []) => fargate_profile::list(account, name, request),
        ("GET", "fargate-profiles", [profile]) => fargate_profile::describe(account, name, profile),
        ("DELETE", "fargate-profiles", [profile]) => fargate_profile::delete(account, name, profile),
        ("GET", "identity-provider-configs", []) => identity_provider::list(account, name, request),
        ("POST", "identity-provider-configs", ["associate"]) => identity_provider::associate(account, name, request),
        ("POST", "identity-provider-configs", ["describe"]) => identity_provider::describe(account, name, request),
        ("POST", "identity-provider-configs", ["disassociate"]) => {
            identity_provider::disassociate(account, name, request)
        }
        ("GET", "capabilities", []) => cluster::no_capabilities(account, name),
        _ => Err(Fault::unknown_operation(request)),
    }
}
