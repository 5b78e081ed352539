//! Conversations with an API server, as the client has them.

use super::*;
use domain::Condition;
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
const APPLY_WEB: &str = "/apis/apps/v1/namespaces/default/deployments/web?fieldManager=bascule&force=true";

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
    (Cluster::new("shop-green", Client::new(service, "default"), settling), spoken)
}

fn id() -> ObjectId {
    Object::new(1, 1, deployment()).unwrap().id
}

#[tokio::test]
async fn an_object_is_applied_under_bascules_name_without_what_another_server_filled_in() {
    let (cluster, spoken) = scenario(vec![deployments(), exchange("PATCH", APPLY_WEB, 200, deployment())]);
    let answers = cluster.apply(&[deployment()], jiff::Timestamp::MAX).await;
    assert_eq!(answers, [Ok(())]);
    let sent = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web" }, "spec": {} });
    assert_eq!(spoken.await.unwrap()[1], sent);
}

#[tokio::test]
async fn a_throttled_apply_waits_as_asked_and_is_sent_again() {
    let (cluster, spoken) = scenario(vec![
        deployments(),
        exchange("PATCH", APPLY_WEB, 429, failure(429, "too many requests", 0)),
        exchange("PATCH", APPLY_WEB, 200, deployment()),
    ]);
    assert_eq!(cluster.apply(&[deployment()], jiff::Timestamp::MAX).await, [Ok(())]);
    spoken.await.unwrap();
}

#[tokio::test]
async fn a_refusal_names_the_object() {
    let (cluster, _spoken) = scenario(vec![
        deployments(),
        exchange("PATCH", APPLY_WEB, 422, failure(422, "spec.replicas: Invalid value: -1", 0)),
    ]);
    let answers = cluster.apply(&[deployment()], jiff::Timestamp::MAX).await;
    let error = answers[0].clone().unwrap_err();
    assert_eq!(error.condition, Condition::Refused);
    assert_eq!(
        error.message,
        "applying Deployment/default/web in cluster shop-green: spec.replicas: Invalid value: -1"
    );
}

#[tokio::test]
async fn what_is_not_sent_before_the_deadline_is_not_ready() {
    let (cluster, _spoken) = scenario(vec![deployments()]);
    let answers = cluster.apply(&[deployment()], jiff::Timestamp::UNIX_EPOCH).await;
    assert_eq!(answers[0].clone().unwrap_err().condition, Condition::NotReady);
}

#[tokio::test]
async fn a_kind_that_is_not_served_yet_is_not_ready_and_its_objects_are_not_there() {
    let not_found = || exchange("GET", "/apis/example.com/v1", 404, failure(404, "not found", 0));
    let widget = json!({ "apiVersion": "example.com/v1", "kind": "Widget", "metadata": { "name": "w" } });
    let (cluster, _spoken) = scenario(vec![not_found(), not_found(), not_found()]);
    let answers = cluster.apply(std::slice::from_ref(&widget), jiff::Timestamp::MAX).await;
    assert_eq!(answers[0].clone().unwrap_err().condition, Condition::NotReady);
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
async fn an_api_server_that_does_not_know_bascule_yet_is_asked_again_and_a_retiring_one_too() {
    let unknown = || exchange("PATCH", APPLY_WEB, 401, failure(401, "Unauthorized", 0));
    for (settling, condition) in [(true, Condition::NotReady), (false, Condition::Unavailable)] {
        let exchanges = vec![deployments(), unknown(), exchange("PATCH", APPLY_WEB, 200, deployment())];
        let (cluster, spoken) = conversation(exchanges, settling);
        let answers = cluster.apply(&[deployment()], jiff::Timestamp::MAX).await;
        assert_eq!(answers[0].clone().unwrap_err().condition, condition);
        assert_eq!(cluster.apply(&[deployment()], jiff::Timestamp::MAX).await, [Ok(())]);
        spoken.await.unwrap();
    }
}
