//! What each kind of the public cases covers beside the case itself.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use domain::{
    Input,
    manifest::{
        hold,
        prepare::{Hosts, prepare},
    },
    object::Object,
    plan::{
        compute::{Cluster, Compute},
        edge::Edge,
    },
};
use preflight::workloads::{Around, read};
use serde_json::{Value, json};
use testing::Account;

const SHOP: &str = "shop.example.com";

fn input(workloads: Value) -> Input {
    let mut input = json!({
        "blue": { "cluster": "shop-blue" },
        "green": { "cluster": "shop-green", "version": "1.34" },
        "gateway": { "restApiId": "a1b2c3d4e5", "stage": "prod" },
        "workloads": { "manifests": ["s3://bucket/0.yaml"] },
    });
    if let (Some(all), Value::Object(more)) = (input["workloads"].as_object_mut(), workloads) {
        all.extend(more);
    }
    Input::read(&input).unwrap()
}

fn around() -> Around {
    let blue = Cluster { name: "shop-blue".into(), ..Cluster::default() };
    Around::of(&Compute { blue, ..Compute::default() }, &Edge::default())
}

#[track_caller]
fn one(problems: &[String], expected: &str) {
    assert_eq!(problems.iter().filter(|problem| problem.contains(expected)).count(), 1, "{expected}: {problems:#?}");
}

/// An autoscaler that nobody has to class.
fn autoscaler() -> Value {
    let template = json!({ "metadata": {}, "spec": { "containers": [{ "name": "a", "image": "registry.k8s.io/autoscaling/cluster-autoscaler:v1.34.0" }] } });
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "cluster-autoscaler", "namespace": "kube-system", "labels": { "bascule.io/run": "true" } },
        "spec": { "template": template },
    })
}

#[tokio::test]
async fn an_autoscaler_that_finds_the_groups_of_any_cluster_is_refused_too() {
    for (argument, refused) in [
        ("--node-group-auto-discovery=asg:tag=k8s.io/cluster-autoscaler/enabled", true),
        ("asg:tag=k8s.io/cluster-autoscaler/enabled,k8s.io/cluster-autoscaler/shop-green-2", true),
        ("asg:tag=k8s.io/cluster-autoscaler/enabled,k8s.io/cluster-autoscaler/shop-green", false),
        ("--nodes=1:3:eks-general-shop-green", false),
    ] {
        let account = Account::shop();
        let mut autoscaler = autoscaler();
        autoscaler["spec"]["template"]["spec"]["containers"][0]["command"] = json!(["./cluster-autoscaler", argument]);
        account.upload("s3://bucket/0.yaml", vec![autoscaler]);
        let found = read(&account, &input(json!({})), &around()).await.unwrap();
        assert_eq!(found.problems.len(), usize::from(refused), "{argument}: {:?}", found.problems);
    }
}

#[tokio::test]
async fn what_names_blue_inside_a_secret_is_told_by_its_key_alone() {
    let account = Account::shop();
    // printf 'password=hunter2\ncluster=shop-blue' | base64
    let data = json!({ "settings": "cGFzc3dvcmQ9aHVudGVyMgpjbHVzdGVyPXNob3AtYmx1ZQ==" });
    let secret = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "s" }, "data": data });
    account.upload("s3://bucket/0.yaml", vec![secret]);
    let found = read(&account, &input(json!({})), &around()).await.unwrap();
    let told: Vec<String> = found.problems.iter().map(ToString::to_string).collect();
    one(&told, "Secret/default/s names blue in data.settings (shop-blue)");
    assert!(!told[0].contains("hunter2") && !told[0].contains("cGFzc3"), "{told:?}");
}

#[tokio::test]
async fn each_kind_that_works_unasked_or_makes_something_outside_is_told() {
    let of = async |api_version: &str, kind: &str, spec: Value, workloads: Value| {
        let account = Account::shop();
        let object = json!({ "apiVersion": api_version, "kind": kind, "metadata": { "name": "x" }, "spec": spec });
        account.upload("s3://bucket/0.yaml", vec![object]);
        let found = read(&account, &input(workloads), &around()).await.unwrap();
        found.problems.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    for (api_version, kind, spec, expected) in [
        ("argoproj.io/v1alpha1", "CronWorkflow", json!({}), "CronWorkflow/default/x starts Pods"),
        ("argoproj.io/v1alpha1", "Sensor", json!({}), "Sensor/default/x takes events"),
        ("keda.sh/v1alpha1", "ScaledJob", json!({}), "ScaledJob/default/x starts Pods"),
        ("s3.services.k8s.aws/v1alpha1", "Bucket", json!({}), "Bucket/default/x manages a resource outside"),
        ("s3.aws.upbound.io/v1beta2", "Bucket", json!({}), "Bucket/x manages a resource outside"),
        ("external-secrets.io/v1alpha1", "PushSecret", json!({}), "PushSecret/default/x writes secrets"),
        ("fluxcd.controlplane.io/v1", "ResourceSet", json!({}), "ResourceSet/default/x applies other manifests"),
        ("karpenter.sh/v1", "NodeClaim", json!({}), "NodeClaim/x makes nodes"),
        (
            "gateway.networking.k8s.io/v1",
            "Gateway",
            json!({ "gatewayClassName": "istio" }),
            "makes a Service of type LoadBalancer",
        ),
        (
            "cert-manager.io/v1",
            "ClusterIssuer",
            json!({ "acme": { "solvers": [{ "dns01": {} }] } }),
            "writes DNS records",
        ),
    ] {
        one(&of(api_version, kind, spec, json!({})).await, expected);
    }
    let bucket = ("s3.aws.upbound.io/v1beta2", "Bucket");
    for workloads in [json!({ "hold": ["Bucket/x"] }), json!({ "run": ["Bucket/x"] })] {
        assert_eq!(of(bucket.0, bucket.1, json!({}), workloads).await, [""; 0]);
    }
    let held = of("argoproj.io/v1alpha1", "Sensor", json!({}), json!({ "hold": ["Sensor/default/x"] })).await;
    one(&held, "these cannot be suspended, or scale what is to be: Sensor/default/x");
}

#[tokio::test]
async fn a_rollout_that_is_scaled_keeps_its_replicas_and_one_that_is_held_gets_none() {
    let template = json!({ "metadata": { "labels": { "app": "web" } }, "spec": { "containers": [{ "name": "c", "image": "i:1" }] } });
    let rollout = json!({ "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": { "name": "web" }, "spec": { "replicas": 3, "template": template } });
    let scaler = json!({ "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": { "name": "web" }, "spec": {
        "minReplicas": 2, "maxReplicas": 9, "scaleTargetRef": { "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "web" },
    } });
    for (workloads, replicas, policy) in [
        (json!({ "run": ["Rollout/default/web"] }), Value::Null, Value::Null),
        (json!({ "hold": ["Rollout/default/web"] }), json!(0), json!("Disabled")),
    ] {
        let account = Account::shop();
        account.upload("s3://bucket/0.yaml", vec![rollout.clone(), scaler.clone()]);
        let found = read(&account, &input(workloads), &around()).await.unwrap();
        assert_eq!(found.problems, []);
        let written = [&rollout, &scaler].map(|value| Object::new(1, 1, value.clone()).unwrap());
        let prepared = prepare(written.to_vec(), &found.facts, Hosts::Temporary);
        let of = |kind: &str| prepared.iter().find(|object| object.id.kind == kind).unwrap().value.clone();
        assert_eq!(of("Rollout")["spec"]["replicas"], replicas);
        assert_eq!(of("HorizontalPodAutoscaler")["spec"]["behavior"]["scaleUp"]["selectPolicy"], policy);
        for (kind, value) in [("Rollout", &rollout), ("HorizontalPodAutoscaler", &scaler)] {
            let Some(hold) = found.facts.holds().find(|hold| hold.id.kind == kind) else { continue };
            let mut back = of(kind);
            hold::merge(&mut back, &hold.resume);
            assert_eq!(back, *value, "it comes back as it was written");
        }
    }
}

#[tokio::test]
async fn what_still_answers_under_the_public_name_is_listed() {
    let hosts = json!({ "hosts": [{ "primary": SHOP, "temporary": "green.example.com" }] });
    let route = |name: &str, rule: &str| json!({ "apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute", "metadata": { "name": name }, "spec": { "routes": [{ "match": rule }] } });
    let account = Account::shop();
    let routes = [
        route("exact", "Host(`shop.example.com`)"),
        route("any", "PathPrefix(`/health`)"),
        route("pattern", "HostRegexp(`.+`)"),
        route("unread", "Hosts(`shop.example.com`)"),
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": { "name": "ordered", "annotations": { "cert-manager.io/cluster-issuer": "letsencrypt" } },
            "spec": { "rules": [{ "host": SHOP }] },
        }),
        json!({ "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": { "name": "wild" }, "spec": { "rules": [{ "host": "*.example.com" }] } }),
    ];
    account.upload("s3://bucket/0.yaml", routes.to_vec());
    let found = read(&account, &input(hosts), &around()).await.unwrap();
    assert_eq!((found.problems.as_slice(), found.facts.routes), (&[][..], 2));
    for expected in [
        "anew when green gets the public ones: Ingress/default/ordered. What",
        "under shop.example.com too while it is qualified, by a wildcard or under any host: IngressRoute/any, IngressRoute/unread, Ingress/default/wild",
        "by a pattern are not renamed, and answer on green as on blue: .+",
        "a rule of IngressRoute/unread cannot be read",
    ] {
        one(&found.advice, expected);
    }
}
