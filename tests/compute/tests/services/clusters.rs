//! Clusters: <https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html> and the other operations.

use aws_sdk_eks::types::{
    AuthenticationMode, BlockStorage, ClusterStatus, ComputeConfigRequest, CreateAccessConfigRequest,
    ElasticLoadBalancing, KubernetesNetworkConfigRequest, StorageConfigRequest, UpdateAccessConfigRequest,
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
    account.eks.update_cluster_config().name("blue").deletion_protection(true).send().await.unwrap();
    eventually("the cluster is protected and ACTIVE", async || {
        let cluster = account.eks.describe_cluster().name("blue").send().await.unwrap().cluster.unwrap();
        (cluster.status, cluster.deletion_protection) == (Some(ClusterStatus::Active), Some(true))
    })
    .await;
    let refused = account.eks.delete_cluster().name("blue").send().await.unwrap_err().into_service_error();
    assert!(refused.is_invalid_request_exception(), "{refused:?}");
    account.compute.stop().await;
}

#[tokio::test]
async fn a_deleted_cluster_goes_with_its_security_group() {
    let account = Account::with_cluster("blue").await;
    let deleted = account.eks.delete_cluster().name("blue").send().await.unwrap().cluster.unwrap();
    assert_eq!(deleted.status, Some(ClusterStatus::Deleting));
    eventually("the cluster is gone", async || {
        let described = account.eks.describe_cluster().name("blue").send().await;
        described.is_err_and(|error| error.into_service_error().is_resource_not_found_exception())
    })
    .await;
    assert_eq!(account.emulator.count("DeleteSecurityGroup"), 1);
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
    let refused = account.eks.list_access_entries().cluster_name("blue").send().await.unwrap_err();
    assert!(refused.into_service_error().is_invalid_request_exception());
    account.compute.stop().await;
}

#[tokio::test]
async fn access_entries_begin_with_an_update_that_nothing_takes_back() {
    let account = Account::open().await;
    let create = account.eks.create_cluster().name("blue").role_arn("arn:aws:iam::000000000000:role/eks");
    create.resources_vpc_config(network()).send().await.unwrap();
    let cluster = async || account.eks.describe_cluster().name("blue").send().await.unwrap().cluster.unwrap();
    let is_active = async || cluster().await.status == Some(ClusterStatus::Active);
    eventually("ACTIVE", is_active).await;
    let update = |mode: AuthenticationMode| {
        let access = UpdateAccessConfigRequest::builder().authentication_mode(mode).build();
        account.eks.update_cluster_config().name("blue").access_config(access).send()
    };
    update(AuthenticationMode::ApiAndConfigMap).await.unwrap();
    assert_eq!(cluster().await.status, Some(ClusterStatus::Updating));
    eventually("ACTIVE again", is_active).await;
    let mode = cluster().await.access_config.unwrap().authentication_mode;
    assert_eq!(mode, Some(AuthenticationMode::ApiAndConfigMap));
    account.eks.list_access_entries().cluster_name("blue").send().await.unwrap();
    for mode in [AuthenticationMode::ConfigMap, AuthenticationMode::ApiAndConfigMap] {
        let refused = update(mode).await.unwrap_err().into_service_error();
        assert!(refused.is_invalid_parameter_exception(), "{refused:?}");
    }
    account.compute.stop().await;
}

#[tokio::test]
async fn eks_auto_mode_is_enabled_as_a_whole_lets_its_nodes_in_and_deletes_them_with_the_cluster() {
    let account = Account::open().await;
    let role = "arn:aws:iam::000000000000:role/auto-nodes";
    let create = |is_whole: bool| {
        let access = CreateAccessConfigRequest::builder().authentication_mode(AuthenticationMode::Api).build();
        let compute = ComputeConfigRequest::builder().enabled(true).node_role_arn(role);
        let compute = compute.node_pools("general-purpose").node_pools("system").build();
        let network_config = KubernetesNetworkConfigRequest::builder()
            .elastic_load_balancing(ElasticLoadBalancing::builder().enabled(is_whole).build())
            .build();
        let storage = BlockStorage::builder().enabled(true).build();
        let call = account.eks.create_cluster().name("blue").role_arn("arn:aws:iam::000000000000:role/eks");
        call.access_config(access)
            .resources_vpc_config(network())
            .compute_config(compute)
            .kubernetes_network_config(network_config)
            .storage_config(StorageConfigRequest::builder().block_storage(storage).build())
            .send()
    };
    let refused = create(false).await.unwrap_err().into_service_error();
    assert!(refused.is_invalid_parameter_exception(), "{refused:?}");
    let made = create(true).await.unwrap().cluster.unwrap();
    assert_eq!(made.compute_config.unwrap().node_pools.unwrap(), ["general-purpose", "system"]);
    assert_eq!(made.kubernetes_network_config.unwrap().elastic_load_balancing.unwrap().enabled, Some(true));
    let entry = account.eks.describe_access_entry().cluster_name("blue").principal_arn(role).send().await.unwrap();
    assert_eq!(entry.access_entry.unwrap().r#type.as_deref(), Some("EC2"));
    eventually("a node", async || account.emulator.count("RunInstances") == 1).await;
    {
        let calls = account.emulator.calls.lock().unwrap();
        let launch = calls.iter().find(|call| call["Action"] == "RunInstances").unwrap();
        let tags = (launch["TagSpecification.1.Tag.1.Key"].as_str(), launch["TagSpecification.1.Tag.1.Value"].as_str());
        assert_eq!(tags, ("eks:eks-cluster-name", "blue"));
    }
    account.eks.delete_cluster().name("blue").send().await.unwrap();
    eventually("no node", async || account.emulator.count("TerminateInstances") == 1).await;
    account.compute.stop().await;
}

#[tokio::test]
async fn tags_of_a_cluster_are_listed_by_its_arn() {
    let account = Account::open().await;
    let create = account.eks.create_cluster().name("blue").role_arn("arn:aws:iam::000000000000:role/eks");
    create.resources_vpc_config(network()).tags("team", "shop").send().await.unwrap();
    let arn = "arn:aws:eks:eu-central-1:000000000000:cluster/blue";
    let tags = account.eks.list_tags_for_resource().resource_arn(arn).send().await.unwrap().tags.unwrap();
    assert_eq!(tags.into_iter().collect::<Vec<_>>(), [("team".to_owned(), "shop".to_owned())]);
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
