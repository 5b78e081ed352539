//! Clusters: <https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html> and its siblings.

use aws_sdk_eks::types::{
    AuthenticationMode, ClusterStatus, CreateAccessConfigRequest, UpdateAccessConfigRequest, UpdateStatus,
    VpcConfigRequest,
};

use crate::account::{Account, eventually};

fn network() -> VpcConfigRequest {
    VpcConfigRequest::builder().subnet_ids("subnet-a").subnet_ids("subnet-b").build()
}

#[tokio::test]
async fn a_cluster_is_creating_and_then_active_with_an_endpoint_a_ca_and_a_security_group() {
    let account = Account::open().await;
    let create = account.eks.create_cluster().name("blue").role_arn("arn:aws:iam::000000000000:role/eks");
    let created = create.resources_vpc_config(network()).tags("team", "shop").send().await.unwrap().cluster.unwrap();
    assert_eq!(created.status, Some(ClusterStatus::Creating));
    assert_eq!(created.endpoint, None);
    assert_eq!(created.arn.as_deref(), Some("arn:aws:eks:eu-central-1:000000000000:cluster/blue"));

    eventually("ACTIVE", async || {
        let cluster = account.eks.describe_cluster().name("blue").send().await.unwrap().cluster.unwrap();
        cluster.status == Some(ClusterStatus::Active)
    })
    .await;
    let cluster = account.eks.describe_cluster().name("blue").send().await.unwrap().cluster.unwrap();
    assert_eq!(cluster.endpoint, account.compute.cluster_endpoint("blue"));
    assert!(cluster.endpoint.unwrap().starts_with("https://127.0.0.1:"));
    assert!(cluster.certificate_authority.unwrap().data.unwrap().len() > 100);
    assert!(cluster.resources_vpc_config.unwrap().cluster_security_group_id.unwrap().starts_with("sg-"));
    assert_eq!(cluster.tags.unwrap()["team"], "shop");
    // https://docs.aws.amazon.com/eks/latest/userguide/setting-up-access-entries.html: the API's default mode
    assert_eq!(cluster.access_config.unwrap().authentication_mode, Some(AuthenticationMode::ConfigMap));
    account.compute.stop().await;
}

#[tokio::test]
async fn a_name_that_is_taken_is_refused_unless_the_same_call_is_repeated() {
    let account = Account::open().await;
    let create = |role: &str| {
        let call = account.eks.create_cluster().name("blue").client_request_token("t");
        call.role_arn(role.to_owned()).resources_vpc_config(network()).send()
    };
    let first = create("arn:aws:iam::000000000000:role/eks").await.unwrap().cluster.unwrap();
    let again = create("arn:aws:iam::000000000000:role/eks").await.unwrap().cluster.unwrap();
    assert_eq!(first.created_at, again.created_at);
    let other = create("arn:aws:iam::000000000000:role/other").await.unwrap_err().into_service_error();
    assert!(other.is_resource_in_use_exception(), "{other:?}");
    account.compute.stop().await;
}

#[tokio::test]
async fn impossible_clusters_are_refused_at_once() {
    let account = Account::open().await;
    let create = || account.eks.create_cluster().name("blue").role_arn("arn:aws:iam::000000000000:role/eks");
    let one_zone = VpcConfigRequest::builder().subnet_ids("subnet-a").subnet_ids("subnet-2a").build();
    let no_subnet = VpcConfigRequest::builder().subnet_ids("none-a").subnet_ids("subnet-b").build();
    let closed = CreateAccessConfigRequest::builder()
        .authentication_mode(AuthenticationMode::ConfigMap)
        .bootstrap_cluster_creator_admin_permissions(false)
        .build();
    for call in [
        create().version("1.12").resources_vpc_config(network()),
        create().resources_vpc_config(one_zone),
        create().resources_vpc_config(no_subnet),
        create().name("-bad").resources_vpc_config(network()),
        create().access_config(closed).resources_vpc_config(network()),
    ] {
        let refused = call.send().await.unwrap_err().into_service_error();
        assert!(refused.is_invalid_parameter_exception(), "{refused:?}");
    }
    assert!(account.eks.list_clusters().send().await.unwrap().clusters.unwrap().is_empty());
    account.compute.stop().await;
}

#[tokio::test]
async fn a_cluster_cannot_be_deleted_with_deletion_protection() {
    let account = Account::with_cluster("blue").await;
    let update = account.eks.update_cluster_config().name("blue").deletion_protection(true).send().await.unwrap();
    let id = update.update.unwrap().id.unwrap();
    eventually("the update is Successful", async || {
        let update = account.eks.describe_update().name("blue").update_id(&id).send().await.unwrap().update.unwrap();
        update.status == Some(UpdateStatus::Successful)
    })
    .await;
    let refused = account.eks.delete_cluster().name("blue").send().await.unwrap_err().into_service_error();
    assert!(refused.is_invalid_request_exception(), "{refused:?}");
    account.compute.stop().await;
}

#[tokio::test]
async fn a_deleted_cluster_goes_with_its_security_group_and_leaves_nothing() {
    let account = Account::with_cluster("blue").await;
    let deleted = account.eks.delete_cluster().name("blue").send().await.unwrap().cluster.unwrap();
    assert_eq!(deleted.status, Some(ClusterStatus::Deleting));
    eventually("the cluster is gone", async || {
        let described = account.eks.describe_cluster().name("blue").send().await;
        described.is_err_and(|error| error.into_service_error().is_resource_not_found_exception())
    })
    .await;
    assert_eq!(account.emulator.count("DeleteSecurityGroup"), 1);
    assert_eq!(account.compute.leftovers(), []);
    let missing = account.eks.delete_cluster().name("blue").send().await.unwrap_err().into_service_error();
    assert!(missing.is_resource_not_found_exception());
    account.compute.stop().await;
}

#[tokio::test]
async fn only_one_update_of_a_cluster_runs_at_a_time() {
    let account = Account::with_cluster("blue").await;
    let protect = |on| account.eks.update_cluster_config().name("blue").deletion_protection(on).send();
    protect(true).await.unwrap();
    let second = protect(false).await.unwrap_err().into_service_error();
    assert!(second.is_resource_in_use_exception(), "{second:?}");
    account.compute.stop().await;
}

#[tokio::test]
async fn access_entries_need_another_mode_than_config_map() {
    let account = Account::open().await;
    let create = account.eks.create_cluster().name("blue").role_arn("arn:aws:iam::000000000000:role/eks");
    create.resources_vpc_config(network()).send().await.unwrap();
    let list = || account.eks.list_access_entries().cluster_name("blue").send();
    let refused = list().await.unwrap_err().into_service_error();
    assert!(refused.is_invalid_request_exception(), "{refused:?}");

    eventually("the mode can be changed", async || {
        let access =
            UpdateAccessConfigRequest::builder().authentication_mode(AuthenticationMode::ApiAndConfigMap).build();
        account.eks.update_cluster_config().name("blue").access_config(access).send().await.is_ok()
    })
    .await;
    eventually("the creator has an entry", async || {
        list().await.is_ok_and(|list| list.access_entries() == ["arn:aws:iam::000000000000:role/deployer"])
    })
    .await;
    let back = UpdateAccessConfigRequest::builder().authentication_mode(AuthenticationMode::ConfigMap).build();
    let refused = account.eks.update_cluster_config().name("blue").access_config(back).send().await.unwrap_err();
    assert!(refused.into_service_error().is_invalid_request_exception());
    account.compute.stop().await;
}

#[tokio::test]
async fn a_cluster_is_upgraded_one_minor_version_at_a_time() {
    let account = Account::with_cluster("blue").await;
    let to = |version: &str| account.eks.update_cluster_version().name("blue").version(version).send();
    for refused in ["1.33", "1.35", "1.32"] {
        assert!(to(refused).await.unwrap_err().into_service_error().is_invalid_parameter_exception(), "{refused}");
    }
    to("1.34").await.unwrap();
    eventually("1.34", async || {
        let cluster = account.eks.describe_cluster().name("blue").send().await.unwrap().cluster.unwrap();
        cluster.version.as_deref() == Some("1.34")
    })
    .await;
    account.compute.stop().await;
}

#[tokio::test]
async fn tags_of_a_cluster_are_added_and_removed_by_its_arn() {
    let account = Account::with_cluster("blue").await;
    let arn = "arn:aws:eks:eu-central-1:000000000000:cluster/blue";
    account.eks.tag_resource().resource_arn(arn).tags("a", "1").tags("b", "2").send().await.unwrap();
    account.eks.untag_resource().resource_arn(arn).tag_keys("a").send().await.unwrap();
    let tags = account.eks.list_tags_for_resource().resource_arn(arn).send().await.unwrap().tags.unwrap();
    assert_eq!(tags.into_iter().collect::<Vec<_>>(), [("b".to_owned(), "2".to_owned())]);
    account.compute.stop().await;
}

#[tokio::test]
async fn versions_of_the_calendar_have_a_status_and_dates() {
    let account = Account::open().await;
    let versions = account.eks.describe_cluster_versions().send().await.unwrap().cluster_versions.unwrap();
    let newest = &versions[0];
    assert!(
        newest.cluster_version.is_some() && newest.end_of_standard_support_date.is_some() && newest.default_version
    );
    assert!(versions.iter().all(|version| version.cluster_version.as_deref() != Some("1.12")));
    account.compute.stop().await;
}
