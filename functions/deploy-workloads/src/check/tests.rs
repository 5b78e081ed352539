use super::spreading;
use crate::{Step, converge};
use domain::{Condition, Migration, Outcome, PhaseError};
use serde_json::{Value, json};
use testing::{
    Account,
    shop::{BLUE, GREEN, input},
};

/// The shop with bundles of these objects, and green without workloads.
fn shop(bundles: Vec<Vec<Value>>) -> (Account, Migration) {
    let (account, mut migration) = Account::opened(&input()).unwrap();
    account.provision(&migration);
    migration.input.workloads.leave = vec!["Namespace/shop".into()];
    let named = bundles.into_iter().enumerate();
    let upload = named.map(|(index, manifests)| account.upload(&format!("s3://bucket/{index}.yaml"), manifests));
    migration.plan.workloads.bundles = upload.collect();
    (account, migration)
}

async fn check(account: &Account, migration: &Migration) -> Result<Outcome, PhaseError> {
    let before = account.cluster(GREEN).all();
    let checked = converge(account, migration, Step::Check).await;
    assert_eq!(account.cluster(GREEN).all(), before, "a check changes nothing");
    assert_eq!(account.cluster(BLUE).writes(), [""; 0]);
    checked
}

fn deployment(namespace: &str, replicas: i64) -> Value {
    json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web", "namespace": namespace }, "spec": { "replicas": replicas } })
}

fn namespace() -> Value {
    json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "new" } })
}

fn definition() -> Value {
    let schema = json!({ "type": "object", "properties": { "spec": { "type": "object", "properties": { "size": { "type": "integer" } } } } });
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": { "name": "widgets.example.com" },
        "spec": { "group": "example.com", "names": { "kind": "Widget" }, "versions": [
            { "name": "v1", "served": true, "schema": { "openAPIV3Schema": schema } }, { "name": "v1alpha1", "served": false },
        ] },
    })
}

fn widget(version: &str, spec: &Value) -> Value {
    json!({ "apiVersion": format!("example.com/{version}"), "kind": "Widget", "metadata": { "name": "w", "namespace": "new" }, "spec": spec })
}

#[tokio::test]
async fn sound_bundles_pass_though_their_namespaces_and_definitions_are_not_there_yet() {
    let gadget = json!({ "apiVersion": "example.org/v1", "kind": "Gadget", "metadata": { "name": "g" } });
    let more = vec![widget("v1", &json!({ "size": 1 })), gadget];
    let (account, migration) = shop(vec![vec![namespace(), definition(), deployment("new", 1)], more]);
    let outcome = check(&account, &migration).await.unwrap();
    assert_eq!((outcome.get("objects"), outcome.get("unknown")), (Some(&json!(5)), Some(&json!(1))));
}

#[tokio::test]
async fn everything_that_green_would_refuse_is_told_at_once_with_its_place_and_the_servers_words() {
    let mut old = widget("v1alpha1", &json!({}));
    old["metadata"]["name"] = json!("old");
    let bundles = vec![
        vec![namespace(), definition(), deployment("new", -1)],
        vec![widget("v1", &json!({ "size": "large", "color": 1 })), old, deployment("default", -2)],
    ];
    let (account, migration) = shop(bundles);
    let error = check(&account, &migration).await.unwrap_err();
    assert_eq!(error.condition, Condition::Refused);
    for expected in [
        "Deployment/new/web in document 3 of s3://bucket/0.yaml: spec.replicas: Invalid value: -1: must be greater than or equal to 0",
        "Widget/new/w in document 1 of s3://bucket/1.yaml: spec.size: found string, expected integer",
        "Widget/new/w in document 1 of s3://bucket/1.yaml: spec.color: unknown field",
        "Widget/new/old in document 2 of s3://bucket/1.yaml: its definition does not serve v1alpha1; it serves v1",
        "Deployment/default/web in document 3 of s3://bucket/1.yaml: spec.replicas: Invalid value: -2",
    ] {
        assert!(error.message.contains(expected), "expected {expected}, found {error}");
    }
}

#[tokio::test]
async fn a_conflict_with_another_field_manager_is_known_early_and_forced_where_the_input_says_so() {
    let config = |value: &str| json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "coredns", "namespace": "kube-system" }, "data": { "a": value } });
    let (account, mut migration) = shop(vec![vec![config("ours")]]);
    let mut theirs = config("theirs");
    theirs["metadata"]["managedFields"] =
        json!([{ "manager": "eks", "operation": "Apply", "fieldsV1": { "f:data": { "f:a": {} } } }]);
    account.cluster(GREEN).put(theirs);
    let error = check(&account, &migration).await.unwrap_err();
    assert_eq!(error.condition, Condition::Conflict);
    assert!(error.message.contains("conflict with \"eks\""), "{error}");
    migration.input.workloads.force_conflicts = vec!["ConfigMap/kube-system/coredns".into()];
    check(&account, &migration).await.unwrap();
}

#[tokio::test]
async fn a_check_survives_every_fault() {
    let start = async || shop(vec![vec![namespace(), definition(), deployment("new", 1), widget("v1", &json!({}))]]);
    Account::survives(start, async |account, migration| check(account, migration).await).await.unwrap();
}

#[tokio::test]
async fn where_not_everything_could_be_tried_that_is_told_with_what_is_known() {
    let mut told = Vec::new();
    for call in 1..20 {
        let (account, migration) = shop(vec![vec![deployment("default", -1), deployment("kube-system", 1)]]);
        account.fail_at(call, testing::Fault::Throttled);
        let error = check(&account, &migration).await.unwrap_err();
        if account.met() == Some("kubernetes:DryRun") {
            assert_eq!(error.condition, Condition::Unavailable, "{error}");
            told.push(
                error.message.contains("of the others, found before anything was applied: Deployment/default/web"),
            );
        }
    }
    assert_eq!(told, [false, true]);
}

#[tokio::test]
async fn what_of_blue_is_in_no_bundle_is_refused_unless_the_input_leaves_it() {
    let (account, mut migration) = shop(vec![vec![deployment("default", 1)]]);
    let config = |name: &str| json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name, "namespace": "tools" } });
    account.cluster(BLUE).put(deployment("default", 1));
    account.cluster(BLUE).put(config("by-hand"));
    account.cluster(BLUE).put(config("kube-root-ca.crt"));
    let error = check(&account, &migration).await.unwrap_err();
    assert_eq!(error.condition, Condition::Refused);
    assert!(error.message.contains("green would lack: ConfigMap/tools/by-hand. Add it"), "{error}");
    migration.input.workloads.leave.push("Namespace/tools".into());
    check(&account, &migration).await.unwrap();
}

#[tokio::test]
async fn claims_that_a_stateful_set_asks_for_are_not_missed_and_a_claim_of_that_name_by_hand_is() {
    let template = json!([{ "metadata": { "name": "data" }, "spec": { "accessModes": ["ReadWriteOnce"] } }]);
    let set = json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": { "name": "search-index", "namespace": "default" },
        "spec": { "replicas": 1, "serviceName": "search", "volumeClaimTemplates": template },
    });
    // Somebody gave it more room, which the set cannot.
    let claim = |name: &str| {
        let managers = json!([{ "manager": "kube-controller-manager" }, { "manager": "kubectl-edit" }]);
        let metadata = json!({ "name": name, "namespace": "default", "managedFields": managers });
        json!({ "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata })
    };
    let (account, migration) = shop(vec![vec![set.clone()]]);
    for object in [set, claim("data-search-index-0"), claim("data-search-index-11")] {
        account.cluster(BLUE).put(object);
    }
    check(&account, &migration).await.unwrap();
    for by_hand in ["backup-search-index-0", "data-search-index-x", "data-search-0"] {
        account.cluster(BLUE).put(claim(by_hand));
    }
    let error = check(&account, &migration).await.unwrap_err();
    let expected = "green would lack: PersistentVolumeClaim/default/backup-search-index-0, PersistentVolumeClaim/default/data-search-0, \
                    PersistentVolumeClaim/default/data-search-index-x. Add it";
    assert!(error.message.contains(expected), "{error}");
}

#[tokio::test]
async fn whom_blue_lets_in_by_its_config_map_alone_is_named_unless_a_bundle_brings_it() {
    let config = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "aws-auth", "namespace": "kube-system" },
        "data": {
            "mapRoles": "- rolearn: arn:aws:iam::123456789012:role/nodes\n- rolearn: arn:aws:iam::123456789012:role/people\n",
            "mapUsers": "- userarn: arn:aws:iam::123456789012:user/ann\n",
        },
    });
    for (mode, bundles, expected) in [
        ("API", vec![vec![deployment("default", 1)]], None),
        ("API_AND_CONFIG_MAP", vec![vec![deployment("default", 1), config.clone()]], None),
        (
            "API_AND_CONFIG_MAP",
            vec![vec![deployment("default", 1)]],
            Some("green would not: arn:aws:iam::123456789012:user/ann. Make an"),
        ),
    ] {
        let (account, mut migration) = shop(bundles);
        mode.clone_into(&mut migration.plan.compute.blue.authentication_mode);
        account.cluster(BLUE).put(config.clone());
        let checked = check(&account, &migration).await;
        match expected {
            None => drop(checked.unwrap()),
            Some(expected) => assert!(checked.unwrap_err().message.contains(expected)),
        }
    }
}

#[test]
fn access_that_was_given_a_moment_ago_is_awaited() {
    for (condition, expected) in [
        (Condition::Denied, Condition::NotReady),
        (Condition::Unavailable, Condition::Unavailable),
        (Condition::Refused, Condition::Refused),
    ] {
        assert_eq!(spreading(PhaseError::new(condition, "x")).condition, expected);
    }
}
