//! Every member of what EKS tells of a cluster, a node group and what hangs on them has its fate.

mod parts;

use crate::fate::{
    Fate::{Copied, Differs, Refused},
    IDENTITY, STATE, check,
};
use aws_sdk_eks::types;

#[test]
fn every_member_of_a_cluster_has_its_fate() {
    check(
        &types::Cluster::builder().build(),
        &[
            ("name", Differs("the user chooses green's")),
            ("arn", IDENTITY),
            ("created_at", IDENTITY),
            ("version", Differs("the user chooses green's")),
            ("endpoint", IDENTITY),
            ("role_arn", Copied),
            ("resources_vpc_config", Copied),
            ("kubernetes_network_config", Copied),
            ("logging", Copied),
            (
                "identity",
                Differs(
                    "the issuer of OIDC tokens: IAM roles that trust blue's trust green's too where the input says so",
                ),
            ),
            ("status", STATE),
            ("certificate_authority", IDENTITY),
            ("client_request_token", IDENTITY),
            ("platform_version", Differs("EKS chooses the newest for the version")),
            ("tags", Copied),
            ("encryption_config", Copied),
            ("connector_config", Refused),
            ("id", Differs("of clusters on AWS Outposts, which are refused")),
            ("health", STATE),
            ("outpost_config", Refused),
            (
                "access_config",
                Differs("green has no bootstrap administrator; its mode is blue's, once blue has access entries"),
            ),
            ("upgrade_policy", Copied),
            ("zonal_shift_config", Copied),
            ("remote_network_config", Refused),
            ("compute_config", Copied),
            ("storage_config", Copied),
            ("deletion_protection", Copied),
            ("control_plane_scaling_config", Copied),
            ("kube_api_server_config", Copied),
            ("kube_scheduler_config", Copied),
            ("kube_controller_manager_config", Copied),
        ],
    );
    check(
        &types::VpcConfigResponse::builder().build(),
        &[
            ("subnet_ids", Copied),
            ("security_group_ids", Copied),
            ("cluster_security_group_id", Differs("EKS makes green's; its rules and tags are copied")),
            ("vpc_id", Copied),
            ("endpoint_public_access", Copied),
            ("endpoint_private_access", Copied),
            ("public_access_cidrs", Copied),
            ("control_plane_egress_mode", Copied),
        ],
    );
    check(
        &types::KubernetesNetworkConfigResponse::builder().build(),
        &[
            ("service_ipv4_cidr", Copied),
            ("service_ipv6_cidr", Differs("EKS chooses it")),
            ("ip_family", Copied),
            ("elastic_load_balancing", Copied),
        ],
    );
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
    check(
        &types::Nodegroup::builder().build(),
        &[
            ("nodegroup_name", Copied),
            ("nodegroup_arn", IDENTITY),
            ("cluster_name", IDENTITY),
            ("version", Differs("that of green's control plane")),
            ("release_version", Differs("EKS chooses the newest AMI for the version")),
            ("created_at", IDENTITY),
            ("modified_at", IDENTITY),
            ("status", STATE),
            ("capacity_type", Copied),
            ("scaling_config", Copied),
            ("instance_types", Copied),
            ("subnets", Copied),
            ("remote_access", Copied),
            ("ami_type", Copied),
            ("node_role", Copied),
            ("labels", Copied),
            ("taints", Copied),
            ("resources", Differs("EKS makes green's; what is set on blue's Auto Scaling groups is told as advice")),
            ("disk_size", Copied),
            ("health", STATE),
            ("update_config", Copied),
            ("node_repair_config", Copied),
            ("launch_template", Copied),
            ("tags", Copied),
            ("warm_pool_config", Refused),
        ],
    );
    check(
        &types::NodeRepairConfig::builder().build(),
        &[
            ("enabled", Copied),
            ("max_unhealthy_node_threshold_count", Copied),
            ("max_unhealthy_node_threshold_percentage", Copied),
            ("max_parallel_nodes_repaired_count", Copied),
            ("max_parallel_nodes_repaired_percentage", Copied),
            ("node_repair_config_overrides", Refused),
        ],
    );
    check(
        &types::NodegroupUpdateConfig::builder().build(),
        &[("max_unavailable", Copied), ("max_unavailable_percentage", Copied), ("update_strategy", Copied)],
    );
}

#[test]
fn every_member_of_a_fargate_profile_has_its_fate() {
    check(
        &types::FargateProfile::builder().build(),
        &[
            ("fargate_profile_name", Copied),
            ("fargate_profile_arn", IDENTITY),
            ("cluster_name", IDENTITY),
            ("created_at", IDENTITY),
            ("pod_execution_role_arn", Copied),
            ("subnets", Copied),
            ("selectors", Copied),
            ("status", STATE),
            ("tags", Copied),
            ("health", STATE),
        ],
    );
    check(&types::FargateProfileSelector::builder().build(), &[("namespace", Copied), ("labels", Copied)]);
}

#[test]
fn every_member_of_what_hangs_on_a_cluster_has_its_fate() {
    check(
        &types::Addon::builder().build(),
        &[
            ("addon_name", Copied),
            ("cluster_name", IDENTITY),
            ("status", STATE),
            ("addon_version", Copied),
            ("health", STATE),
            ("addon_arn", IDENTITY),
            ("created_at", IDENTITY),
            ("modified_at", IDENTITY),
            ("service_account_role_arn", Copied),
            ("tags", Copied),
            ("publisher", Differs("of the add-on's version")),
            ("owner", Differs("of the add-on's version")),
            ("marketplace_information", Differs("of the add-on's version")),
            ("configuration_values", Copied),
            ("pod_identity_associations", Copied),
            ("namespace_config", Copied),
        ],
    );
    check(
        &types::AccessEntry::builder().build(),
        &[
            ("cluster_name", IDENTITY),
            ("principal_arn", Copied),
            ("kubernetes_groups", Copied),
            ("access_entry_arn", IDENTITY),
            ("created_at", IDENTITY),
            ("modified_at", IDENTITY),
            ("tags", Copied),
            ("username", Copied),
            ("type", Copied),
        ],
    );
    check(
        &types::OidcIdentityProviderConfig::builder().build(),
        &[
            ("identity_provider_config_name", Copied),
            ("identity_provider_config_arn", IDENTITY),
            ("cluster_name", IDENTITY),
            ("issuer_url", Copied),
            ("client_id", Copied),
            ("username_claim", Copied),
            ("username_prefix", Copied),
            ("groups_claim", Copied),
            ("groups_prefix", Copied),
            ("required_claims", Copied),
            ("tags", Copied),
            ("status", STATE),
        ],
    );
    check(
        &types::PodIdentityAssociation::builder().build(),
        &[
            ("cluster_name", IDENTITY),
            ("namespace", Copied),
            ("service_account", Copied),
            ("role_arn", Copied),
            ("association_arn", IDENTITY),
            ("association_id", IDENTITY),
            ("tags", Copied),
            ("created_at", IDENTITY),
            ("modified_at", IDENTITY),
            ("owner_arn", Differs("those of add-ons are created with the add-on")),
            ("disable_session_tags", Copied),
            ("target_role_arn", Copied),
            ("external_id", Refused),
            ("policy", Copied),
        ],
    );
}
