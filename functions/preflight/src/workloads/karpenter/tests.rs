use super::*;
use crate::workloads::read;
use serde_json::{Value, json};
use testing::shop::{BUNDLE, karpenter};
use testing::{Account, Aws};

/// What preflight says of Karpenter's shop with one thing changed: in the account, in the bundle, and in what is asked for.
async fn found(
    account: impl FnOnce(&mut Aws),
    bundle: impl FnOnce(&mut Vec<Value>),
    asked: impl FnOnce(&mut Value),
) -> Found<Workloads> {
    let (shop, migration) = Account::karpenter_opened().unwrap();
    account(&mut shop.aws());
    let mut manifests = karpenter::bundle();
    bundle(&mut manifests);
    shop.upload(BUNDLE, manifests);
    let mut input = karpenter::input(json!({}));
    asked(&mut input);
    let around = Around::of(&migration.plan.compute, &migration.plan.edge);
    read(&shop, &Input::read(&input).unwrap(), &around).await.unwrap()
}

fn of_kind<'a>(manifests: &'a mut [Value], kind: &str) -> &'a mut Value {
    manifests.iter_mut().find(|manifest| manifest["kind"] == kind).unwrap()
}

fn controller(manifests: &mut [Value]) -> &mut Value {
    let its = |manifest: &&mut Value| manifest["kind"] == "Deployment" && manifest["metadata"]["name"] == "karpenter";
    &mut manifests.iter_mut().find(its).unwrap()["spec"]["template"]["spec"]["containers"][0]
}

fn texts(found: &Found<Workloads>) -> Vec<String> {
    found.problems.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_karpenter_of_the_bundles_is_taken_with_its_node_pools_and_blues_are_to_go() {
    let found = found(|_| {}, |_| {}, |_| {}).await;
    assert_eq!(texts(&found), [""; 0]);
    let (_, migration) = Account::karpenter_opened().unwrap();
    assert_eq!(found.facts.node_pools, migration.plan.workloads.node_pools);
    let deletes: Vec<_> = found.deletes.iter().filter_map(|planned| planned.id.as_deref()).collect();
    assert_eq!(deletes, ["shop-blue/EC2NodeClass/default", "shop-blue/NodePool/default"]);
    assert!(found.advice.iter().any(|told| told.contains("must let it act for shop-green")), "{:?}", found.advice);
}

#[tokio::test]
async fn what_keeps_karpenter_from_making_greens_nodes_or_from_leaving_blues_is_refused() {
    type Bundle = fn(&mut Vec<Value>);
    let cases: [(&str, Bundle); 9] = [
        ("no Karpenter that would make their nodes", |all| {
            all.retain(|manifest| manifest["kind"] != "Deployment" || manifest["metadata"]["name"] != "karpenter");
        }),
        ("works for the cluster shop (CLUSTER_NAME), expected shop-green", |all| {
            controller(all)["env"][1]["value"] = json!("shop");
        }),
        ("does not say for which cluster it works", |all| {
            controller(all)["env"][1] = json!({ "name": "CLUSTER_NAME", "valueFrom": {} });
        }),
        ("takes interruptions from the queue interruptions, as blue's does", |all| {
            controller(all)["args"] = json!(["--interruption-queue", "interruptions"]);
        }),
        ("finds none of the VPC's subnets", |all| {
            of_kind(all, "EC2NodeClass")["spec"]["subnetSelectorTerms"] =
                json!([{ "tags": { karpenter::DISCOVERY: "shop-blue" } }]);
        }),
        ("finds blue's security groups sg-nodes", |all| {
            of_kind(all, "EC2NodeClass")["spec"]["securityGroupSelectorTerms"] =
                json!([{ "tags": { karpenter::DISCOVERY: "*" } }]);
        }),
        ("finds no security group", |all| {
            of_kind(all, "EC2NodeClass")["spec"]["securityGroupSelectorTerms"] =
                json!([{ "tags": { "none": "here" } }]);
        }),
        ("gives its nodes the role karpenter-node, which has no access entry", |all| {
            of_kind(all, "EC2NodeClass")["spec"]["role"] = json!("karpenter-node");
        }),
        ("has nodes of Amazon Linux 2", |all| {
            of_kind(all, "EC2NodeClass")["spec"]["amiSelectorTerms"] = json!([{ "alias": "al2@latest" }]);
        }),
    ];
    for (part, bundle) in cases {
        let found = found(|_| {}, bundle, |_| {}).await;
        assert_eq!(found.problems.len(), 1, "{part}: {:?}", texts(&found));
        assert!(texts(&found)[0].contains(part), "{part}: {:?}", texts(&found));
        assert_eq!(found.problems[0].code, "karpenter", "{part}");
    }
}

#[tokio::test]
async fn nodes_of_a_node_pool_that_is_in_no_bundle_are_refused() {
    let found = found(
        |aws| {
            let node = aws.instances.iter_mut().find(|node| pool_of(node).is_some()).unwrap();
            node.tags.insert("karpenter.sh/nodepool".to_owned(), "batch".to_owned());
        },
        |_| {},
        |_| {},
    )
    .await;
    assert_eq!(found.problems.len(), 1, "{:?}", texts(&found));
    assert_eq!(found.problems[0].code, "unmanaged-nodes");
    assert!(texts(&found)[0].contains("for the NodePool batch, which is in no bundle"), "{:?}", texts(&found));
}

#[tokio::test]
async fn a_karpenter_that_is_held_makes_no_nodes_before_the_switch() {
    let hold = |input: &mut Value| {
        input["workloads"]["hold"].as_array_mut().unwrap().push(json!("Deployment/shop/karpenter"));
    };
    let found = found(|_| {}, |_| {}, hold).await;
    assert!(texts(&found).iter().any(|told| told.contains("is to be held")), "{:?}", texts(&found));
}

#[test]
fn an_argument_of_karpenter_counts_before_its_variable() {
    let of = |container: Value| {
        let deployment = json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "karpenter" },
            "spec": { "template": { "spec": { "containers": [container] } } },
        });
        let object = Object::new(1, 1, deployment).unwrap();
        value(&object, &CLUSTER).map(str::to_owned)
    };
    let variable = json!([{ "name": "CLUSTER_NAME", "value": "a" }]);
    assert_eq!(of(json!({ "env": variable })).as_deref(), Some("a"));
    assert_eq!(of(json!({ "env": variable, "args": ["--cluster-name=b"] })).as_deref(), Some("b"));
    assert_eq!(of(json!({ "env": variable, "args": ["--cluster-name", "c"] })).as_deref(), Some("c"));
    assert_eq!(of(json!({})), None);
}
