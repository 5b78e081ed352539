//! Preflight of node groups of custom AMIs: a shop where all is well, then one thing changed.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{
    Input, Problem,
    plan::{
        Found,
        compute::{Compute, Join},
    },
};
use serde_json::{Value, json};
use testing::{
    Account, Aws,
    shop::custom_ami::{self, BLUES, GREENS},
};

async fn read(change: impl FnOnce(&mut Aws), green: Value) -> Found<Compute> {
    let account = Account::custom_ami_shop();
    change(&mut account.aws());
    let mut written = custom_ami::input(json!({}));
    written["green"] = green;
    let input = Input::read(&written).unwrap();
    let before = account.aws().clone();
    let found = preflight::compute::read(&account, &input).await.unwrap();
    assert_eq!(*account.aws(), before, "preflight changes nothing");
    found
}

fn texts(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn greens_nodes_get_the_amis_of_the_input_and_join_green_as_blues_join_blue() {
    let found = read(|_| {}, custom_ami::green()).await;
    assert_eq!(texts(&found.problems), [""; 0]);
    let templates = &found.facts.launch_templates;
    let images: Vec<_> = templates.iter().map(|template| template.data.image_id.as_deref().unwrap()).collect();
    assert_eq!(images, GREENS);
    let joins: Vec<_> = templates.iter().map(|template| template.data.join.clone().unwrap()).collect();
    assert_eq!(joins, [Join::NodeConfig, Join::Translated]);
    let told = found.advice.join("\n");
    assert!(
        told.contains("the node group general gets the AMI ami-09ee000000000001 in place of ami-0b1e000000000001"),
        "{told}"
    );
    assert!(told.contains("shop-jobs calls /etc/eks/bootstrap.sh"), "{told}");
    let created: Vec<_> = found.creates.iter().map(|planned| planned.name.as_str()).collect();
    assert!(created.contains(&"jobs (3 nodes, ami-09ee000000000002)"), "{created:?}");
    let kept = serde_json::to_string(&found.facts).unwrap();
    assert!(!kept.contains("hardened") && !kept.contains("maxPods"), "user data stays in EC2");
}

#[tokio::test]
async fn at_blues_version_nodes_keep_their_amis_and_their_script() {
    let older = |aws: &mut Aws| aws.clusters.get_mut("shop-blue").unwrap().cluster.version = "1.32".to_owned();
    let found = read(older, json!({ "cluster": "shop-green" })).await;
    let of_nodes = |problem: &&Problem| problem.message.contains("AMI");
    assert_eq!(found.problems.iter().find(of_nodes), None);
    let templates = &found.facts.launch_templates;
    assert_eq!(templates[1].data.image_id.as_deref(), Some(BLUES[1]));
    assert_eq!(templates[1].data.join, Some(Join::Script { untranslatable: None }));
}

type Change = fn(&mut Aws);

fn say(aws: &mut Aws, id: &str, text: &str) {
    aws.user_data.insert(id.to_owned(), STANDARD.encode(text));
}

fn rewrite(aws: &mut Aws, id: &str, from: &str, to: &str) {
    let text = String::from_utf8(STANDARD.decode(&aws.user_data[id]).unwrap()).unwrap();
    assert!(text.contains(from));
    say(aws, id, &text.replace(from, to));
}

/// The shop's own input with this of green's first node group.
fn general(fields: &Value) -> Value {
    let mut green = custom_ami::green();
    let group = green["nodeGroups"][0].as_object_mut().unwrap();
    for (name, value) in fields.as_object().unwrap() {
        group.insert(name.clone(), value.clone());
    }
    green
}

#[tokio::test]
async fn what_keeps_nodes_from_joining_green_is_refused_with_its_path_and_what_to_do() {
    let unchanged: Change = |_| {};
    let cases: [(Change, Value, &str); 14] = [
        (
            unchanged,
            json!({ "cluster": "shop-green", "version": "1.34", "nodeGroups": [{ "name": "general", "imageId": GREENS[0] }] }),
            "$.blue.cluster: the node group jobs: its AMI ami-0b1e000000000002 was built for Kubernetes 1.33, and green has 1.34; name one",
        ),
        (
            |aws| aws.images.retain(|image| image.id != GREENS[0]),
            custom_ami::green(),
            "$.green.nodeGroups[0].imageId: the node group general: found the AMI ami-09ee000000000001, which this account does not see",
        ),
        (
            |aws| aws.images[3].state = "pending".to_owned(),
            custom_ami::green(),
            "$.green.nodeGroups[1].imageId: the node group jobs: the AMI ami-09ee000000000002 is pending, expected available",
        ),
        (
            |aws| aws.images[2].architecture = "x86_64".to_owned(),
            custom_ami::green(),
            "$.green.nodeGroups[0].imageId: the node group general: the AMI ami-09ee000000000001 is of x86_64, and blue's nodes are of arm64",
        ),
        (
            |aws| {
                let group = aws.node_groups.get_mut(&("shop-blue".to_owned(), "jobs".to_owned())).unwrap();
                group.launch_template = Some("lt-1@3".to_owned());
            },
            custom_ami::green(),
            "$.green.nodeGroups[1]: the node group jobs shares version 3 of the launch template shop-general with general",
        ),
        (
            |aws| {
                let group = aws.node_groups.get_mut(&("shop-blue".to_owned(), "jobs".to_owned())).unwrap();
                group.launch_template = None;
            },
            custom_ami::green(),
            "$.blue.cluster: the node group jobs: has a custom AMI that no launch template names",
        ),
        (
            |aws| say(aws, "lt-1", "#!/bin/bash\necho hi\n"),
            custom_ami::green(),
            "$.blue.cluster: the node group general: of its launch template shop-general, its user data says in no way that Bascule knows",
        ),
        (
            |aws| rewrite(aws, "lt-1", "name: shop-blue", "name: shop-red"),
            custom_ami::green(),
            "its user data says of spec.cluster.name something else than blue is",
        ),
        (
            |aws| rewrite(aws, "lt-2", "set -ex", "set -ex\nyum install -y tool"),
            custom_ami::green(),
            "the node group jobs: of its launch template shop-jobs, line 3 of its script, \"yum\", is more than a call",
        ),
        (
            |aws| rewrite(aws, "lt-1", "echo hardened", "echo hardened shop-blue"),
            custom_ami::green(),
            "of the node group general names blue, its endpoint or its OIDC issuer",
        ),
        (
            |aws| aws.clusters.get_mut("shop-blue").unwrap().cluster.ip_family = "ipv6".to_owned(),
            custom_ami::green(),
            "$.blue.cluster: the node group general: of its launch template shop-general, nodes of a custom AMI are told a range of addresses",
        ),
        (
            unchanged,
            json!({ "cluster": "shop-green", "version": "1.34", "nodeGroups": [
                { "name": "general", "amiType": "AL2023_ARM_64_STANDARD" }, { "name": "jobs", "imageId": GREENS[1] },
            ] }),
            "$.green.nodeGroups[0].amiType: the node group general: its launch template names an AMI and how nodes of it join",
        ),
        (
            |aws| {
                let group = aws.node_groups.get_mut(&("shop-blue".to_owned(), "general".to_owned())).unwrap();
                group.ami_type = "AL2023_ARM_64_STANDARD".to_owned();
                group.launch_template = None;
            },
            custom_ami::green(),
            "$.green.nodeGroups[0].imageId: the node group general: its AMI is EKS's own (AL2023_ARM_64_STANDARD)",
        ),
        (
            |aws| {
                let kind = domain::ports::network::InstanceType {
                    name: "m7i.large".to_owned(),
                    vcpus: 2,
                    architectures: vec!["x86_64".to_owned()],
                };
                aws.instance_types.push(kind);
                aws.launch_templates.get_mut("lt-1").unwrap().data.instance_type = None;
            },
            general(&json!({ "instanceTypes": ["m7i.large"] })),
            "$.green.nodeGroups[0].instanceTypes[0]: the node group general: m7i.large is of x86_64, and the AMI ami-09ee000000000001 of arm64",
        ),
    ];
    for (change, green, expected) in cases {
        let told = texts(&read(change, green).await.problems);
        assert!(told.iter().any(|text| text.contains(expected)), "{expected}\n{told:#?}");
    }
}

#[test]
fn an_ami_and_an_ami_type_are_not_named_both() {
    let mut written = custom_ami::input(json!({}));
    written["green"] = general(&json!({ "amiType": "AL2023_ARM_64_STANDARD" }));
    let refused = texts(&Input::read(&written).unwrap_err());
    assert_eq!(refused, ["$.green.nodeGroups[0].imageId: found an AMI beside amiType, expected one of them"]);
}
