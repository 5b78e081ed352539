use k8s_openapi::api::{apps::v1::Deployment, core::v1::ConfigMap};
use kube::{
    Api, ResourceExt,
    api::{Patch, PatchParams},
};
use serde_json::{Value, json};

use crate::support::{apply, data, dynamic, eventually, stage};

fn web(spec: &Value) -> Value {
    let mut spec = spec.clone();
    spec["selector"] = json!({"matchLabels": {"app": "web"}});
    spec["template"]["metadata"] = json!({"labels": {"app": "web"}});
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec})
}

#[tokio::test]
async fn defaults_are_not_owned_and_survive_the_next_apply() {
    let stage = stage().await;
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

#[tokio::test]
async fn two_appliers_share_an_object_and_conflict_over_a_field() {
    let stage = stage().await;
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

#[tokio::test]
async fn every_form_of_patch_changes_what_it_says() {
    let stage = stage().await;
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

#[tokio::test]
async fn the_scale_subresource_changes_only_the_number_and_its_owner() {
    let stage = stage().await;
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

#[tokio::test]
async fn custom_resources_are_served_once_their_definition_is_established_and_held_to_its_schema() {
    let stage = stage().await;
    let client = stage.client().await;
    apply(&client, &data("traefik-crds.yaml")).await;
    let routes = dynamic(&client, "traefik.io", "v1alpha1", "IngressRoute", "ingressroutes");
    let route = json!({"apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute", "metadata": {"name": "shop"}, "spec": {
        "entryPoints": ["web"], "routes": [{"match": "Host(`a`)", "kind": "Rule", "services": [{"name": "web", "port": 80}]}]}});
    let made = routes.patch("shop", &PatchParams::apply("a"), &Patch::Apply(&route)).await.unwrap();
    assert_eq!(made.data["spec"]["routes"][0]["services"][0]["port"], 80);
    let wrong = json!({"apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute", "metadata": {"name": "shop"}, "spec": {"routes": "all"}});
    let error = routes.patch("shop", &PatchParams::apply("a"), &Patch::Apply(&wrong)).await.unwrap_err();
    let kube::Error::Api(status) = error else { panic!("{error}") };
    assert_eq!((status.code, status.reason.as_str()), (422, "Invalid"));
}

#[tokio::test]
async fn a_definition_takes_its_resources_with_it() {
    let stage = stage().await;
    let client = stage.client().await;
    apply(&client, &data("traefik-crds.yaml")).await;
    let routes = dynamic(&client, "traefik.io", "v1alpha1", "IngressRoute", "ingressroutes");
    let route = json!({"apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute", "metadata": {"name": "shop"}, "spec": {"routes": []}});
    routes.patch("shop", &PatchParams::apply("a"), &Patch::Apply(&route)).await.unwrap();
    let definitions =
        dynamic(&client, "apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions");
    let definitions = kube::Api::<kube::api::DynamicObject>::all_with(
        definitions.into_client(),
        &kube::core::ApiResource {
            group: "apiextensions.k8s.io".to_owned(),
            version: "v1".to_owned(),
            api_version: "apiextensions.k8s.io/v1".to_owned(),
            kind: "CustomResourceDefinition".to_owned(),
            plural: "customresourcedefinitions".to_owned(),
        },
    );
    definitions.delete("ingressroutes.traefik.io", &kube::api::DeleteParams::default()).await.unwrap();
    eventually("no such resource", async || routes.get("shop").await.is_err().then_some(())).await;
}

/// kubernetes/kubernetes#139253 and #113482: such a manifest is answered with 500, as if the server were at fault.
#[tokio::test]
async fn an_apply_that_does_not_fit_the_kind_is_answered_with_500() {
    let stage = stage().await;
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
            status.message.starts_with("failed to create typed patch object (default/web; apps/v1, Kind=Deployment): ")
        );
        assert!(status.message.contains(part), "{}", status.message);
    }
}
