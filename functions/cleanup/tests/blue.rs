//! The deletion of blue on an account in memory: only what was approved, twice, and with a fault at every call.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use cleanup::{control_plane, neighbours, network, nodes};
use domain::plan::edge::TargetGroup;
use domain::ports::Settings;
use domain::trust_policy::TrustPolicy;
use domain::{Condition, Kind, Migration, Outcome, PhaseError, ResourceKey, Side};
use serde_json::json;
use std::collections::BTreeMap;
use testing::shop::{input, irsa};
use testing::{Account, Aws};

/// The shop whose edge is gone already, with Bascule's own access entry.
async fn shop() -> (Account, Migration) {
    without_edge(Account::opened(&input()).unwrap())
}

/// The same with Fargate profiles.
async fn fargate() -> (Account, Migration) {
    without_edge(Account::fargate_opened().unwrap())
}

fn without_edge((account, migration): (Account, Migration)) -> (Account, Migration) {
    {
        let mut aws = account.aws();
        let edge = Aws { clock: aws.clock.clone(), ..Aws::default() };
        let compute = aws.clone();
        *aws = Aws {
            clusters: compute.clusters,
            node_groups: compute.node_groups,
            fargate_profiles: compute.fargate_profiles,
            scaling: compute.scaling,
            instances: compute.instances,
            addons: compute.addons,
            access_entries: compute.access_entries,
            pod_identities: compute.pod_identities,
            security_groups: compute.security_groups,
            launch_templates: compute.launch_templates,
            log_groups: compute.log_groups,
            subnets: compute.subnets,
            objects: compute.objects,
            ..edge
        };
    }
    let role = account.kubernetes_role_arn().unwrap();
    account.know(&migration, ResourceKey::new(Side::Blue, Kind::AccessEntry, &role), &role);
    (account, migration)
}

async fn all(account: &Account, migration: &Migration) -> Result<Outcome, PhaseError> {
    nodes::converge(account, migration).await?;
    control_plane::converge(account, migration).await?;
    network::converge(account, migration).await
}

#[tokio::test]
async fn blue_is_deleted_whole_and_the_shared_group_of_the_load_balancer_stays() {
    let left = Account::survives(shop, all).await.unwrap();
    let aws = left.aws;
    assert!(aws.clusters.is_empty() && aws.node_groups.is_empty() && aws.launch_templates.is_empty());
    assert_eq!(aws.log_groups, BTreeMap::new());
    assert!(aws.interfaces.is_empty(), "what the network plugin left: {:?}", aws.interfaces);
    assert_eq!(aws.security_groups.keys().collect::<Vec<_>>(), ["sg-nlb"]);
    assert_eq!(aws.security_groups["sg-nlb"].rules, []);
    assert!(left.entries.iter().all(|entry| !entry.is_live() && entry.key.side == Side::Blue));
    assert!(left.entries.iter().any(|entry| entry.key.kind == Kind::Cluster));
}

#[tokio::test]
async fn what_the_approved_list_does_not_name_is_not_touched() {
    let (account, mut migration) = shop().await;
    migration.plan.deletes.clear();
    let before = account.aws().contents();
    account.drive(&migration, all).await.unwrap();
    assert_eq!(account.aws().contents(), before);
}

#[tokio::test]
async fn what_terraform_manages_is_left_to_terraform_and_waited_for() {
    let (account, mut migration) = shop().await;
    let command = "run `terraform destroy` for s3://states/cluster.tfstate (workspace green)";
    for planned in migration.plan.deletes.iter_mut().filter(|planned| planned.kind == Kind::NodeGroup) {
        planned.destroyed_by = Some(command.to_owned());
    }
    let groups = account.aws().node_groups.clone();
    account.start("cleanup");
    let error = nodes::converge(&account, &migration).await.unwrap_err();
    assert_eq!(error.condition, Condition::NotReady);
    assert!(error.message.contains(command), "{error}");
    account.pass();
    assert_eq!(account.aws().node_groups, groups, "nothing was deleted");
    // People have destroyed them.
    account.aws().node_groups.clear();
    account.drive(&migration, nodes::converge).await.unwrap();
}

#[tokio::test]
async fn something_else_under_an_approved_name_is_not_touched() {
    let (account, migration) = shop().await;
    let key = ("shop-blue".to_owned(), "jobs".to_owned());
    let again = "arn:aws:eks:eu-central-1:123456789012:nodegroup/shop-blue/jobs/again";
    again.clone_into(&mut account.aws().node_groups.get_mut(&key).unwrap().arn);
    let error = account.drive(&migration, nodes::converge).await.unwrap_err();
    assert_eq!(error.condition, Condition::Conflict);
    assert_eq!(account.aws().node_groups[&key].status, "ACTIVE");

    let another = "https://another.eks.amazonaws.com";
    another.clone_into(&mut account.aws().clusters.get_mut("shop-blue").unwrap().cluster.endpoint);
    let error = account.drive(&migration, control_plane::converge).await.unwrap_err();
    assert_eq!(error.condition, Condition::Conflict);
    assert_eq!(account.aws().clusters["shop-blue"].status, "ACTIVE");
}

#[tokio::test]
async fn a_log_group_that_was_created_again_since_the_approval_is_not_touched() {
    let (account, migration) = shop().await;
    if let Some(group) = account.aws().log_groups.get_mut("/aws/eks/shop-blue/cluster") {
        group.created_at += 1;
    }
    account.drive(&migration, nodes::converge).await.unwrap();
    let error = account.drive(&migration, control_plane::converge).await.unwrap_err();
    assert_eq!(error.condition, Condition::Conflict);
    assert!(error.message.contains("/aws/eks/shop-blue/cluster was created again"), "{error}");
    assert!(account.aws().clusters.is_empty());
    assert_eq!(account.aws().log_groups.keys().collect::<Vec<_>>(), ["/aws/eks/shop-blue/cluster"]);
}

#[tokio::test]
async fn blue_is_kept_while_others_send_requests_to_its_nodes() {
    let (account, migration) = Account::opened(&input()).unwrap();
    neighbours::none_left(&account, &migration).await.unwrap();
    {
        let mut aws = account.aws();
        let other = aws.target_groups["arn:group-blue"].clone();
        let other = TargetGroup { arn: "arn:other".to_owned(), name: "old".to_owned(), ..other };
        aws.target_groups.insert(other.arn.clone(), other);
        if let Some(group) = aws.scaling.get_mut("eks-jobs-shop-blue") {
            group.target_group_arns.push("arn:other".to_owned());
        }
    }
    let error = neighbours::none_left(&account, &migration).await.unwrap_err();
    assert_eq!(error.condition, Condition::GuardBreached);
    assert!(error.message.contains("the target group old (arn:other) has i-shop-blue-jobs"), "{error}");
}

/// The shop whose Pods take IAM roles through the clusters' OIDC providers: the roles say of another one what they say of blue's.
async fn irsa_shop() -> (Account, Migration) {
    let (account, migration) = Account::irsa_opened().unwrap();
    {
        let mut aws = account.aws();
        aws.clock.durations.iam = jiff::SignedDuration::from_secs(30);
        let said = irsa::ROLES.map(|name| {
            let policy = TrustPolicy::read(&aws.roles[name]).unwrap();
            (name.to_owned(), policy.with(&[irsa::statement(name, GREENS)]).text())
        });
        aws.roles.extend(said);
    }
    (account, migration)
}

const GREENS: &str = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/GREENS";

async fn control_plane_goes(account: &Account, migration: &Migration) -> Result<Outcome, PhaseError> {
    nodes::converge(account, migration).await?;
    control_plane::converge(account, migration).await
}

#[tokio::test]
async fn what_roles_say_of_blues_provider_goes_with_it_and_what_they_say_of_others_stays() {
    let left = Account::survives(irsa_shop, control_plane_goes).await.unwrap();
    assert_eq!(left.aws.oidc_providers, BTreeMap::new());
    let (before, _) = irsa_shop().await;
    let blue = before.provider_of("shop-blue").unwrap();
    for name in irsa::ROLES {
        let policy = TrustPolicy::read(&before.aws().roles[name]).unwrap();
        let expected = policy.without(&[irsa::statement(name, &blue)]).unwrap().text();
        assert_eq!(left.aws.roles[name], expected);
        assert!(expected.contains("id/GREENS"));
    }
    let kinds: Vec<Kind> = left.entries.iter().map(|entry| entry.key.kind).collect();
    assert!(kinds.contains(&Kind::TrustStatement) && kinds.contains(&Kind::OidcProvider), "{kinds:?}");
}

#[tokio::test]
async fn a_role_that_trusts_nobody_but_blues_provider_is_left_as_it_is() {
    let (account, migration) = irsa_shop().await;
    let blue = account.provider_of("shop-blue").unwrap();
    let only = json!({ "Version": "2012-10-17", "Statement": [irsa::statement("cart", &blue)] }).to_string();
    account.aws().roles.insert("cart".to_owned(), only.clone());
    let error = account.drive(&migration, control_plane_goes).await.unwrap_err();
    assert_eq!(error.condition, Condition::Conflict);
    assert!(error.message.contains("role/cart has nothing but what is to be taken out of it"), "{error}");
    assert_eq!(account.aws().roles["cart"], only);
    assert!(account.aws().oidc_providers.contains_key(&blue));
}

#[tokio::test]
async fn blues_fargate_profiles_go_before_its_control_plane_and_one_that_nobody_approved_stays() {
    let left = Account::survives(fargate, all).await.unwrap();
    assert!(left.aws.fargate_profiles.is_empty() && left.aws.clusters.is_empty());

    let (account, mut migration) = fargate().await;
    migration.plan.deletes.retain(|planned| planned.name != "reports");
    account.drive(&migration, nodes::converge).await.unwrap();
    let names: Vec<_> = account.aws().fargate_profiles.keys().map(|(_, name)| name.clone()).collect();
    assert_eq!(names, ["reports"]);
}

/// The shop whose nodes Karpenter makes too, with Bascule's access to blue.
async fn karpenter() -> (Account, Migration) {
    let (account, migration) = without_edge(Account::karpenter_opened().unwrap());
    let role = account.kubernetes_role_arn().unwrap();
    let entry = domain::plan::compute::AccessEntry { principal_arn: role.clone(), ..Default::default() };
    account.aws().access_entries.insert(("shop-blue".to_owned(), role), entry);
    (account, migration)
}

fn of_karpenter(aws: &Aws) -> Vec<&String> {
    let nodes = aws.instances.iter().filter(|node| node.tags.contains_key("karpenter.sh/nodepool"));
    nodes.map(|node| &node.id).collect()
}

#[tokio::test]
async fn blues_karpenter_takes_its_nodes_away_before_the_node_groups_go() {
    let left = Account::survives(karpenter, all).await.unwrap();
    assert_eq!(of_karpenter(&left.aws), Vec::<&String>::new());
    let (account, migration) = karpenter().await;
    let waits = nodes::converge(&account, &migration).await.unwrap_err();
    assert_eq!(waits.condition, Condition::NotReady);
    assert!(waits.message.contains("Karpenter is taking away what it made for NodePool/default"), "{waits}");
    assert!(account.aws().node_groups.values().all(|group| group.status == "ACTIVE"));
}

#[tokio::test]
async fn nodes_of_a_node_pool_that_nobody_approved_are_waited_for_and_told() {
    let (account, mut migration) = karpenter().await;
    migration.plan.deletes.retain(|planned| planned.kind != Kind::NodePool);
    let error = nodes::converge(&account, &migration).await.unwrap_err();
    assert_eq!(error.condition, Condition::NotReady);
    assert!(error.message.contains("of the NodePool default"), "{error}");
    assert!(account.cluster("shop-blue").object("NodePool/default").is_some());
    assert!(account.aws().node_groups.values().all(|group| group.status == "ACTIVE"));
}
