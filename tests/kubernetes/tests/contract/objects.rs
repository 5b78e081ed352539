use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::{ConfigMap, Namespace, Service},
};
use kube::{
    Api, ResourceExt,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams},
};
use serde_json::json;

use crate::{
    support::{Stage, eventually},
    trials::Tests,
};

/// The tests of this file.
pub(crate) fn enter(tests: &mut Tests) {
    tests.both(an_update_with_a_stale_resource_version_is_a_conflict);
    tests.both(missing_and_existing_names_are_told_apart_by_code_and_reason);
    tests.both(lists_are_selected_by_labels_and_fields_and_read_in_pages);
    tests.both(a_dry_run_answers_as_if_and_stores_nothing);
    tests.both(an_object_with_a_finalizer_goes_when_the_finalizer_does);
    tests.both(a_namespace_takes_its_contents_with_it);
    tests.both(node_ports_are_allocated_kept_and_refused_when_taken);
    tests.both(what_kubernetes_would_refuse_is_refused_with_every_reason);
}

fn config(name: &str, value: &str) -> ConfigMap {
    serde_json::from_value(json!({"metadata": {"name": name, "labels": {"app": name}}, "data": {"key": value}}))
        .unwrap()
}

async fn an_update_with_a_stale_resource_version_is_a_conflict(stage: Stage) {
    let maps: Api<ConfigMap> = Api::default_namespaced(stage.client().await);
    let first = maps.create(&PostParams::default(), &config("a", "1")).await.unwrap();
    let mut second = first.clone();
    second.data.as_mut().unwrap().insert("key".to_owned(), "2".to_owned());
    maps.replace("a", &PostParams::default(), &second).await.unwrap();
    let error = maps.replace("a", &PostParams::default(), &first).await.unwrap_err();
    let kube::Error::Api(status) = error else { panic!("{error}") };
    assert_eq!((status.code, status.reason.as_str()), (409, "Conflict"));
    assert_eq!(
        status.message,
        "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your changes to the latest version and try again"
    );
}

async fn missing_and_existing_names_are_told_apart_by_code_and_reason(stage: Stage) {
    let client = stage.client().await;
    let maps: Api<ConfigMap> = Api::default_namespaced(client.clone());
    let kube::Error::Api(missing) = maps.get("a").await.unwrap_err() else { panic!() };
    assert_eq!(
        (missing.code, missing.reason.as_str(), missing.message.as_str()),
        (404, "NotFound", "configmaps \"a\" not found")
    );
    maps.create(&PostParams::default(), &config("a", "1")).await.unwrap();
    let kube::Error::Api(exists) = maps.create(&PostParams::default(), &config("a", "1")).await.unwrap_err() else {
        panic!()
    };
    assert_eq!((exists.code, exists.reason.as_str()), (409, "AlreadyExists"));
    let elsewhere: Api<ConfigMap> = Api::namespaced(client, "nowhere");
    let kube::Error::Api(nowhere) = elsewhere.create(&PostParams::default(), &config("a", "1")).await.unwrap_err()
    else {
        panic!()
    };
    assert_eq!((nowhere.code, nowhere.message.as_str()), (404, "namespaces \"nowhere\" not found"));
}

async fn lists_are_selected_by_labels_and_fields_and_read_in_pages(stage: Stage) {
    let maps: Api<ConfigMap> = Api::default_namespaced(stage.client().await);
    for name in ["a", "b", "c", "d", "e"] {
        maps.create(&PostParams::default(), &config(name, "1")).await.unwrap();
    }
    let some = maps.list(&ListParams::default().labels("app in (a, c)")).await.unwrap();
    assert_eq!(some.items.iter().map(ResourceExt::name_any).collect::<Vec<_>>(), ["a", "c"]);
    assert_eq!(maps.list(&ListParams::default().fields("metadata.name=d")).await.unwrap().items.len(), 1);
    let mut names = Vec::new();
    let mut page = ListParams::default().labels("app").limit(2);
    loop {
        let list = maps.list(&page).await.unwrap();
        assert!(list.items.len() <= 2);
        names.extend(list.items.iter().map(ResourceExt::name_any));
        match list.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => page = page.continue_token(&token),
            None => break,
        }
    }
    assert_eq!(names, ["a", "b", "c", "d", "e"]);
}

async fn a_dry_run_answers_as_if_and_stores_nothing(stage: Stage) {
    let maps: Api<ConfigMap> = Api::default_namespaced(stage.client().await);
    let dry = PostParams { dry_run: true, ..PostParams::default() };
    let created = maps.create(&dry, &config("a", "1")).await.unwrap();
    assert!(created.uid().is_some());
    assert!(maps.get_opt("a").await.unwrap().is_none());
    let params = PatchParams { dry_run: true, ..PatchParams::apply("test") };
    maps.patch(
        "a",
        &params,
        &Patch::Apply(&json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}})),
    )
    .await
    .unwrap();
    assert!(maps.get_opt("a").await.unwrap().is_none());
}

async fn an_object_with_a_finalizer_goes_when_the_finalizer_does(stage: Stage) {
    let maps: Api<ConfigMap> = Api::default_namespaced(stage.client().await);
    let mut held = config("a", "1");
    held.metadata.finalizers = Some(vec!["example.org/hold".to_owned()]);
    maps.create(&PostParams::default(), &held).await.unwrap();
    let pending = maps.delete("a", &DeleteParams::default()).await.unwrap();
    assert!(pending.left().unwrap().metadata.deletion_timestamp.is_some());
    maps.patch("a", &PatchParams::default(), &Patch::Merge(json!({"metadata": {"finalizers": null}}))).await.unwrap();
    assert!(maps.get_opt("a").await.unwrap().is_none());
}

async fn a_namespace_takes_its_contents_with_it(stage: Stage) {
    let client = stage.client().await;
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let shop = serde_json::from_value(json!({"metadata": {"name": "shop"}})).unwrap();
    namespaces.create(&PostParams::default(), &shop).await.unwrap();
    let maps: Api<ConfigMap> = Api::namespaced(client, "shop");
    maps.create(&PostParams::default(), &config("a", "1")).await.unwrap();
    eventually("the namespace's authority", async || maps.get_opt("kube-root-ca.crt").await.unwrap()).await;
    namespaces.delete("shop", &DeleteParams::default()).await.unwrap();
    eventually("no namespace", async || namespaces.get_opt("shop").await.unwrap().is_none().then_some(())).await;
    assert!(maps.list(&ListParams::default()).await.unwrap().items.is_empty());
}

async fn node_ports_are_allocated_kept_and_refused_when_taken(stage: Stage) {
    let services: Api<Service> = Api::default_namespaced(stage.client().await);
    let service = |name: &str, port: Option<i32>| -> Service {
        serde_json::from_value(
            json!({"metadata": {"name": name}, "spec": {"type": "NodePort", "selector": {"app": name},
            "ports": [{"port": 80, "nodePort": port}]}}),
        )
        .unwrap()
    };
    let chosen = services.create(&PostParams::default(), &service("a", Some(30080))).await.unwrap();
    assert!(chosen.spec.as_ref().unwrap().cluster_ip.is_some());
    let error = services.create(&PostParams::default(), &service("b", Some(30080))).await.unwrap_err();
    let kube::Error::Api(status) = error else { panic!("{error}") };
    assert_eq!((status.code, status.reason.as_str()), (422, "Invalid"));
    assert_eq!(
        status.message,
        "Service \"b\" is invalid: spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated"
    );
    let given = services.create(&PostParams::default(), &service("c", None)).await.unwrap();
    let port = given.spec.unwrap().ports.unwrap()[0].node_port.unwrap();
    assert!((30000..=32767).contains(&port) && port != 30080);
}

async fn what_kubernetes_would_refuse_is_refused_with_every_reason(stage: Stage) {
    let deployments: Api<Deployment> = Api::default_namespaced(stage.client().await);
    let wrong = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "Web"}, "spec": {
        "selector": {"matchLabels": {"app": "web"}}, "template": {"metadata": {"labels": {"app": "api"}}, "spec": {"containers": [{"name": "a"}]}}}});
    let wrong: Deployment = serde_json::from_value(wrong).unwrap();
    let kube::Error::Api(status) = deployments.create(&PostParams::default(), &wrong).await.unwrap_err() else {
        panic!()
    };
    assert_eq!(status.code, 422);
    let fields: Vec<String> = status.details.unwrap().causes.iter().map(|cause| cause.field.clone()).collect();
    assert_eq!(fields, ["metadata.name", "spec.template.metadata.labels", "spec.template.spec.containers[0].image"]);
}
