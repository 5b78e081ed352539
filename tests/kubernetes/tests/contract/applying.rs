use k8s_openapi::{
    api::{apps::v1::Deployment, core::v1::ConfigMap},
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use kube::{
    Api, ResourceExt,
    api::{DeleteParams, DynamicObject, Patch, PatchParams},
};
use serde_json::{Value, json};

use crate::{
    support::{Stage, api_if_served, apply, data, dynamic, eventually},
    trials::Tests,
};

/// The tests of this file.
pub(crate) fn enter(tests: &mut Tests) {
    tests.both(defaults_are_not_owned_and_survive_the_next_apply);
    tests.both(the_same_apply_again_writes_nothing);
    tests.both(two_appliers_share_an_object_and_conflict_over_a_field);
    tests.both(every_form_of_patch_changes_what_it_says);
    tests.both(the_scale_subresource_changes_only_the_number_and_its_owner);
    tests.both(custom_resources_are_served_once_their_definition_is_established_and_held_to_its_schema);
    tests.both(a_definition_takes_its_resources_with_it);
    tests.both(an_apply_that_does_not_fit_the_kind_is_answered_with_500);
}

fn web(spec: &Value) -> Value {
    let mut spec = spec.clone();
    spec["selector"] = json!({"matchLabels": {"app": "web"}});
    spec["template"]["metadata"] = json!({"labels": {"app": "web"}});
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec})
}

async fn defaults_are_not_owned_and_survive_the_next_apply(stage: Stage) {
    let deployments: Api<Deployment> = Api::default_namespaced(stage.client().await);
    let params = PatchParams::apply("a");
    let object = web(
        &json!({"template": {"spec": {"containers": [{"name": "x", "image": "x:1", "ports": [{"containerPort": 80}]}]}}}),
    );
    let first = deployments.patch("web", &params, &Patch::Apply(&object)).await.unwrap();
    assert_eq!(first.spec.as_ref().unwrap().replicas, Some(1));
    let again = deployments.patch("web", &params, &Patch::Apply(&object)).await.unwrap();
    assert_eq!(again.metadata.generation, first.metadata.generation);
    let entry = &again.managed_fields()[0];
    assert_eq!((entry.manager.as_deref(), entry.operation.as_deref()), (Some("a"), Some("Apply")));
    let fields = serde_json::to_value(&entry.fields_v1).unwrap();
    assert!(fields["f:spec"].get("f:replicas").is_none());
    let ports = &fields["f:spec"]["f:template"]["f:spec"]["f:containers"]["k:{\"name\":\"x\"}"]["f:ports"];
    assert!(ports.get("k:{\"containerPort\":80,\"protocol\":\"TCP\"}").is_some(), "{ports}");
}

async fn the_same_apply_again_writes_nothing(stage: Stage) {
    let client = stage.client().await;
    let group = format!("{}.example.org", stage.namespace);
    let definition = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("shelves.{group}")}, "spec": {"group": group, "scope": "Namespaced",
        "names": {"plural": "shelves", "kind": "Shelf"}, "versions": [{"name": "v1", "served": true, "storage": true,
        "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": "object", "properties": {
            "height": {"type": "integer", "default": 3}, "colour": {"type": "string"}}}}}}}]}});
    let resources = json!({"requests": {"cpu": "1000m", "memory": "1024Mi"}, "limits": {"cpu": 2}});
    let container = json!({"name": "x", "image": "x:1", "resources": resources, "env": [{"name": "A", "value": ""}],
        "ports": [{"containerPort": 80}], "livenessProbe": {"httpGet": {"path": "/", "port": 80}}});
    let objects = [
        web(&json!({"template": {"spec": {"containers": [container]}}})),
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"type": "LoadBalancer",
            "externalTrafficPolicy": "Local", "selector": {"app": "web"}, "ports": [{"port": 80}]}}),
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "web"}, "stringData": {"a": "b"}}),
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "web", "labels": {}}}),
        json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web"},
            "spec": {"maxUnavailable": "25%", "selector": {"matchLabels": {"app": "web"}}}}),
        definition,
        json!({"apiVersion": format!("{group}/v1"), "kind": "Shelf", "metadata": {"name": "a"}, "spec": {"colour": "red"}}),
    ];
    for object in objects {
        let object: DynamicObject = serde_json::from_value(object).unwrap();
        let api = eventually("served", async || api_if_served(&client, &object).await).await;
        let name = object.metadata.name.clone().unwrap();
        let put = async || api.patch(&name, &PatchParams::apply("a").force(), &Patch::Apply(&object)).await;
        eventually("taken", async || put().await.ok()).await;
        // Controllers write what follows from it.
        let mut before = api.get(&name).await.unwrap().resource_version();
        loop {
            tokio::time::sleep(std::time::Duration::from_millis(700)).await;
            let now = api.get(&name).await.unwrap().resource_version();
            if now == before {
                break;
            }
            before = now;
        }
        let again = put().await.unwrap();
        assert_eq!(again.resource_version(), before, "{:?} {name}", object.types);
    }
}

async fn two_appliers_share_an_object_and_conflict_over_a_field(stage: Stage) {
    let maps: Api<ConfigMap> = Api::default_namespaced(stage.client().await);
    let map = |data: &Value| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data});
    maps.patch("a", &PatchParams::apply("one"), &Patch::Apply(map(&json!({"x": "1", "y": "1"})))).await.unwrap();
    maps.patch("a", &PatchParams::apply("two"), &Patch::Apply(map(&json!({"z": "2"})))).await.unwrap();
    let error = maps.patch("a", &PatchParams::apply("two"), &Patch::Apply(map(&json!({"x": "2"})))).await.unwrap_err();
    let kube::Error::Api(status) = error else { panic!("{error}") };
    assert_eq!((status.code, status.reason.as_str()), (409, "Conflict"));
    assert_eq!(status.message, "Apply failed with 1 conflict: conflict with \"one\": .data.x");
    assert_eq!(status.details.unwrap().causes[0].reason, "FieldManagerConflict");
    let forced =
        maps.patch("a", &PatchParams::apply("two").force(), &Patch::Apply(map(&json!({"x": "2"})))).await.unwrap();
    let data = serde_json::to_value(forced.data).unwrap();
    assert_eq!(data, json!({"x": "2", "y": "1"}), "z was given up, x taken over");
}

async fn every_form_of_patch_changes_what_it_says(stage: Stage) {
    let deployments: Api<Deployment> = Api::default_namespaced(stage.client().await);
    let object = web(
        &json!({"template": {"spec": {"containers": [{"name": "x", "image": "x:1"}, {"name": "y", "image": "y:1"}]}}}),
    );
    deployments.patch("web", &PatchParams::apply("a"), &Patch::Apply(&object)).await.unwrap();
    let strategic = json!({"spec": {"template": {"spec": {"containers": [{"name": "y", "image": "y:2"}]}}}});
    deployments.patch("web", &PatchParams::default(), &Patch::Strategic(strategic)).await.unwrap();
    deployments.patch("web", &PatchParams::default(), &Patch::Merge(json!({"spec": {"replicas": 3}}))).await.unwrap();
    let path = "/spec/template/spec/containers/0/image";
    let operations: kube::core::params::Patch<Value> = Patch::Merge(json!({"metadata": {"annotations": {"a": "b"}}}));
    deployments.patch("web", &PatchParams::default(), &operations).await.unwrap();
    let after = serde_json::to_value(deployments.get("web").await.unwrap()).unwrap();
    assert_eq!(after.pointer(path), Some(&json!("x:1")));
    assert_eq!(after.pointer("/spec/template/spec/containers/1/image"), Some(&json!("y:2")));
    assert_eq!(after["spec"]["replicas"], 3);
    assert_eq!(after["metadata"]["annotations"]["a"], "b");
}

async fn the_scale_subresource_changes_only_the_number_and_its_owner(stage: Stage) {
    let deployments: Api<Deployment> = Api::default_namespaced(stage.client().await);
    let object = web(&json!({"replicas": 1, "template": {"spec": {"containers": [{"name": "x", "image": "x:1"}]}}}));
    deployments.patch("web", &PatchParams::apply("a"), &Patch::Apply(&object)).await.unwrap();
    let scale = deployments
        .patch_scale("web", &PatchParams::default(), &Patch::Merge(json!({"spec": {"replicas": 2}})))
        .await
        .unwrap();
    assert_eq!(scale.spec.unwrap().replicas, Some(2));
    let error = deployments.patch("web", &PatchParams::apply("a"), &Patch::Apply(&object)).await.unwrap_err();
    let kube::Error::Api(status) = error else { panic!("{error}") };
    assert!(
        status.message.contains("with subresource \"scale\"") && status.message.contains(".spec.replicas"),
        "{}",
        status.message
    );
}

async fn custom_resources_are_served_once_their_definition_is_established_and_held_to_its_schema(stage: Stage) {
    let client = stage.client().await;
    apply(&client, &data("traefik-crds.yaml")).await;
    let routes = dynamic(&client, "traefik.io", "v1alpha1", "IngressRoute", "ingressroutes");
    let route = json!({"apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute", "metadata": {"name": "shop"}, "spec": {
        "entryPoints": ["web"], "routes": [{"match": "Host(`a`)", "kind": "Rule", "services": [{"name": "web", "port": 80}]}]}});
    let made = routes.patch("shop", &PatchParams::apply("a"), &Patch::Apply(&route)).await.unwrap();
    assert_eq!(made.data["spec"]["routes"][0]["services"][0]["port"], 80);
    let other = |spec: Value| json!({"apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute", "metadata": {"name": "other"}, "spec": spec});
    for (spec, part) in [
        (json!({"routes": "all"}), ".spec.routes: expected list, got "),
        (json!({"routes": [], "rules": []}), ".spec.rules: field not declared in schema"),
    ] {
        let error = routes.patch("other", &PatchParams::apply("a"), &Patch::Apply(other(spec))).await.unwrap_err();
        let kube::Error::Api(status) = error else { panic!("{error}") };
        assert_eq!((status.code, status.reason.as_str()), (500, ""), "{}", status.message);
        let kind = "traefik.io/v1alpha1, Kind=IngressRoute";
        let head = format!("failed to create typed patch object (/other; {kind}): ");
        assert!(status.message.starts_with(&head) && status.message.contains(part), "{}", status.message);
    }
    let missing = other(json!({"routes": [{"kind": "Rule"}]}));
    let error = routes.patch("other", &PatchParams::apply("a"), &Patch::Apply(&missing)).await.unwrap_err();
    let kube::Error::Api(status) = error else { panic!("{error}") };
    assert_eq!((status.code, status.reason.as_str()), (422, "Invalid"), "{}", status.message);
    assert_eq!(status.details.unwrap().causes[0].field, "spec.routes[0].match");
}

async fn a_definition_takes_its_resources_with_it(stage: Stage) {
    let client = stage.client().await;
    let group = format!("{}.example.org", stage.namespace);
    let definition = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("carts.{group}")}, "spec": {"group": group, "scope": "Namespaced",
        "names": {"plural": "carts", "singular": "cart", "kind": "Cart", "listKind": "CartList"},
        "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object"}}}]}});
    apply(&client, &[definition]).await;
    let carts = dynamic(&client, &group, "v1", "Cart", "carts");
    let cart = json!({"apiVersion": format!("{group}/v1"), "kind": "Cart", "metadata": {"name": "full"}});
    eventually("served", async || carts.patch("full", &PatchParams::apply("a"), &Patch::Apply(&cart)).await.ok()).await;
    let definitions: Api<CustomResourceDefinition> = Api::all(client);
    definitions.delete(&format!("carts.{group}"), &DeleteParams::default()).await.unwrap();
    eventually("no such resource", async || match carts.get("full").await {
        Err(kube::Error::Api(status)) if status.code == 404 => Some(()),
        _ => None,
    })
    .await;
}

/// kubernetes/kubernetes#139253 and #113482: such a manifest is answered with 500, as if the server were at fault.
async fn an_apply_that_does_not_fit_the_kind_is_answered_with_500(stage: Stage) {
    let deployments: Api<Deployment> = Api::default_namespaced(stage.client().await);
    let container = |more: &Value| {
        let mut container = json!({"name": "x", "image": "x:1"});
        container.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        web(&json!({"template": {"spec": {"containers": [container]}}}))
    };
    for (object, part) in [
        (container(&json!({"imagePullPolice": "Always"})), "field not declared in schema"),
        (
            container(&json!({"env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]})),
            "duplicate entries for key",
        ),
        (
            container(&json!({"ports": [{"containerPort": 80}, {"containerPort": 80, "protocol": "TCP"}]})),
            "duplicate entries for key",
        ),
    ] {
        let error = deployments.patch("web", &PatchParams::apply("a"), &Patch::Apply(&object)).await.unwrap_err();
        let kube::Error::Api(status) = error else { panic!("{error}") };
        assert_eq!(status.code, 500, "{}", status.message);
        assert!(
            status.message.starts_with("failed to create typed patch object (/web; apps/v1, Kind=Deployment): "),
            "{}",
            status.message
        );
        assert!(status.message.contains(part), "{}", status.message);
    }
}
