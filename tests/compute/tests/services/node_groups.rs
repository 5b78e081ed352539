//! Node groups and the Auto Scaling groups behind them.

use aws_sdk_eks::types::LaunchTemplateSpecification;

use crate::account::{Account, eventually};

async fn group_of(account: &Account, name: &str) -> String {
    let described = account.eks.describe_nodegroup().cluster_name("blue").nodegroup_name(name).send().await.unwrap();
    let resources = described.nodegroup.unwrap().resources.unwrap();
    resources.auto_scaling_groups()[0].name().unwrap().to_owned()
}

#[tokio::test]
async fn a_node_group_makes_an_auto_scaling_group_with_instances_in_its_zones() {
    let account = Account::with_cluster("blue").await;
    account.create_nodegroup("blue", "workers").await;
    let name = group_of(&account, "workers").await;
    assert!(name.starts_with("eks-workers-"), "{name}");
    let described =
        account.autoscaling.describe_auto_scaling_groups().auto_scaling_group_names(&name).send().await.unwrap();
    let group = &described.auto_scaling_groups()[0];
    assert_eq!((group.min_size, group.desired_capacity, group.max_size), (Some(1), Some(2), Some(2)));
    assert!(group.tags().iter().any(|tag| tag.key() == Some("eks:nodegroup-name") && tag.value() == Some("workers")));
    let mut zones: Vec<_> = group.instances().iter().map(|instance| instance.availability_zone().unwrap()).collect();
    zones.sort_unstable();
    assert_eq!(zones, ["eu-central-1a", "eu-central-1b"]);
    assert_eq!(account.emulator.count("RunInstances"), 2);
    account.compute.stop().await;
}

#[tokio::test]
async fn a_launch_template_gives_instance_type_and_security_groups() {
    let account = Account::with_cluster("blue").await;
    let template = LaunchTemplateSpecification::builder().id("lt-1").version("3").build();
    let create = || {
        let call = account.eks.create_nodegroup().cluster_name("blue").nodegroup_name("workers").subnets("subnet-a");
        call.node_role("arn:aws:iam::000000000000:role/node").launch_template(template.clone())
    };
    let both = create().instance_types("t3.medium").send().await.unwrap_err().into_service_error();
    assert!(both.is_invalid_parameter_exception(), "{both:?}");
    create().send().await.unwrap();
    account.nodegroup_is_active("blue", "workers").await;
    {
        let calls = account.emulator.calls.lock().unwrap();
        let launch = calls.iter().find(|call| call["Action"] == "RunInstances").unwrap();
        assert_eq!((launch["InstanceType"].as_str(), launch["SecurityGroupId.1"].as_str()), ("m5.large", "sg-workers"));
    }
    account.compute.stop().await;
}

#[tokio::test]
async fn an_unknown_launch_template_is_refused() {
    let account = Account::with_cluster("blue").await;
    let template = LaunchTemplateSpecification::builder().id("lt-none").version("1").build();
    let create = account.eks.create_nodegroup().cluster_name("blue").nodegroup_name("workers").subnets("subnet-a");
    let refused = create.node_role("arn:aws:iam::000000000000:role/node").launch_template(template).send().await;
    assert!(refused.unwrap_err().into_service_error().is_invalid_request_exception());
    account.compute.stop().await;
}

#[tokio::test]
async fn a_cluster_with_a_node_group_cannot_be_deleted_and_without_it_can() {
    let account = Account::with_cluster("blue").await;
    account.create_nodegroup("blue", "workers").await;
    let refused = account.eks.delete_cluster().name("blue").send().await.unwrap_err().into_service_error();
    assert!(refused.is_resource_in_use_exception(), "{refused:?}");

    account.eks.delete_nodegroup().cluster_name("blue").nodegroup_name("workers").send().await.unwrap();
    let twice = account.eks.delete_nodegroup().cluster_name("blue").nodegroup_name("workers").send().await.unwrap_err();
    assert!(twice.into_service_error().is_resource_in_use_exception());
    eventually("the node group is gone", async || {
        account.eks.list_nodegroups().cluster_name("blue").send().await.unwrap().nodegroups().is_empty()
    })
    .await;
    assert_eq!(account.emulator.count("TerminateInstances"), 2);
    eventually("the instances' root volumes are deleted with them", async || {
        account.emulator.count("DeleteVolume") == 2
    })
    .await;
    assert!(account.autoscaling.describe_auto_scaling_groups().send().await.unwrap().auto_scaling_groups().is_empty());
    account.eks.delete_cluster().name("blue").send().await.unwrap();
    account.compute.stop().await;
}

#[tokio::test]
async fn a_node_group_gives_its_role_an_access_entry_for_nodes() {
    let account = Account::with_cluster("blue").await;
    account.create_nodegroup("blue", "workers").await;
    let role = "arn:aws:iam::000000000000:role/node";
    let described = account.eks.describe_access_entry().cluster_name("blue").principal_arn(role).send().await.unwrap();
    assert_eq!(described.access_entry.unwrap().r#type.as_deref(), Some("EC2_LINUX"));
    account.compute.stop().await;
}

/// terraform-aws-modules/terraform-aws-eks#3260 and #3445.
#[tokio::test]
async fn nodes_do_not_become_ready_while_the_vpc_cni_lacks_credentials_or_its_eni_config() {
    use aws_sdk_eks::types::{AddonPodIdentityAssociations, NodegroupIssueCode, NodegroupStatus};
    let identity = AddonPodIdentityAssociations::builder()
        .service_account("aws-node")
        .role_arn("arn:aws:iam::000000000000:role/cni")
        .build()
        .unwrap();
    let custom = r#"{"env":{"AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG":"true"}}"#;
    for (identity, configuration) in [(Some(identity), None), (None, Some(custom))] {
        let account = Account::with_cluster("blue").await;
        let cni = account.eks.create_addon().cluster_name("blue").addon_name("vpc-cni");
        let cni = cni.set_pod_identity_associations(identity.map(|identity| vec![identity]));
        cni.set_configuration_values(configuration.map(str::to_owned)).send().await.unwrap();
        let create = account.eks.create_nodegroup().cluster_name("blue").nodegroup_name("workers").subnets("subnet-a");
        create.node_role("arn:aws:iam::000000000000:role/node").send().await.unwrap();
        let group = async || {
            let described = account.eks.describe_nodegroup().cluster_name("blue").nodegroup_name("workers");
            described.send().await.unwrap().nodegroup.unwrap()
        };
        eventually("the node group failed", async || group().await.status == Some(NodegroupStatus::CreateFailed)).await;
        let issue = group().await.health.unwrap().issues()[0].clone();
        assert_eq!(issue.code, Some(NodegroupIssueCode::NodeCreationFailure));
        account.compute.stop().await;
    }
}

/// eksctl-io/eksctl#2244.
#[tokio::test]
async fn a_node_group_is_refused_while_the_cluster_is_updating() {
    let account = Account::with_cluster("blue").await;
    account.eks.update_cluster_config().name("blue").deletion_protection(true).send().await.unwrap();
    let create = account.eks.create_nodegroup().cluster_name("blue").nodegroup_name("workers").subnets("subnet-a");
    let refused = create.node_role("arn:aws:iam::000000000000:role/node").send().await.unwrap_err();
    assert!(refused.into_service_error().is_invalid_request_exception());
    account.compute.stop().await;
}

/// <https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateNodegroupConfig.html>; the refusal is that of
/// aws/karpenter-provider-aws#133.
#[tokio::test]
async fn a_node_group_grows_and_takes_no_second_update_meanwhile() {
    use aws_sdk_eks::types::{NodegroupScalingConfig, UpdateParamType, UpdateStatus, UpdateType};
    let account = Account::with_cluster("blue").await;
    account.create_nodegroup("blue", "workers").await;
    let scale = |sizes: NodegroupScalingConfig| {
        let update = account.eks.update_nodegroup_config().cluster_name("blue").nodegroup_name("workers");
        update.scaling_config(sizes).send()
    };
    let four = NodegroupScalingConfig::builder().max_size(5).desired_size(4).build();
    let update = scale(four.clone()).await.unwrap().update.unwrap();
    assert_eq!((update.status, update.r#type), (Some(UpdateStatus::InProgress), Some(UpdateType::ConfigUpdate)));
    let params = update.params.unwrap();
    let param = |kind: UpdateParamType| params.iter().find(|param| param.r#type == Some(kind.clone())).unwrap();
    assert_eq!(param(UpdateParamType::DesiredSize).value(), Some("4"));
    assert_eq!(param(UpdateParamType::MinSize).value(), Some("1"));
    let refused = scale(four).await.unwrap_err().into_service_error();
    assert!(refused.is_resource_in_use_exception(), "{refused:?}");
    let text = refused.to_string();
    assert!(text.contains("Nodegroup cannot be updated as it is currently not in Active State"), "{text}");

    account.nodegroup_is_active("blue", "workers").await;
    let described = account.eks.describe_nodegroup().cluster_name("blue").nodegroup_name("workers").send().await;
    let sizes = described.unwrap().nodegroup.unwrap().scaling_config.unwrap();
    assert_eq!((sizes.min_size, sizes.desired_size, sizes.max_size), (Some(1), Some(4), Some(5)));
    eventually("four instances", async || {
        let groups = account.autoscaling.describe_auto_scaling_groups().send().await.unwrap();
        groups.auto_scaling_groups()[0].instances().len() == 4
    })
    .await;
    let more = scale(NodegroupScalingConfig::builder().desired_size(6).build()).await.unwrap_err();
    assert!(more.into_service_error().is_invalid_parameter_exception());
    account.compute.stop().await;
}
