//! provision-nodes on an account in memory: there, back, twice, and with a fault at every call.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use domain::{
    Condition, Kind, Migration, ResourceKey, Side, ownership,
    plan::compute::{Addon, Compute, Issue},
    ports::{Addons, Clusters, clusters::NewCluster},
};
use provision_nodes::{converge, undo};
use testing::{
    Account,
    shop::{
        fargate::{PROFILES, ROLE},
        input,
    },
};

/// The shop after provision-network and provision-control-plane.
async fn shop() -> (Account, Migration) {
    shop_with(|_| {}).await
}

/// The same with something else in the plan.
async fn shop_with(change: impl FnOnce(&mut Compute)) -> (Account, Migration) {
    let (account, mut migration) = Account::opened(&input()).unwrap();
    change(&mut migration.plan.compute);
    prepared(account, migration).await
}

/// The shop with Fargate profiles.
async fn fargate() -> (Account, Migration) {
    let (account, migration) = Account::fargate_opened().unwrap();
    prepared(account, migration).await
}

async fn prepared(account: Account, migration: Migration) -> (Account, Migration) {
    let compute = &migration.plan.compute;
    for group in &compute.security_groups {
        let key = ResourceKey::new(Side::Green, Kind::SecurityGroup, &group.id);
        account.know(&migration, key, &format!("green-{}", group.id));
    }
    let request = NewCluster {
        blue: compute.blue.clone(),
        green: compute.green.clone(),
        security_group_ids: Vec::new(),
        tags: ownership::tags(&migration, Side::Green),
        token: String::new(),
    };
    account.create_cluster(&request).await.unwrap();
    for addon in compute.addons(true) {
        account.create_addon("shop-green", addon, &addon.tags, "").await.unwrap();
    }
    while account.aws().next_change().is_some() {
        account.pass();
    }
    (account, migration)
}

async fn built() -> (Account, Migration) {
    built_from(shop().await).await
}

async fn fargate_built() -> (Account, Migration) {
    built_from(fargate().await).await
}

async fn built_from((account, migration): (Account, Migration)) -> (Account, Migration) {
    account.drive(&migration, converge).await.unwrap();
    let back = account.turned_back(&migration);
    (account, back)
}

fn green(name: &str) -> (String, String) {
    ("shop-green".to_owned(), name.to_owned())
}

#[tokio::test]
async fn node_groups_are_cloned_on_a_launch_template_that_names_greens_groups() {
    let end = Account::survives(shop, converge).await.unwrap();
    let aws = end.aws;
    // Two node groups share one version of one template, and so do their clones.
    let clones: Vec<_> = aws.launch_templates.values().filter(|template| template.id != "lt-1").collect();
    let [clone] = clones[..] else { panic!("{clones:?}") };
    assert_eq!(clone.data.security_group_ids, ["green-sg-nodes", "sg-cluster-shop-green"]);
    assert_eq!(clone.data.instance_type.as_deref(), Some("m7g.large"));
    for name in ["general", "jobs"] {
        let group = &aws.node_groups[&green(name)];
        assert_eq!(group.launch_template, Some(format!("{}@1", clone.id)));
        assert_eq!((group.version.as_str(), group.scaling.desired, group.status.as_str()), ("1.34", 3, "ACTIVE"));
        assert_eq!(group.tags["bascule:side"], "green");
    }
    assert_eq!(aws.addons[&green("coredns")].status, "ACTIVE");
}

/// terraform-aws-modules/terraform-aws-eks#3260: with the agent after the nodes the CNI has no credentials, and no node is ready.
#[tokio::test]
async fn nodes_become_ready_where_the_vpc_cni_gets_its_credentials_from_the_pod_identity_agent() {
    let (account, migration) = shop_with(|compute| {
        for addon in compute.addons.iter_mut().filter(|addon| addon.name == "vpc-cni") {
            addon.pod_identities = vec![("aws-node".to_owned(), "arn:aws:iam::123456789012:role/cni".to_owned())];
        }
        let agent = Addon { name: "eks-pod-identity-agent".to_owned(), version: "v1".to_owned(), ..Addon::default() };
        compute.addons.push(agent);
    })
    .await;
    account.drive(&migration, converge).await.unwrap();
    assert_eq!(account.aws().node_groups[&green("general")].status, "ACTIVE");
}

#[tokio::test]
async fn node_groups_are_asked_for_side_by_side() {
    let (account, migration) = shop().await;
    let error = converge(&account, &migration).await.unwrap_err();
    assert_eq!(error.condition, Condition::NotReady);
    assert_eq!(error.message, "node groups general, jobs CREATING, 0 of 2 there");
}

/// eksctl-io/eksctl#2244: EKS refuses node groups meanwhile.
#[tokio::test]
async fn node_groups_wait_until_the_control_plane_is_active() {
    let (account, migration) = shop().await;
    let set = |status: &str| {
        if let Some(found) = account.aws().clusters.get_mut("shop-green") {
            status.clone_into(&mut found.status);
        }
    };
    set("UPDATING");
    assert_eq!(converge(&account, &migration).await.unwrap_err().condition, Condition::NotReady);
    set("ACTIVE");
    account.drive(&migration, converge).await.unwrap();
}

#[tokio::test]
async fn a_node_group_that_failed_is_unhealthy_with_the_reason() {
    let (account, migration) = shop().await;
    converge(&account, &migration).await.unwrap_err();
    if let Some(group) = account.aws().node_groups.get_mut(&green("jobs")) {
        "CREATE_FAILED".clone_into(&mut group.status);
        group.issues =
            vec![Issue { code: "NodeCreationFailure".to_owned(), message: "Instances failed to join".to_owned() }];
    }
    let error = account.drive(&migration, converge).await.unwrap_err();
    assert_eq!(error.condition, Condition::Unhealthy);
    assert_eq!(error.message, "node group jobs is CREATE_FAILED: NodeCreationFailure: Instances failed to join");
}

#[tokio::test]
async fn undo_removes_node_groups_and_their_launch_template() {
    let end = Account::survives(built, undo).await.unwrap();
    assert_eq!(end.aws.launch_templates.keys().collect::<Vec<_>>(), ["lt-1"]);
    let groups: Vec<_> = end.aws.node_groups.keys().map(|(cluster, name)| format!("{cluster}/{name}")).collect();
    assert_eq!(groups, ["shop-blue/general", "shop-blue/jobs"]);
    let left: Vec<_> = end.entries.iter().filter(|entry| entry.is_live()).map(|entry| entry.key.kind).collect();
    // The add-on goes with the cluster, the groups with the network.
    assert_eq!(left, [Kind::SecurityGroup, Kind::SecurityGroup, Kind::Addon]);
}

#[tokio::test]
async fn fargate_profiles_are_cloned_one_after_the_other() {
    let end = Account::survives(fargate, converge).await.unwrap();
    for name in PROFILES {
        let blue = &end.aws.fargate_profiles[&("shop-blue".to_owned(), name.to_owned())];
        let clone = &end.aws.fargate_profiles[&green(name)];
        assert_eq!(clone.status, "ACTIVE");
        assert_eq!((&clone.selectors, &clone.subnet_ids), (&blue.selectors, &blue.subnet_ids));
        assert_eq!(clone.pod_execution_role_arn, blue.pod_execution_role_arn);
        assert_eq!((clone.tags["cluster"].as_str(), clone.tags["bascule:side"].as_str()), ("shop-green", "green"));
    }
    let entry = &end.aws.access_entries[&green(ROLE)];
    assert_eq!(entry.entry_type, "FARGATE_LINUX", "EKS makes it");
}

#[tokio::test]
async fn undo_removes_the_fargate_profiles_that_bascule_made_and_no_others() {
    let end = Account::survives(fargate_built, undo).await.unwrap();
    let left: Vec<_> = end.aws.fargate_profiles.keys().map(|(cluster, name)| format!("{cluster}/{name}")).collect();
    assert_eq!(left, ["shop-blue/batch", "shop-blue/reports"]);
    assert!(!end.entries.iter().any(|entry| entry.is_live() && entry.key.kind == Kind::FargateProfile));
}

#[tokio::test]
async fn a_fargate_profile_that_failed_is_unhealthy_with_the_reason() {
    let (account, migration) = fargate().await;
    converge(&account, &migration).await.unwrap_err();
    if let Some(profile) = account.aws().fargate_profiles.get_mut(&green("batch")) {
        "CREATE_FAILED".clone_into(&mut profile.status);
        profile.issues = vec![Issue { code: "AccessDenied".to_owned(), message: "the role trusts nobody".to_owned() }];
    }
    let error = account.drive(&migration, converge).await.unwrap_err();
    assert_eq!(error.condition, Condition::Unhealthy);
    assert_eq!(error.message, "Fargate profile batch is CREATE_FAILED: AccessDenied: the role trusts nobody");
}
