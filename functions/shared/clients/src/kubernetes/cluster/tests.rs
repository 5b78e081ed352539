//! Conversations with an API server, as the client has them: what is read, patched and deleted.

mod applying;

use super::*;
use domain::{Condition, manifest::Object};
use http::Response;
use kube::client::Body;
use serde_json::json;
use tower_test::mock;

type Server = mock::Handle<Request<Body>, Response<Body>>;

/// What is asked, and what is answered.
struct Exchange {
    method: &'static str,
    path: &'static str,
    status: u16,
    answer: Value,
}

fn exchange(method: &'static str, path: &'static str, status: u16, answer: Value) -> Exchange {
    Exchange { method, path, status, answer }
}

fn failure(status: u16, message: &str, retry_after: u32) -> Value {
    json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": status, "details": { "retryAfterSeconds": retry_after } })
}

fn deployments() -> Exchange {
    let list = json!({ "kind": "APIResourceList", "resources": [
        { "name": "deployments", "kind": "Deployment", "namespaced": true },
        { "name": "deployments/scale", "kind": "Scale", "namespaced": true },
    ] });
    exchange("GET", "/apis/apps/v1", 200, list)
}

fn deployment() -> Value {
    json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web", "resourceVersion": "7", "uid": "u" }, "spec": {} })
}

const WEB: &str = "/apis/apps/v1/namespaces/default/deployments/web";
const APPLY_WEB: &str = "/apis/apps/v1/namespaces/default/deployments/web?fieldManager=bascule";

/// A cluster whose API server has exactly this conversation; the bodies it was sent come out at the end.
fn scenario(exchanges: Vec<Exchange>) -> (Cluster, tokio::task::JoinHandle<Vec<Value>>) {
    conversation(exchanges, false)
}

/// The same with a cluster that is new, or not.
fn conversation(exchanges: Vec<Exchange>, settling: bool) -> (Cluster, tokio::task::JoinHandle<Vec<Value>>) {
    let (service, server): (_, Server) = mock::pair();
    let spoken = tokio::spawn(async move {
        let mut server = std::pin::pin!(server);
        let mut bodies = Vec::new();
        for expected in exchanges {
            let (request, send) = server.next_request().await.expect("a request");
            assert_eq!(request.method().as_str(), expected.method);
            assert_eq!(request.uri().to_string(), expected.path);
            let bytes = request.into_body().collect_bytes().await.expect("a body");
            bodies.push(serde_json::from_slice(&bytes).unwrap_or_default());
            let body = Body::from(expected.answer.to_string().into_bytes());
            send.send_response(Response::builder().status(expected.status).body(body).unwrap());
        }
        bodies
    });
    let cluster = Cluster::new("shop-green", Client::new(service, "default"), settling);
    (Cluster { patience: Duration::ZERO, ..cluster }, spoken)
}

fn prepared(value: Value) -> Prepared {
    Prepared::new(Object::new(1, 1, value).unwrap(), false)
}

/// The answers to an apply of one object.
async fn apply(cluster: &Cluster, value: Value) -> Result<(), PhaseError> {
    let answers = cluster.apply(&[&prepared(value)], jiff::Timestamp::MAX).await;
    assert_eq!(answers.len(), 1);
    answers[0].clone()
}

fn id() -> ObjectId {
    Object::new(1, 1, deployment()).unwrap().id
}

#[tokio::test]
async fn a_kind_that_is_not_served_yet_is_not_ready_and_its_objects_are_not_there() {
    let not_found = || exchange("GET", "/apis/example.com/v1", 404, failure(404, "not found", 0));
    let widget = json!({ "apiVersion": "example.com/v1", "kind": "Widget", "metadata": { "name": "w" } });
    let (cluster, _spoken) = scenario(vec![not_found(), not_found(), not_found()]);
    assert_eq!(apply(&cluster, widget.clone()).await.unwrap_err().condition, Condition::NotReady);
    let id = Object::new(1, 1, widget).unwrap().id;
    assert_eq!(cluster.get(&id).await, Ok(None));
    assert_eq!(cluster.list("example.com/v1", "Widget", None).await, Ok(vec![]));
}

#[tokio::test]
async fn a_long_list_is_read_page_by_page() {
    let page = |name: &str, next: &str| json!({ "items": [{ "metadata": { "name": name } }], "metadata": { "continue": next } });
    let (cluster, _spoken) = scenario(vec![
        deployments(),
        exchange("GET", "/apis/apps/v1/deployments?limit=500", 200, page("a", "x/=")),
        exchange("GET", "/apis/apps/v1/deployments?limit=500&continue=x%2F%3D", 200, page("b", "")),
    ]);
    let found = cluster.list("apps/v1", "Deployment", None).await.unwrap();
    let names: Vec<_> = found.iter().map(|object| object["metadata"]["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["a", "b"]);
}

#[tokio::test]
async fn only_the_metadata_of_objects_is_asked_for() {
    let list =
        json!({ "kind": "PartialObjectMetadataList", "items": [{ "metadata": { "name": "a" } }], "metadata": {} });
    let (cluster, _spoken) =
        scenario(vec![deployments(), exchange("GET", "/apis/apps/v1/deployments?limit=500", 200, list)]);
    assert_eq!(cluster.metadata("apps/v1", "Deployment").await.unwrap(), [json!({ "name": "a" })]);
}

#[tokio::test]
async fn a_missing_object_is_none_and_a_denied_one_is_denied() {
    let cannot = r#"deployments.apps "web" is forbidden: User "x" cannot get resource "deployments""#;
    let (cluster, _spoken) = scenario(vec![
        deployments(),
        exchange("GET", WEB, 404, failure(404, "deployments.apps \"web\" not found", 0)),
        exchange("GET", WEB, 403, failure(403, cannot, 0)),
    ]);
    assert_eq!(cluster.get(&id()).await, Ok(None));
    assert_eq!(cluster.get(&id()).await.unwrap_err().condition, Condition::Denied);
}

#[tokio::test]
async fn a_patch_is_a_merge_patch() {
    let url = "/apis/apps/v1/namespaces/default/deployments/web?fieldManager=bascule";
    let (cluster, spoken) = scenario(vec![deployments(), exchange("PATCH", url, 200, deployment())]);
    let patch = json!({ "spec": { "replicas": 0 } });
    assert_eq!(cluster.patch(&id(), &patch).await, Ok(deployment()));
    assert_eq!(spoken.await.unwrap()[1], patch);
}

#[tokio::test]
async fn an_object_is_deleted_before_what_it_owns_and_one_that_is_gone_is_no_error() {
    let url = "/apis/apps/v1/namespaces/default/deployments/web";
    let gone = || exchange("DELETE", url, 404, failure(404, "deployments.apps \"web\" not found", 0));
    let (cluster, spoken) = scenario(vec![deployments(), exchange("DELETE", url, 200, deployment()), gone()]);
    assert_eq!(cluster.delete(&id(), None).await, Ok(()));
    assert_eq!(cluster.delete(&id(), None).await, Ok(()));
    let bodies = spoken.await.unwrap();
    assert_eq!((&bodies[1]["propagationPolicy"], bodies[1].get("preconditions")), (&json!("Background"), None));
    let unserved = exchange("GET", "/apis/apps/v1", 404, failure(404, "not found", 0));
    let (cluster, spoken) = scenario(vec![unserved]);
    assert_eq!(cluster.delete(&id(), None).await, Ok(()));
    spoken.await.unwrap();
}

#[tokio::test]
async fn an_api_server_that_does_not_know_bascule_yet_is_asked_again_and_a_retiring_one_too() {
    let unknown = || exchange("PATCH", APPLY_WEB, 401, failure(401, "Unauthorized", 0));
    for (settling, condition) in [(true, Condition::NotReady), (false, Condition::Unavailable)] {
        let exchanges = vec![deployments(), unknown(), exchange("PATCH", APPLY_WEB, 200, deployment())];
        let (cluster, spoken) = conversation(exchanges, settling);
        assert_eq!(apply(&cluster, deployment()).await.unwrap_err().condition, condition);
        assert_eq!(apply(&cluster, deployment()).await, Ok(()));
        spoken.await.unwrap();
    }
}

#[tokio::test]
async fn a_list_without_items_is_empty() {
    let list = json!({ "kind": "DeploymentList", "items": null, "metadata": { "continue": "" } });
    let (cluster, _spoken) =
        scenario(vec![deployments(), exchange("GET", "/apis/apps/v1/deployments?limit=500", 200, list)]);
    assert_eq!(cluster.list("apps/v1", "Deployment", None).await, Ok(vec![]));
}

#[tokio::test]
async fn every_kind_is_asked_for_in_the_version_that_the_server_prefers() {
    let groups = json!({ "groups": [{ "name": "apps", "preferredVersion": { "groupVersion": "apps/v1" } }] });
    let kinds = |name: &str, kind: &str| json!({ "resources": [{ "name": name, "kind": kind, "namespaced": false, "verbs": ["list"] }] });
    let (cluster, spoken) = scenario(vec![
        exchange("GET", "/apis", 200, groups),
        exchange("GET", "/apis/apiregistration.k8s.io/v1", 200, kinds("apiservices", "APIService")),
        exchange("GET", "/apis/apiregistration.k8s.io/v1/apiservices?limit=500", 200, json!({ "items": [] })),
        exchange("GET", "/api/v1", 200, kinds("nodes", "Node")),
        exchange("GET", "/apis/apps/v1", 200, kinds("deployments", "Deployment")),
    ]);
    let expected =
        [("v1", "Node"), ("apps/v1", "Deployment")].map(|(version, kind)| (version.to_owned(), kind.to_owned()));
    assert_eq!(cluster.kinds().await, Ok(expected.to_vec()));
    spoken.await.unwrap();
}

#[tokio::test]
async fn only_what_went_wrong_is_asked_for_of_the_events() {
    let event = json!({
        "involvedObject": { "kind": "Pod", "namespace": "shop", "name": "web-1" }, "reason": "BackOff", "message": "m",
        "lastTimestamp": null, "eventTime": "2026-01-01T00:00:00.000001Z",
    });
    let url = "/api/v1/events?fieldSelector=type%3DWarning&limit=500";
    let (cluster, _spoken) = scenario(vec![exchange("GET", url, 200, json!({ "items": [event] }))]);
    let found = cluster.warnings().await.unwrap();
    assert_eq!((found[0].name.as_str(), found[0].at.as_str()), ("web-1", "2026-01-01T00:00:00.000001Z"));
}

// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/delete-options/: "Must be fulfilled before a deletion is carried
// out. If not possible, a 409 Conflict status will be returned."
#[tokio::test]
async fn a_deletion_is_of_one_uid_and_what_is_gone_is_no_error() {
    let gone = failure(404, "deployments.apps \"web\" not found", 0);
    let another = failure(409, "Precondition failed: UID in precondition: u, UID in object meta: v", 0);
    let (cluster, spoken) = scenario(vec![
        deployments(),
        exchange("DELETE", WEB, 200, deployment()),
        exchange("DELETE", WEB, 404, gone),
        exchange("DELETE", WEB, 409, another),
    ]);
    assert_eq!(cluster.delete(&id(), Some("u")).await, Ok(()));
    assert_eq!(cluster.delete(&id(), Some("u")).await, Ok(()));
    assert_eq!(cluster.delete(&id(), Some("u")).await.unwrap_err().condition, Condition::Unavailable);
    let bodies = spoken.await.unwrap();
    assert_eq!(bodies[1]["preconditions"], json!({ "uid": "u" }));
}
