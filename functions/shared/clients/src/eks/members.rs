//! Every member of what EKS tells of a cluster, a node group and what hangs on them has its fate. The types within these are copied whole.

mod parts;

use crate::fate::{Fate::Copied, check, check_shape};
use aws_sdk_eks::types;
use testing::fate::eks as table;

#[test]
fn every_member_of_a_cluster_has_its_fate() {
    check_shape(&types::Cluster::builder().build(), &table::CLUSTER);
    check_shape(&types::VpcConfigResponse::builder().build(), &table::VPC_CONFIG);
    check_shape(&types::KubernetesNetworkConfigResponse::builder().build(), &table::NETWORK_CONFIG);
    check_shape(&types::AccessConfigResponse::builder().build(), &table::ACCESS_CONFIG);
    check(
        &types::ComputeConfigResponse::builder().build(),
        &[("enabled", Copied), ("node_pools", Copied), ("node_role_arn", Copied)],
    );
    check(&types::StorageConfigResponse::builder().build(), &[("block_storage", Copied)]);
    check(
        &types::KubeApiServerConfigResponse::builder().build(),
        &[("event_ttl", Copied), ("service_node_port_range", Copied)],
    );
    check(&types::KubeSchedulerConfigResponse::builder().build(), &[("node_resources_fit", Copied)]);
    check(
        &types::KubeControllerManagerConfigResponse::builder().build(),
        &[("pod_gc_controller_config", Copied), ("horizontal_pod_autoscaler_controller_config", Copied)],
    );
}

#[test]
fn every_member_of_a_node_group_has_its_fate() {
    check_shape(&types::Nodegroup::builder().build(), &table::NODE_GROUP);
    check_shape(&types::NodegroupResources::builder().build(), &table::NODE_GROUP_RESOURCES);
    check_shape(&types::NodeRepairConfig::builder().build(), &table::NODE_REPAIR);
    check(
        &types::NodegroupUpdateConfig::builder().build(),
        &[("max_unavailable", Copied), ("max_unavailable_percentage", Copied), ("update_strategy", Copied)],
    );
}

#[test]
fn every_member_of_a_fargate_profile_has_its_fate() {
    check_shape(&types::FargateProfile::builder().build(), &table::FARGATE_PROFILE);
    check(&types::FargateProfileSelector::builder().build(), &[("namespace", Copied), ("labels", Copied)]);
}

#[test]
fn every_member_of_what_hangs_on_a_cluster_has_its_fate() {
    check_shape(&types::Addon::builder().build(), &table::ADDON);
    check_shape(&types::AccessEntry::builder().build(), &table::ACCESS_ENTRY);
    check_shape(&types::AssociatedAccessPolicy::builder().build(), &table::ACCESS_POLICY);
    check_shape(&types::OidcIdentityProviderConfig::builder().build(), &table::IDENTITY_PROVIDER);
    check_shape(&types::PodIdentityAssociation::builder().build(), &table::POD_IDENTITY_ASSOCIATION);
}
