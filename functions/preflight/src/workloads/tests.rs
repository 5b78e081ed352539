use super::*;
use serde_json::{Value, json};
use testing::Account;

fn input(workloads: Value) -> Input {
    let mut input = json!({
        "blue": { "cluster": "shop-blue" },
        "green": { "cluster": "shop-green", "version": "1.34" },
        "gateway": { "restApiId": "a1b2c3d4e5", "stage": "prod" },
        "workloads": { "manifests": ["s3://bucket/shop.yaml"] },
    });
    if let (Some(all), Value::Object(more)) = (input["workloads"].as_object_mut(), workloads) {
        all.extend(more);
    }
    Input::read(&input).unwrap()
}

fn service(name: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": name }, "spec": { "selector": { "app": name } } })
}

fn deployment(name: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": name },
        "spec": { "replicas": 3, "template": { "metadata": { "labels": { "app": name } }, "spec": { "containers": [{ "image": "i:1" }] } } },
    })
}

fn ingress(host: &str) -> Value {
    json!({ "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": { "name": "shop" }, "spec": { "rules": [{ "host": host }] } })
}

fn healthy() -> Vec<Value> {
    vec![service("web"), deployment("web"), ingress("shop.example.com")]
}

async fn found(manifests: Vec<Value>, input: &Input) -> Found<Workloads> {
    let account = Account::shop();
    account.upload("s3://bucket/shop.yaml", manifests);
    let before = account.aws().clone();
    let found = read(&account, input, &Around::default()).await.unwrap();
    assert_eq!(*account.aws(), before, "preflight changes nothing");
    found
}

/// The problems of a healthy bundle with one thing more.
async fn problems(more: Vec<Value>, workloads: Value) -> Vec<String> {
    let manifests = healthy().into_iter().chain(more).collect();
    found(manifests, &input(workloads)).await.problems.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_healthy_bundle_becomes_facts() {
    let hosts = json!({ "hosts": [{ "primary": "shop.example.com", "temporary": "green.example.com" }] });
    let found = found(healthy(), &input(hosts)).await;
    assert_eq!(found.problems, []);
    assert_eq!((found.facts.bundles[0].objects, found.facts.routes), (3, 1));
    let web = &found.facts.workloads[0];
    assert_eq!((web.id.to_string().as_str(), web.held, web.replicas), ("Deployment/default/web", false, Some(3)));
    assert_eq!(web.images, ["i:1"]);
    assert_eq!(found.creates[0].name, "s3://bucket/shop.yaml (3 objects)");
    assert!(found.advice[0].starts_with("runs on green before the approval"), "{:?}", found.advice);
}

#[tokio::test]
async fn each_thing_that_is_wrong_is_told_with_its_path_and_what_to_do() {
    for (more, workloads, expected) in [
        (vec![deployment("consumer")], json!({}), "$.workloads.hold: these workloads work without being asked"),
        (
            vec![],
            json!({ "hold": ["CronJob/default/none"] }),
            "$.workloads.hold[0]: CronJob/default/none names nothing",
        ),
        (vec![], json!({ "run": ["Job/a/none"] }), "$.workloads.run[0]: Job/a/none names nothing"),
        (
            vec![],
            json!({ "forceConflicts": ["Service/default/web", "Service/web"] }),
            "$.workloads.forceConflicts[1]: Service/web names nothing in the bundles",
        ),
        (
            ["a", "b"].map(|name| json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": name }, "spec": { "type": "NodePort", "ports": [{ "port": 80, "nodePort": 30_080 }, { "port": 53, "nodePort": 30_053, "protocol": if name == "a" { "UDP" } else { "TCP" } }] } })).to_vec(),
            json!({}),
            "$.workloads.manifests[0]: Service/default/b (document 5) asks for the node port 30080, which Service/default/a asks for too",
        ),
        (
            vec![],
            json!({ "hosts": [{ "primary": "other.example.com", "temporary": "t.example.com" }] }),
            "$.workloads.hosts[0].primary: no route of the bundles has the host other.example.com; theirs are shop.example.com",
        ),
        (
            vec![{
                let mut other = service("web");
                other["spec"]["ports"] = json!([{ "port": 81 }]);
                other
            }],
            json!({}),
            "$.workloads.manifests[0]: Service/default/web (document 4) is in $.workloads.manifests[0] too (document 1)",
        ),
        (
            vec![json!({ "kind": "Service" })],
            json!({}),
            "$.workloads.manifests[0]: document 4, line 4: found no apiVersion",
        ),
        (
            vec![json!({ "apiVersion": "policy/v1beta1", "kind": "PodDisruptionBudget", "metadata": { "name": "b" } })],
            json!({}),
            "$.workloads.manifests[0]: PodDisruptionBudget/default/b is written for policy/v1beta1, which Kubernetes 1.34 does not serve any more; use policy/v1",
        ),
        (
            vec![
                json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "c", "namespace": "nowhere" } }),
            ],
            json!({}),
            "$.workloads.manifests[0]: 1 objects are in the namespace nowhere",
        ),
        (
            vec![
                json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": "out" }, "spec": { "type": "LoadBalancer" } }),
            ],
            json!({}),
            "$.workloads.hold: these workloads",
        ),
    ] {
        let found = problems(more, workloads).await;
        assert_eq!(found.len(), 1, "{expected}: {found:#?}");
        assert!(found[0].starts_with(expected), "found {}, expected {expected}", found[0]);
    }
}

#[tokio::test]
async fn everything_wrong_is_told_at_once() {
    let account = Account::shop();
    account.aws().unreachable.insert("shop-blue".into(), "connection refused".into());
    let mut input = input(json!({ "hold": ["Deployment/default/none"] }));
    input.workloads.manifests.push("s3://bucket/missing.yaml".into());
    account.upload("s3://bucket/shop.yaml", vec![deployment("consumer")]);
    let found = read(&account, &input, &Around::default()).await.unwrap();
    let paths: Vec<_> = found.problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(paths, ["$.blue.cluster", "$.workloads.manifests[1]", "$.workloads.hold", "$.workloads.hold[0]"]);
}

#[tokio::test]
async fn what_is_classed_is_planned_so() {
    let held = json!({ "hold": ["Deployment/default/consumer", "Service/default/out"], "run": ["Job/default/once"] });
    let more = vec![
        deployment("consumer"),
        json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": "out" }, "spec": { "type": "LoadBalancer" } }),
        json!({ "apiVersion": "batch/v1", "kind": "Job", "metadata": { "name": "once" } }),
        json!({ "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": { "name": "h" }, "spec": { "scaleTargetRef": { "kind": "Deployment", "name": "web" } } }),
    ];
    let found = found(healthy().into_iter().chain(more).collect(), &input(held)).await;
    assert_eq!(found.problems, []);
    let holds: Vec<_> = found.facts.holds().map(|hold| hold.id.to_string()).collect();
    assert_eq!(holds, ["Deployment/default/consumer", "Service/default/out"]);
    let runs: Vec<_> = found.facts.runs().map(|run| (run.id.to_string(), run.autoscaled)).collect();
    assert_eq!(runs, [("Deployment/default/web".into(), true), ("Job/default/once".into(), false)]);
}

#[tokio::test]
async fn hosts_left_out_and_kinds_without_a_definition_are_advice() {
    let widget = json!({ "apiVersion": "example.com/v1", "kind": "Widget", "metadata": { "name": "w" } });
    let found = found(healthy().into_iter().chain([widget]).collect(), &input(json!({}))).await;
    assert_eq!(found.problems, []);
    assert!(found.advice[0].contains("shop.example.com"), "{:?}", found.advice);
    assert!(found.advice[1].contains("CustomResourceDefinition of Widget.example.com"), "{:?}", found.advice);
}

fn addon(name: &str, configuration: Option<&str>) -> domain::plan::compute::Addon {
    let configuration = configuration.map(str::to_owned);
    domain::plan::compute::Addon { name: name.to_owned(), configuration, ..domain::plan::compute::Addon::default() }
}

/// What becomes of the claim of this class, on a blue with these add-ons.
async fn claimed(class: Option<&str>, volumes: Value, addons: Vec<domain::plan::compute::Addon>) -> Found<Workloads> {
    let claim = json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": { "name": "data" },
        "spec": { "storageClassName": class, "resources": { "requests": { "storage": "8Gi" } } },
    });
    let account = Account::shop();
    account.upload("s3://bucket/shop.yaml", healthy().into_iter().chain([claim]).collect());
    let compute = domain::plan::compute::Compute { addons, ..domain::plan::compute::Compute::default() };
    let around = Around::of(&compute, &domain::plan::edge::Edge::default());
    read(&account, &input(json!({ "volumes": volumes })), &around).await.unwrap()
}

#[tokio::test]
async fn volumes_that_start_anew_need_a_driver_and_are_in_the_plan() {
    let empty = || json!({ "empty": ["PersistentVolumeClaim/default/data"] });
    let found = claimed(Some("gp2"), empty(), vec![addon("aws-ebs-csi-driver", None)]).await;
    assert_eq!(found.problems, []);
    assert_eq!(found.facts.volumes.len(), 1);
    let planned = found.creates.iter().find(|planned| planned.kind == Kind::Volume).unwrap();
    assert_eq!(planned.name, "PersistentVolumeClaim/default/data (data, 8Gi of class \"gp2\")");
    assert!(
        found.advice.iter().any(|advice| advice.starts_with("starts with empty volumes on green")),
        "{:?}",
        found.advice
    );
    let refused = claimed(Some("gp2"), empty(), vec![]).await;
    assert_eq!(refused.problems[0].code, "volumes");
    let by_default = addon("aws-ebs-csi-driver", Some("defaultStorageClass: {enabled: true}"));
    assert_eq!(claimed(None, empty(), vec![by_default]).await.problems, []);
    assert_eq!(claimed(None, empty(), vec![addon("aws-ebs-csi-driver", None)]).await.problems.len(), 1);
}

#[tokio::test]
async fn shared_volumes_are_told_with_what_lets_green_reach_them() {
    let shared = json!({ "shared": ["PersistentVolumeClaim/default/data"] });
    let found = claimed(Some("efs-sc"), shared, vec![addon("aws-efs-csi-driver", None)]).await;
    assert_eq!(found.problems, []);
    assert!(found.creates.iter().all(|planned| planned.kind != Kind::Volume));
    assert!(
        found.advice.iter().any(|advice| advice.contains("see yourself that the file systems' mount targets let in")),
        "{:?}",
        found.advice
    );
}
