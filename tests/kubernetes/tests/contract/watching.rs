use futures::TryStreamExt;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api, ResourceExt,
    api::{DeleteParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams},
};
use serde_json::json;

use crate::{support::Stage, trials::Tests};

/// The tests of this file.
pub(crate) fn enter(tests: &mut Tests) {
    tests.both(a_watch_goes_on_from_its_revision_and_sees_objects_enter_and_leave_its_selector);
    tests.both(a_watch_with_initial_events_ends_them_with_an_annotated_bookmark);
}

fn config(name: &str, label: &str) -> ConfigMap {
    serde_json::from_value(json!({"metadata": {"name": name, "labels": {"app": label}}})).unwrap()
}

fn described(event: &WatchEvent<ConfigMap>) -> String {
    match event {
        WatchEvent::Added(map) => format!("added {}", map.name_any()),
        WatchEvent::Modified(map) => format!("modified {}", map.name_any()),
        WatchEvent::Deleted(map) => format!("deleted {}", map.name_any()),
        WatchEvent::Bookmark(_) => "bookmark".to_owned(),
        WatchEvent::Error(status) => format!("error {}", status.code),
    }
}

async fn a_watch_goes_on_from_its_revision_and_sees_objects_enter_and_leave_its_selector(stage: Stage) {
    let maps: Api<ConfigMap> = Api::default_namespaced(stage.client().await);
    let first = maps.create(&PostParams::default(), &config("a", "shop")).await.unwrap();
    let params = WatchParams::default().labels("app=shop").timeout(5);
    let stream = maps.watch(&params, &first.resource_version().unwrap()).await.unwrap();
    futures::pin_mut!(stream);
    maps.create(&PostParams::default(), &config("b", "shop")).await.unwrap();
    maps.create(&PostParams::default(), &config("c", "other")).await.unwrap();
    maps.patch("b", &PatchParams::default(), &Patch::Merge(json!({"metadata": {"labels": {"app": "other"}}})))
        .await
        .unwrap();
    maps.patch("c", &PatchParams::default(), &Patch::Merge(json!({"metadata": {"labels": {"app": "shop"}}})))
        .await
        .unwrap();
    maps.patch("c", &PatchParams::default(), &Patch::Merge(json!({"data": {"x": "y"}}))).await.unwrap();
    maps.delete("c", &DeleteParams::default()).await.unwrap();
    let mut seen = Vec::new();
    while seen.len() < 5 {
        seen.push(described(&stream.try_next().await.unwrap().unwrap()));
    }
    assert_eq!(seen, ["added b", "deleted b", "added c", "modified c", "deleted c"]);
}

async fn a_watch_with_initial_events_ends_them_with_an_annotated_bookmark(stage: Stage) {
    let maps: Api<ConfigMap> = Api::default_namespaced(stage.client().await);
    maps.create(&PostParams::default(), &config("a", "shop")).await.unwrap();
    let params = WatchParams::default().labels("app=shop").timeout(5).initial_events();
    let stream = maps.watch(&params, "").await.unwrap();
    futures::pin_mut!(stream);
    assert_eq!(described(&stream.try_next().await.unwrap().unwrap()), "added a");
    let Some(WatchEvent::Bookmark(bookmark)) = stream.try_next().await.unwrap() else { panic!("no bookmark") };
    assert_eq!(bookmark.metadata.annotations["k8s.io/initial-events-end"], "true");
    maps.create(&PostParams::default(), &config("b", "shop")).await.unwrap();
    assert_eq!(described(&stream.try_next().await.unwrap().unwrap()), "added b");
}
