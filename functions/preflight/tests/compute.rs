//! Preflight of blue's compute: a healthy shop, then one thing changed.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use domain::{
    Input, Kind, Problem,
    plan::{Found, compute::Compute},
};
use serde_json::{Value, json};
use testing::{Account, Aws};

async fn read(change: impl FnOnce(&mut Aws), green: Value) -> Found<Compute> {
    let account = Account::shop();
    change(&mut account.aws());
    let input = Input::read(&json!({
        "blue": { "cluster": "shop-blue" },
        "green": green,
        "gateway": { "restApiId": "a1b2c3", "stage": "prod" },
        "workloads": { "manifests": ["s3://bucket/shop.yaml"] },
    }))
    .unwrap();
    let before = account.aws().clone();
    let found = preflight::compute::read(&account, &input).await.unwrap();
    assert_eq!(*account.aws(), before, "preflight changes nothing");
    found
}

fn green() -> Value {
    json!({ "cluster": "shop-green", "version": "1.34" })
}

fn texts(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_healthy_shop_is_read_whole_and_nothing_is_changed() {
    let found = read(|_| {}, green()).await;
    assert_eq!(texts(&found.problems), [""; 0]);
    assert_eq!(found.facts, Account::shop().plan().compute);
    let deletes: Vec<_> =
        found.deletes.iter().map(|planned| (planned.kind, planned.id.clone().unwrap_or_default())).collect();
    for (kind, id) in [
        (Kind::Cluster, "arn:aws:eks:eu-central-1:123456789012:cluster/shop-blue"),
        (Kind::NodeGroup, "arn:aws:eks:eu-central-1:123456789012:nodegroup/shop-blue/jobs/1"),
        (Kind::SecurityGroup, "sg-cluster-shop-blue"),
        (Kind::SecurityGroup, "sg-nodes"),
        (Kind::SecurityGroupRule, "sg-nlb/egress/tcp/30080-30080/sg-nodes"),
        (Kind::LaunchTemplate, "lt-1"),
        (Kind::LogGroup, "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/eks/shop-blue/cluster"),
    ] {
        assert!(deletes.contains(&(kind, id.to_owned())), "{kind} {id}");
    }
    assert!(!deletes.iter().any(|(_, id)| id == "sg-nlb"));
    let created = found.creates.iter().find(|planned| planned.kind == Kind::LogGroup).map(|group| group.name.as_str());
    assert_eq!(created, Some("/aws/eks/shop-green/cluster"));
    assert!(found.advice[0].contains("in-place upgrade from 1.33 to 1.34"), "{:?}", found.advice);
}

#[tokio::test]
async fn every_problem_is_told_at_once_with_its_path() {
    let found = read(
        |aws| {
            if let Some(blue) = aws.clusters.get_mut("shop-blue") {
                "CONFIG_MAP".clone_into(&mut blue.cluster.authentication_mode);
            }
            aws.fargate_profiles.insert("shop-blue".to_owned(), vec!["batch".to_owned()]);
            let taken = aws.clusters["shop-blue"].clone();
            aws.clusters.insert("shop-green".to_owned(), taken);
        },
        json!({ "cluster": "shop-green", "version": "1.36", "subnetIds": ["subnet-a", "subnet-x"] }),
    )
    .await;
    let paths: Vec<_> = found.problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "$.green.cluster",
            "$.blue.cluster",
            "$.blue.cluster",
            "$.blue.cluster",
            "$.blue.cluster",
            "$.blue.cluster",
            "$.green.version",
            "$.green.subnetIds"
        ],
        "{:#?}",
        texts(&found.problems)
    );
}

#[tokio::test]
async fn a_cluster_that_does_not_exist_is_refused() {
    let found = read(|aws| aws.clusters.clear(), green()).await;
    let expected = r#"$.blue.cluster: found "shop-blue", expected the name of an EKS cluster of this account and Region; see `aws eks list-clusters`"#;
    assert_eq!(texts(&found.problems), [expected]);
}

#[tokio::test]
async fn nodes_that_no_managed_node_group_made_are_refused() {
    let instance = |id: &str, tags: &[&str]| domain::ports::network::Instance {
        id: id.to_owned(),
        tags: tags.iter().map(|&tag| (tag.to_owned(), "owned".to_owned())).collect(),
    };
    let found = read(
        |aws| {
            aws.instances.push(instance("i-karpenter", &["kubernetes.io/cluster/shop-blue", "karpenter.sh/nodepool"]));
        },
        green(),
    )
    .await;
    let expected = "$.blue.cluster: the nodes i-karpenter belong to no managed node group (self-managed, or made by Karpenter), and \
                    are not cloned yet; move their Pods to a managed node group";
    assert_eq!(texts(&found.problems), [expected]);
}

#[tokio::test]
async fn what_others_use_too_is_neither_cloned_nor_deleted() {
    let found = read(
        |aws| {
            aws.interfaces.push(domain::ports::network::Interface {
                id: "eni-db".to_owned(),
                instance_id: Some("i-db".to_owned()),
                groups: vec!["sg-nodes".to_owned()],
                ..Default::default()
            });
            let mut other = aws.node_groups[&("shop-blue".to_owned(), "jobs".to_owned())].clone();
            "other".clone_into(&mut other.name);
            let cluster = aws.clusters["shop-blue"].clone();
            aws.clusters.insert("stage".to_owned(), cluster);
            aws.node_groups.insert(("stage".to_owned(), "other".to_owned()), other);
        },
        green(),
    )
    .await;
    assert_eq!(texts(&found.problems), [""; 0]);
    let ids: Vec<_> = found.deletes.iter().filter_map(|planned| planned.id.as_deref()).collect();
    assert!(!ids.contains(&"sg-nodes") && !ids.contains(&"lt-1") && ids.contains(&"sg-plane"));
    assert!(!found.facts.security_groups.iter().any(|group| group.id == "sg-nodes"));
    assert!(found.advice.iter().any(|advice| advice.contains("sg-nodes is also used by i-db")), "{:?}", found.advice);
    assert!(found.advice.iter().any(|advice| advice.contains("lt-1 is also used by the node group other of stage")));
}
