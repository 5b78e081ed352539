//! Inputs of the kinds that people reported when they replaced a cluster or applied rendered manifests; each file says where. What a
//! correct tool does with them is what these tests say.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use domain::{
    Input,
    manifest::{
        hold,
        prepare::{Hosts, as_green, prepare},
    },
    object::{Object, objects},
    plan::{
        Found,
        compute::{Cluster, Compute},
        edge::{Edge, TargetGroup},
        workloads::Workloads,
    },
};
use preflight::workloads::{Around, read};
use serde_json::{Value, json};
use testing::Account;

const SHOP: &str = "shop.example.com";

/// The documents of a case's file.
fn documents(name: &str) -> Vec<Value> {
    let path = format!("{}/tests/cases/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    text.split("\n---\n").map(|document| serde_saphyr::from_str(document).unwrap()).collect()
}

fn parsed(name: &str) -> Vec<Object> {
    let read = documents(name).into_iter().enumerate().flat_map(|(index, value)| objects(index + 1, 1, value).unwrap());
    read.collect()
}

fn input(workloads: Value, bundles: usize) -> Input {
    let manifests: Vec<String> = (0..bundles).map(|index| format!("s3://bucket/{index}.yaml")).collect();
    let mut input = json!({
        "blue": { "cluster": "shop-blue" },
        "green": { "cluster": "shop-green", "version": "1.34" },
        "gateway": { "restApiId": "a1b2c3d4e5", "stage": "prod" },
        "workloads": { "manifests": manifests },
    });
    if let (Some(all), Value::Object(more)) = (input["workloads"].as_object_mut(), workloads) {
        all.extend(more);
    }
    Input::read(&input).unwrap()
}

/// Blue as AWS tells of it.
fn around(port: Option<u16>) -> Around {
    let blue = Cluster {
        name: "shop-blue".into(),
        endpoint: "https://0123456789ABCDEF0123456789ABCDEF.gr7.eu-central-1.eks.amazonaws.com".into(),
        cluster_security_group_id: "sg-0a1b2c3d4e5f60718".into(),
        ..Cluster::default()
    };
    let group = |port| TargetGroup { port, target_type: "instance".into(), ..TargetGroup::default() };
    let edge = Edge { target_groups: port.map(group).into_iter().collect(), ..Edge::default() };
    Around::of(&Compute { blue, ..Compute::default() }, &edge)
}

async fn found(names: &[&str], workloads: Value, port: Option<u16>) -> Found<Workloads> {
    let account = Account::shop();
    for (index, name) in names.iter().enumerate() {
        account.upload(&format!("s3://bucket/{index}.yaml"), documents(name));
    }
    read(&account, &input(workloads, names.len()), &around(port)).await.unwrap()
}

async fn problems(name: &str, workloads: Value) -> Vec<String> {
    found(&[name], workloads, None).await.problems.iter().map(ToString::to_string).collect()
}

#[track_caller]
fn one(problems: &[String], expected: &str) {
    assert_eq!(problems.iter().filter(|problem| problem.contains(expected)).count(), 1, "{expected}: {problems:#?}");
}

#[tokio::test]
async fn what_keda_scales_from_nothing_is_held_with_its_consumer_and_left_alone_with_a_running_one() {
    let consumer = "Deployment/default/invoice-consumer";
    let held = found(&["scaled-object-of-a-consumer"], json!({ "hold": [consumer] }), None).await;
    assert_eq!(held.problems, []);
    let holds: Vec<String> = held.facts.holds().map(|hold| hold.id.to_string()).collect();
    assert_eq!(holds, ["ScaledObject/default/invoice-consumer", consumer]);
    let prepared = prepare(parsed("scaled-object-of-a-consumer"), &held.facts, Hosts::Temporary);
    let scaler = prepared.iter().find(|object| object.id.kind == "ScaledObject").unwrap();
    assert_eq!(scaler.value["metadata"]["annotations"]["autoscaling.keda.sh/paused-replicas"], "0");

    let run = found(&["scaled-object-of-a-consumer"], json!({ "run": [consumer] }), None).await;
    assert_eq!(run.problems, []);
    assert!(run.facts.workloads[0].autoscaled);
}

#[tokio::test]
async fn an_autoscaler_that_is_told_blues_name_is_refused_unless_it_is_replaced() {
    let name = "autoscaler-named-after-blue";
    let refused = problems(name, json!({})).await;
    one(
        &refused,
        "Deployment/kube-system/cluster-autoscaler names blue in spec.template.spec.containers[0].command[2]",
    );
    let replace = json!({ "replace": [{ "blue": "shop-blue", "green": "shop-green" }] });
    let found = found(&[name], replace, None).await;
    assert_eq!(found.problems, []);
    let applied = as_green(parsed(name), &found.facts.replace);
    let command = &applied[0].value["spec"]["template"]["spec"]["containers"][0]["command"][2];
    assert!(command.as_str().unwrap().ends_with("k8s.io/cluster-autoscaler/shop-green"), "{command}");
}

#[tokio::test]
async fn every_name_of_blue_is_found_and_no_part_of_a_longer_word() {
    for (text, named) in [
        ("https://0123456789ABCDEF0123456789ABCDEF.gr7.eu-central-1.eks.amazonaws.com:443", true),
        ("oidc.eks.eu-central-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF", true),
        ("sg-0a1b2c3d4e5f60718,sg-other", true),
        ("arn:aws:eks:eu-central-1:111122223333:cluster/shop-blue", true),
        ("shop-blue-2", false),
        ("workshop-blue", false),
        ("sg-0a1b2c3d4e5f607180", false),
    ] {
        let account = Account::shop();
        let config =
            json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "c" }, "data": { "of": text } });
        account.upload("s3://bucket/0.yaml", vec![config]);
        let found = read(&account, &input(json!({}), 1), &around(None)).await.unwrap();
        assert_eq!(found.problems.iter().any(|problem| problem.to_string().contains("names blue")), named, "{text}");
    }
}

/// awslabs/amazon-eks-ami, nodeadm: a cluster may be called as a part of the API group of a `NodeConfig`.
#[test]
fn user_data_of_a_cluster_with_a_short_name_names_it_as_a_word_of_its_own_only() {
    let path = format!("{}/tests/cases/user-data-of-a-short-name.mime", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    for name in ["eks", "aws", "node", "prod"] {
        assert!(!domain::word::is_named(&text, name), "{name}");
    }
    let joined = text.replace("maxPods: 50", "maxPods: 50}}, cluster: {name: eks");
    assert!(domain::word::is_named(&joined, "eks"));
}

#[tokio::test]
async fn a_held_load_balancer_comes_back_as_it_was_written() {
    let name = "load-balancer-service";
    let found = found(&[name], json!({ "hold": ["Service/default/partner-feed"] }), None).await;
    assert_eq!(found.problems, []);
    let written = parsed(name).remove(0).value;
    let mut service = prepare(parsed(name), &found.facts, Hosts::Temporary).remove(0).value;
    assert_eq!(service["spec"]["type"], "NodePort");
    hold::merge(&mut service, &found.facts.workloads[0].resume);
    assert_eq!(service, written);
}

#[tokio::test]
async fn what_a_server_side_apply_cannot_merge_is_named() {
    let found = problems("duplicate-env", json!({})).await;
    one(&found, "spec.containers[web].env has the name LOG_LEVEL twice");
    one(&found, "spec.containers[web].ports has the containerPort and protocol 8080 TCP twice");
}

#[tokio::test]
async fn an_ingress_is_known_by_the_controller_of_its_class() {
    for name in ["alb-class-of-another-name", "alb-class-by-default"] {
        one(&problems(name, json!({})).await, "Ingress/default/admin makes an Application Load Balancer");
    }
}

#[tokio::test]
async fn every_spelling_of_a_matcher_is_renamed() {
    let hosts = json!({ "hosts": [{ "primary": SHOP, "temporary": "green.example.com" }] });
    let found = found(&["traefik-matchers"], hosts, None).await;
    assert_eq!((found.problems.as_slice(), found.facts.routes), (&[][..], 5));
    for object in prepare(parsed("traefik-matchers"), &found.facts, Hosts::Temporary) {
        let rule = object.value["spec"]["routes"][0]["match"].as_str().unwrap().to_owned();
        assert!(!rule.contains(SHOP) && rule.contains("green.example.com"), "{rule}");
    }
}

#[tokio::test]
async fn a_temporary_host_outside_of_the_listener_is_refused() {
    let hosts = |temporary: &str| json!({ "hosts": [{ "primary": SHOP, "temporary": temporary }] });
    one(&problems("host-outside-the-listener", hosts("shop.green.internal")).await, "would not attach under");
    assert_eq!(problems("host-outside-the-listener", hosts("green.example.com")).await, [""; 0]);
}

#[tokio::test]
async fn a_node_port_that_is_left_to_chance_is_refused() {
    let name = "node-port-left-to-chance";
    let of = async |port| {
        found(&[name], json!({}), port).await.problems.iter().map(ToString::to_string).collect::<Vec<String>>()
    };
    let refused: Vec<String> = of(Some(30_080)).await;
    one(&refused, "send to the port 30080 of the nodes, and nothing in the bundles answers there");
    assert_eq!(of(None).await, [""; 0]);
}

#[tokio::test]
async fn a_version_that_the_bundles_definition_does_not_serve_is_named() {
    one(
        &problems("version-not-served", json!({})).await,
        "which its CustomResourceDefinition does not serve; it serves v1",
    );
}

#[tokio::test]
async fn test_pods_of_helm_are_left_out_with_a_note() {
    let found = found(&["helm-test-pod", "helm-test-pod-alone"], json!({}), None).await;
    let only: Vec<String> = found.problems.iter().map(ToString::to_string).collect();
    assert_eq!(only, [""; 0]);
    let note = found.advice.iter().find(|advice| advice.starts_with("left out")).unwrap();
    assert!(note.ends_with("Pod/default/web-test-connection, Pod/default/db-smoke"), "{note}");
    let applied = as_green(parsed("helm-test-pod"), &[]);
    assert!(applied.iter().all(|object| object.id.kind != "Pod"));
}

#[tokio::test]
async fn the_same_namespace_in_two_bundles_is_one_and_another_of_its_name_is_not() {
    assert_eq!(found(&["namespace-a", "namespace-b"], json!({}), None).await.problems, []);
    let account = Account::shop();
    let config = |value: &str| json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "c" }, "data": { "a": value } });
    account.upload("s3://bucket/0.yaml", vec![config("1")]);
    account.upload("s3://bucket/1.yaml", vec![config("2")]);
    let found = read(&account, &input(json!({}), 2), &around(None)).await.unwrap();
    one(&found.problems.iter().map(ToString::to_string).collect::<Vec<_>>(), "says something else there");
}

#[tokio::test]
async fn volumes_that_an_operator_makes_are_refused() {
    let claim = "Prometheus/default/main (spec.storage.volumeClaimTemplate, 50Gi of class \"gp3\")";
    one(&problems("prometheus-with-storage", json!({})).await, claim);
    let empty = json!({ "run": ["Prometheus/default/main"], "volumes": { "empty": ["Namespace/default"] } });
    let told = problems("prometheus-with-storage", empty).await;
    assert_eq!(told.len(), 1, "{told:#?}");
    one(&told, "is of the class \"gp3\", which no bundle brings");
}

/// The manifests of kube-prometheus keep their data in emptyDir; its documents show how to give it volumes
/// (<https://github.com/prometheus-operator/kube-prometheus/blob/main/examples/prometheus-pvc.jsonnet>).
#[tokio::test]
async fn kube_prometheus_with_volumes_starts_anew_where_the_input_says_so() {
    let path = format!("{}/../../tests/data/kube-prometheus.yaml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let mut documents: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap();
    documents.retain(Value::is_object);
    let prometheus = documents.iter_mut().find(|document| document["kind"] == "Prometheus").unwrap();
    let claim = json!({ "storageClassName": "gp2", "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "100Gi" } } });
    prometheus["spec"]["storage"] = json!({ "volumeClaimTemplate": { "spec": claim } });
    let account = Account::shop();
    account.upload("s3://bucket/0.yaml", documents);
    let about = async |volumes: Value| {
        let found = read(&account, &input(json!({ "volumes": volumes }), 1), &around(None)).await.unwrap();
        let problems =
            found.problems.iter().map(ToString::to_string).filter(|problem| problem.starts_with("$.workloads.volumes"));
        problems.collect::<Vec<_>>()
    };
    let named = "these: Prometheus/monitoring/k8s (spec.storage.volumeClaimTemplate, 100Gi of class \"gp2\"). Name";
    let refused = about(json!({})).await;
    assert_eq!(refused.len(), 1, "{refused:#?}");
    one(&refused, named);
    let without_driver = about(json!({ "empty": ["Namespace/monitoring"] })).await;
    assert_eq!(without_driver.len(), 1, "{without_driver:#?}");
    one(&without_driver, "blue has no add-on aws-ebs-csi-driver");
}

#[tokio::test]
async fn what_applies_other_manifests_is_classed_and_can_be_held() {
    let names = ["Application/default/billing", "Kustomization/default/billing"];
    let refused = problems("gitops-controllers", json!({})).await;
    for name in names {
        one(&refused, &format!("{name} applies other manifests"));
    }
    let running = found(&["gitops-controllers"], json!({ "run": names }), None).await;
    assert_eq!(running.problems, []);
    assert!(running.advice.iter().any(|advice| advice.starts_with("runs on green") && advice.contains(names[0])));
    let found = found(&["gitops-controllers"], json!({ "hold": names }), None).await;
    assert_eq!(found.problems, []);
    let held = prepare(parsed("gitops-controllers"), &found.facts, Hosts::Temporary);
    let of = |kind: &str| held.iter().find(|object| object.id.kind == kind).unwrap().value.clone();
    assert_eq!(of("Kustomization")["spec"]["suspend"], true);
    assert_eq!(of("Application")["metadata"]["annotations"]["argocd.argoproj.io/skip-reconcile"], "true");
}

#[tokio::test]
async fn a_wildcard_that_covers_both_names_of_a_host_needs_no_renaming() {
    let hosts = |temporary: &str| json!({ "hosts": [{ "primary": SHOP, "temporary": temporary }] });
    assert_eq!(problems("wildcard-host", hosts("green.example.com")).await, [""; 0]);
    one(
        &problems("wildcard-host", hosts("green.example.org")).await,
        "covers shop.example.com and not green.example.org",
    );
}

#[tokio::test]
async fn a_list_without_items_is_an_empty_list() {
    for name in ["list-without-items", "empty-list"] {
        let found = found(&[name], json!({}), None).await;
        assert_eq!((found.problems.as_slice(), found.facts.bundles[0].objects), (&[][..], 1));
    }
}
