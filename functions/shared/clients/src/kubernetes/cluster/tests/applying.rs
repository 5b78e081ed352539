//! Conversations about applies: what is sent, what is there already, and what is told of what cannot be.

use super::*;

#[tokio::test]
async fn an_object_is_applied_under_bascules_name_without_what_another_server_filled_in() {
    let (cluster, spoken) = scenario(vec![deployments(), exchange("PATCH", APPLY_WEB, 200, deployment())]);
    assert_eq!(apply(&cluster, deployment()).await, Ok(()));
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
    assert_eq!(apply(&cluster, deployment()).await, Ok(()));
    spoken.await.unwrap();
}

#[tokio::test]
async fn a_refusal_names_the_object() {
    let (cluster, _spoken) = scenario(vec![
        deployments(),
        exchange("PATCH", APPLY_WEB, 422, failure(422, "spec.replicas: Invalid value: -1", 0)),
    ]);
    let error = apply(&cluster, deployment()).await.unwrap_err();
    assert_eq!(error.condition, Condition::Refused);
    assert_eq!(
        error.message,
        "applying Deployment/default/web in cluster shop-green: spec.replicas: Invalid value: -1"
    );
}

#[tokio::test]
async fn what_is_not_sent_before_the_deadline_is_not_ready() {
    let (cluster, _spoken) = scenario(vec![deployments()]);
    let answers = cluster.apply(&[&prepared(deployment())], jiff::Timestamp::UNIX_EPOCH).await;
    assert_eq!(answers[0].clone().unwrap_err().condition, Condition::NotReady);
}

#[tokio::test]
async fn a_conflict_names_the_other_manager_and_is_forced_only_where_that_is_asked() {
    let message = "Apply failed with 1 conflict: conflict with \"eks\" using apps/v1: .spec.replicas";
    let forced = "/apis/apps/v1/namespaces/default/deployments/web?fieldManager=bascule&force=true";
    let (cluster, spoken) = scenario(vec![
        deployments(),
        exchange("PATCH", APPLY_WEB, 409, failure(409, message, 0)),
        exchange("PATCH", forced, 200, deployment()),
    ]);
    let error = apply(&cluster, deployment()).await.unwrap_err();
    assert_eq!(error.condition, Condition::Conflict);
    assert!(
        error.message.contains("conflict with \"eks\"") && error.message.contains("workloads.forceConflicts"),
        "{error}"
    );
    let object = Prepared { is_forced: true, ..prepared(deployment()) };
    assert_eq!(cluster.apply(&[&object], jiff::Timestamp::MAX).await, [Ok(())]);
    spoken.await.unwrap();
}

#[tokio::test]
async fn an_object_that_another_writer_changed_at_the_same_moment_is_tried_again() {
    let message = "Operation cannot be fulfilled on deployments.apps \"web\": the object has been modified";
    let (cluster, _spoken) = scenario(vec![deployments(), exchange("PATCH", APPLY_WEB, 409, failure(409, message, 0))]);
    assert_eq!(apply(&cluster, deployment()).await.unwrap_err().condition, Condition::Unavailable);
}

#[tokio::test]
async fn a_kind_that_was_defined_a_moment_ago_is_awaited() {
    let not_found = exchange("GET", "/apis/example.com/v1", 404, failure(404, "not found", 0));
    let list = json!({ "resources": [{ "name": "widgets", "kind": "Widget", "namespaced": false }] });
    let (cluster, spoken) = scenario(vec![
        not_found,
        exchange("GET", "/apis/example.com/v1", 200, list),
        exchange("PATCH", "/apis/example.com/v1/widgets/w?fieldManager=bascule", 200, json!({})),
    ]);
    let cluster = Cluster { patience: PATIENCE, ..cluster };
    let widget =
        json!({ "apiVersion": "example.com/v1", "kind": "Widget", "metadata": { "name": "w", "namespace": "shop" } });
    assert_eq!(apply(&cluster, widget).await, Ok(()));
    let sent = json!({ "apiVersion": "example.com/v1", "kind": "Widget", "metadata": { "name": "w" } });
    assert_eq!(spoken.await.unwrap()[2], sent, "a cluster-wide kind is sent without a namespace");
}

#[tokio::test]
async fn one_list_tells_which_objects_are_there_already() {
    let wanted = |name: &str| json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": name }, "spec": { "replicas": 1 } });
    let live = |name: &str, replicas: i64| {
        json!({ "spec": { "replicas": replicas }, "metadata": { "name": name, "namespace": "default", "managedFields": [{
            "manager": "bascule", "operation": "Apply", "apiVersion": "apps/v1", "fieldsV1": { "f:spec": { "f:replicas": {} } },
        }] } })
    };
    let page = json!({ "items": [live("a", 1), live("b", 2), live("other", 1), live("d", 1)], "metadata": {} });
    let (cluster, spoken) =
        scenario(vec![deployments(), exchange("GET", "/apis/apps/v1/deployments?limit=500", 200, page)]);
    let objects: Vec<Prepared> = ["a", "b", "c", "d"].map(|name| prepared(wanted(name))).into();
    let objects: Vec<&Prepared> = objects.iter().collect();
    assert_eq!(cluster.applied(&objects).await, Ok(vec![true, false, false, true]));
    // Fewer objects of a kind are sent at once.
    assert_eq!(cluster.applied(&objects[..2]).await, Ok(vec![false; 2]));
    spoken.await.unwrap();
}

#[tokio::test]
async fn of_what_is_in_a_namespace_that_is_not_there_nothing_is_asked() {
    let wanted = |name: &str, namespace: &str| {
        prepared(json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": name, "namespace": namespace }, "spec": {},
        }))
    };
    let kinds = json!({ "resources": [{ "name": "namespaces", "kind": "Namespace", "namespaced": false }] });
    let namespaces = json!({ "items": [{ "metadata": { "name": "there" } }], "metadata": {} });
    let (cluster, spoken) = scenario(vec![
        deployments(),
        exchange("GET", "/api/v1", 200, kinds),
        exchange("GET", "/api/v1/namespaces?limit=500", 200, namespaces),
    ]);
    let objects: Vec<Prepared> = ["a", "b", "c", "d"].map(|name| wanted(name, "new")).into();
    assert_eq!(cluster.applied(&objects.iter().collect::<Vec<_>>()).await, Ok(vec![false; 4]));
    spoken.await.unwrap();
}

/// Without a request after the other for what every bundle has, and with a connection for each request of a full window.
#[tokio::test]
async fn before_the_objects_are_read_kinds_are_asked_for_and_connections_opened() {
    for (objects, others) in [(1, 0), (10, 2), (1_000, 24)] {
        let (service, server): (_, Server) = mock::pair();
        let asked = tokio::spawn(async move {
            let mut server = std::pin::pin!(server);
            let mut asked = Vec::new();
            while let Some((request, send)) = server.next_request().await {
                asked.push((request.uri().path().to_owned(), send));
                // None is answered before all are under way.
                if asked.len() == 8 + others {
                    break;
                }
            }
            let answer = || Response::builder().status(200).body(Body::from(b"{}".to_vec())).unwrap();
            let paths: Vec<String> = asked.iter().map(|(path, _)| path.clone()).collect();
            for (_, send) in asked {
                send.send_response(answer());
            }
            paths
        });
        let cluster = Cluster::new("shop-green", Client::new(service, "default"), false);
        assert_eq!(cluster.open(objects).await, Ok(()));
        let paths = asked.await.unwrap();
        assert!(paths.iter().any(|path| path == "/apis/apps/v1") && paths.iter().any(|path| path == "/api/v1"));
        assert_eq!(paths.iter().filter(|path| *path == "/api").count(), others, "{objects}");
    }
}

/// An API server writes such an object with every first apply after the one that made it.
#[tokio::test]
async fn an_object_with_nothing_but_a_name_is_looked_at_before_it_is_sent() {
    let kinds = json!({ "resources": [{ "name": "namespaces", "kind": "Namespace", "namespaced": false }] });
    let namespace = |name: &str, labels: Value| {
        prepared(json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name, "labels": labels } }))
    };
    let bare = |name: &str| prepared(json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } }));
    let live = json!({ "metadata": { "name": "a", "labels": { "kubernetes.io/metadata.name": "a" } } });
    let (cluster, spoken) =
        scenario(vec![exchange("GET", "/api/v1", 200, kinds), exchange("GET", "/api/v1/namespaces/a", 200, live)]);
    let objects = [bare("a"), namespace("b", json!({ "team": "shop" }))];
    assert_eq!(cluster.applied(&objects.iter().collect::<Vec<_>>()).await, Ok(vec![true, false]));
    spoken.await.unwrap();
    let absent = failure(404, "namespaces \"a\" not found", 0);
    let kinds = json!({ "resources": [{ "name": "namespaces", "kind": "Namespace", "namespaced": false }] });
    let (cluster, _spoken) =
        scenario(vec![exchange("GET", "/api/v1", 200, kinds), exchange("GET", "/api/v1/namespaces/a", 404, absent)]);
    assert_eq!(cluster.applied(&[&bare("a")]).await, Ok(vec![false]));
}

#[tokio::test]
async fn an_answer_that_does_not_come_before_the_deadline_is_awaited_no_longer() {
    let (service, server): (_, Server) = mock::pair();
    let silent = tokio::spawn(async move {
        let mut server = std::pin::pin!(server);
        let (_, send) = server.next_request().await.expect("the question for the kinds");
        let body = Body::from(deployments().answer.to_string().into_bytes());
        send.send_response(Response::builder().status(200).body(body).unwrap());
        let never = server.next_request().await;
        tokio::time::sleep(Duration::from_secs(30)).await;
        drop(never);
    });
    let cluster = Cluster::new("shop-green", Client::new(service, "default"), false);
    let begun = std::time::Instant::now();
    let deadline = jiff::Timestamp::now() + jiff::SignedDuration::from_millis(200);
    let answers = cluster.apply(&[&prepared(deployment())], deadline).await;
    assert_eq!(answers, [Err(PhaseError::not_ready("Deployment/default/web: no answer yet"))]);
    assert!(begun.elapsed() < Duration::from_secs(10));
    silent.abort();
}

#[tokio::test]
async fn a_rehearsal_is_a_strict_dry_run_and_tells_what_is_not_served() {
    let trial =
        "/apis/apps/v1/namespaces/default/deployments/web?fieldManager=bascule&dryRun=All&fieldValidation=Strict";
    let message = "failed to create typed patch object (default/web; apps/v1, Kind=Deployment): .spec.replica: field not declared in schema";
    let (cluster, spoken) = scenario(vec![
        deployments(),
        exchange("GET", "/apis/example.com/v1", 404, failure(404, "not found", 0)),
        exchange("PATCH", trial, 500, failure(500, message, 0)),
    ]);
    let widget = prepared(json!({ "apiVersion": "example.com/v1", "kind": "Widget", "metadata": { "name": "w" } }));
    let answers = cluster.rehearse(&[&prepared(deployment()), &widget], jiff::Timestamp::MAX).await;
    let error = answers[0].clone().unwrap_err();
    assert_eq!(
        (error.condition, error.message),
        (Condition::Refused, format!("the API server of shop-green: {message}"))
    );
    assert_eq!(answers[1], Ok(Tried::NotServed));
    spoken.await.unwrap();
}
