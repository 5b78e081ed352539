//! Add-ons, access entries, pod identities and the rest of what belongs to a cluster.

use aws_sdk_eks::types::{AccessScope, AccessScopeType, AddonIssueCode, AddonStatus};

use crate::account::{Account, eventually};

const DEPLOYER: &str = "arn:aws:iam::000000000000:role/deployer";
const OTHER: &str = "arn:aws:iam::000000000000:role/team/other";
const VIEW: &str = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy";

async fn status(account: &Account, addon: &str) -> Option<AddonStatus> {
    let described = account.eks.describe_addon().cluster_name("blue").addon_name(addon).send().await.unwrap();
    described.addon.unwrap().status
}

#[tokio::test]
async fn coredns_is_degraded_until_there_are_nodes_and_vpc_cni_is_not() {
    let account = Account::with_cluster("blue").await;
    for addon in ["vpc-cni", "coredns"] {
        let created =
            account.eks.create_addon().cluster_name("blue").addon_name(addon).send().await.unwrap().addon.unwrap();
        assert_eq!(created.status, Some(AddonStatus::Creating));
    }
    eventually("vpc-cni is ACTIVE", async || status(&account, "vpc-cni").await == Some(AddonStatus::Active)).await;
    eventually("coredns is DEGRADED", async || status(&account, "coredns").await == Some(AddonStatus::Degraded)).await;
    let coredns =
        account.eks.describe_addon().cluster_name("blue").addon_name("coredns").send().await.unwrap().addon.unwrap();
    assert_eq!(coredns.health.unwrap().issues()[0].code, Some(AddonIssueCode::InsufficientNumberOfReplicas));

    account.create_nodegroup("blue", "workers").await;
    eventually("coredns is ACTIVE", async || status(&account, "coredns").await == Some(AddonStatus::Active)).await;
    account.compute.stop().await;
}

#[tokio::test]
async fn an_add_on_version_must_work_with_the_cluster() {
    let account = Account::with_cluster("blue").await;
    let create = |version: &str| {
        account.eks.create_addon().cluster_name("blue").addon_name("kube-proxy").addon_version(version).send()
    };
    let refused = create("v1.35.0-eksbuild.2").await.unwrap_err().into_service_error();
    assert!(refused.is_invalid_parameter_exception(), "{refused:?}");

    let versions =
        account.eks.describe_addon_versions().addon_name("kube-proxy").kubernetes_version("1.33").send().await.unwrap();
    let offers = versions.addons.unwrap()[0].addon_versions.clone().unwrap();
    let default = offers.iter().find(|offer| offer.compatibilities().iter().any(|one| one.default_version)).unwrap();
    create(default.addon_version().unwrap()).await.unwrap();
    let twice = create(default.addon_version().unwrap()).await.unwrap_err().into_service_error();
    assert!(twice.is_resource_in_use_exception(), "{twice:?}");
    account.compute.stop().await;
}

#[tokio::test]
async fn an_add_on_makes_the_pod_identity_that_it_is_created_with() {
    let account = Account::with_cluster("blue").await;
    let identity = aws_sdk_eks::types::AddonPodIdentityAssociations::builder()
        .service_account("aws-node")
        .role_arn(DEPLOYER)
        .build()
        .unwrap();
    let create =
        account.eks.create_addon().cluster_name("blue").addon_name("vpc-cni").pod_identity_associations(identity);
    let addon = create.send().await.unwrap().addon.unwrap();
    let list = account.eks.list_pod_identity_associations().cluster_name("blue").send().await.unwrap();
    let identity = &list.associations()[0];
    assert_eq!((identity.service_account(), identity.owner_arn()), (Some("aws-node"), addon.addon_arn()));
    account.compute.stop().await;
}

#[tokio::test]
async fn the_creator_has_an_entry_with_the_cluster_admin_policy() {
    let account = Account::with_cluster("blue").await;
    let listed = account
        .eks
        .list_associated_access_policies()
        .cluster_name("blue")
        .principal_arn(DEPLOYER)
        .send()
        .await
        .unwrap();
    let policies = listed.associated_access_policies.unwrap();
    assert_eq!(
        policies[0].policy_arn.as_deref(),
        Some("arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy")
    );
    account.compute.stop().await;
}

#[tokio::test]
async fn an_access_entry_is_created_once_gets_policies_and_is_deleted() {
    let account = Account::with_cluster("blue").await;
    let create = || account.eks.create_access_entry().cluster_name("blue").principal_arn(OTHER);
    let entry = create().client_request_token("t").send().await.unwrap().access_entry.unwrap();
    assert_eq!(entry.username.as_deref(), Some("arn:aws:sts::000000000000:assumed-role/other/{{SessionName}}"));
    create().client_request_token("t").send().await.unwrap();
    let twice = create().client_request_token("u").send().await.unwrap_err().into_service_error();
    assert!(twice.is_resource_in_use_exception(), "{twice:?}");
    let masters =
        account.eks.create_access_entry().cluster_name("blue").principal_arn("arn:aws:iam::000000000000:role/x");
    let masters = masters.kubernetes_groups("system:masters").send().await.unwrap_err().into_service_error();
    assert!(masters.is_invalid_parameter_exception(), "{masters:?}");

    let scope = AccessScope::builder().r#type(AccessScopeType::Cluster).build();
    let associate = account.eks.associate_access_policy().cluster_name("blue").principal_arn(OTHER).policy_arn(VIEW);
    associate.access_scope(scope).send().await.unwrap();
    let with_view =
        account.eks.list_access_entries().cluster_name("blue").associated_policy_arn(VIEW).send().await.unwrap();
    assert_eq!(with_view.access_entries(), [OTHER]);
    account.eks.delete_access_entry().cluster_name("blue").principal_arn(OTHER).send().await.unwrap();
    let gone = account.eks.describe_access_entry().cluster_name("blue").principal_arn(OTHER).send().await.unwrap_err();
    assert!(gone.into_service_error().is_resource_not_found_exception());
    account.compute.stop().await;
}

#[tokio::test]
async fn a_service_account_has_one_pod_identity_association() {
    let account = Account::with_cluster("blue").await;
    let create = |token: &str| {
        let call = account
            .eks
            .create_pod_identity_association()
            .cluster_name("blue")
            .namespace("shop")
            .service_account("cart");
        call.role_arn(DEPLOYER).client_request_token(token).send()
    };
    let made = create("t").await.unwrap().association.unwrap();
    assert_eq!(create("t").await.unwrap().association.unwrap().association_id, made.association_id);
    assert!(create("u").await.unwrap_err().into_service_error().is_resource_in_use_exception());
    let id = made.association_id.unwrap();
    let described = account.eks.describe_pod_identity_association().cluster_name("blue").association_id(id);
    assert_eq!(described.send().await.unwrap().association.unwrap().role_arn.as_deref(), Some(DEPLOYER));
    account.compute.stop().await;
}
