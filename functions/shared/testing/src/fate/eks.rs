//! What EKS tells of a cluster and of what hangs on it.

use super::Fate::{Copied, Differs, Refused, Told};
use super::{IDENTITY, STATE, Shape};

/// `Cluster`
pub const CLUSTER: Shape = Shape {
    members: &[
        (
            Copied,
            &[
                "role_arn",
                "resources_vpc_config",
                "kubernetes_network_config",
                "logging",
                "tags",
                "encryption_config",
                "access_config",
                "upgrade_policy",
                "zonal_shift_config",
                "compute_config",
                "storage_config",
                "deletion_protection",
                "control_plane_scaling_config",
                "kube_api_server_config",
                "kube_scheduler_config",
                "kube_controller_manager_config",
            ],
        ),
        (Differs("the user chooses green's"), &["name", "version"]),
        (IDENTITY, &["arn", "created_at", "endpoint", "certificate_authority", "client_request_token"]),
        (STATE, &["status", "health"]),
        (
            Differs("the issuer of OIDC tokens: IAM roles that trust blue's trust green's too where the input says so"),
            &["identity"],
        ),
        (Differs("EKS chooses the newest for the version"), &["platform_version"]),
        (Differs("of clusters on AWS Outposts, which are refused"), &["id"]),
        (Refused, &["connector_config", "outpost_config", "remote_network_config"]),
    ],
    parts: &[
        ("resources_vpc_config", &VPC_CONFIG),
        ("kubernetes_network_config", &NETWORK_CONFIG),
        ("access_config", &ACCESS_CONFIG),
    ],
};

/// `VpcConfigResponse`
pub const VPC_CONFIG: Shape = Shape::of(&[
    (
        Copied,
        &[
            "subnet_ids",
            "security_group_ids",
            "vpc_id",
            "endpoint_public_access",
            "endpoint_private_access",
            "public_access_cidrs",
            "control_plane_egress_mode",
        ],
    ),
    (Differs("EKS makes green's; its rules and tags are copied"), &["cluster_security_group_id"]),
]);

/// `KubernetesNetworkConfigResponse`
pub const NETWORK_CONFIG: Shape = Shape::of(&[
    (Copied, &["service_ipv4_cidr", "ip_family", "elastic_load_balancing"]),
    (Differs("EKS chooses it"), &["service_ipv6_cidr"]),
]);

/// `AccessConfigResponse`
pub const ACCESS_CONFIG: Shape = Shape::of(&[
    (Copied, &["authentication_mode"]),
    (Differs("green has no bootstrap administrator"), &["bootstrap_cluster_creator_admin_permissions"]),
]);

/// `Nodegroup`
pub const NODE_GROUP: Shape = Shape {
    members: &[
        (
            Copied,
            &[
                "nodegroup_name",
                "capacity_type",
                "scaling_config",
                "instance_types",
                "subnets",
                "remote_access",
                "ami_type",
                "node_role",
                "labels",
                "taints",
                "disk_size",
                "update_config",
                "node_repair_config",
                "launch_template",
                "tags",
            ],
        ),
        (IDENTITY, &["nodegroup_arn", "cluster_name", "created_at", "modified_at"]),
        (STATE, &["status", "health"]),
        (Differs("that of green's control plane"), &["version"]),
        (Differs("EKS chooses the newest AMI for the version"), &["release_version"]),
        (Differs("EKS makes green's; what is set on blue's Auto Scaling groups is told as advice"), &["resources"]),
        (Refused, &["warm_pool_config"]),
    ],
    parts: &[("node_repair_config", &NODE_REPAIR)],
};

/// `NodegroupResources`
pub const NODE_GROUP_RESOURCES: Shape = Shape::of(&[
    (Told, &["auto_scaling_groups"]),
    (Differs("EKS makes green's where it has SSH access"), &["remote_access_security_group"]),
]);

/// `NodeRepairConfig`
pub const NODE_REPAIR: Shape = Shape::of(&[
    (
        Copied,
        &[
            "enabled",
            "max_unhealthy_node_threshold_count",
            "max_unhealthy_node_threshold_percentage",
            "max_parallel_nodes_repaired_count",
            "max_parallel_nodes_repaired_percentage",
        ],
    ),
    (Refused, &["node_repair_config_overrides"]),
]);

/// `FargateProfile`
pub const FARGATE_PROFILE: Shape = Shape::of(&[
    (Copied, &["fargate_profile_name", "pod_execution_role_arn", "subnets", "selectors", "tags"]),
    (IDENTITY, &["fargate_profile_arn", "cluster_name", "created_at"]),
    (STATE, &["status", "health"]),
]);

/// `Addon`
pub const ADDON: Shape = Shape::of(&[
    (
        Copied,
        &[
            "addon_name",
            "service_account_role_arn",
            "tags",
            "configuration_values",
            "pod_identity_associations",
            "namespace_config",
        ],
    ),
    (Differs("one that green's Kubernetes version has: blue's, where it has that"), &["addon_version"]),
    (IDENTITY, &["cluster_name", "addon_arn", "created_at", "modified_at"]),
    (STATE, &["status", "health"]),
    (Differs("of the add-on's version"), &["publisher", "owner", "marketplace_information"]),
]);

/// `AccessEntry`
pub const ACCESS_ENTRY: Shape = Shape::of(&[
    (Copied, &["principal_arn", "kubernetes_groups", "tags", "username", "type"]),
    (IDENTITY, &["cluster_name", "access_entry_arn", "created_at", "modified_at"]),
]);

/// `AssociatedAccessPolicy`
pub const ACCESS_POLICY: Shape =
    Shape::of(&[(Copied, &["policy_arn", "access_scope"]), (IDENTITY, &["associated_at", "modified_at"])]);

/// `OidcIdentityProviderConfig`
pub const IDENTITY_PROVIDER: Shape = Shape::of(&[
    (
        Copied,
        &[
            "identity_provider_config_name",
            "issuer_url",
            "client_id",
            "username_claim",
            "username_prefix",
            "groups_claim",
            "groups_prefix",
            "required_claims",
            "tags",
        ],
    ),
    (IDENTITY, &["identity_provider_config_arn", "cluster_name"]),
    (STATE, &["status"]),
]);

/// `PodIdentityAssociation`
pub const POD_IDENTITY_ASSOCIATION: Shape = Shape::of(&[
    (
        Copied,
        &["namespace", "service_account", "role_arn", "tags", "disable_session_tags", "target_role_arn", "policy"],
    ),
    (IDENTITY, &["cluster_name", "association_arn", "association_id", "created_at", "modified_at"]),
    (Differs("those of add-ons are created with the add-on"), &["owner_arn"]),
    (Refused, &["external_id"]),
]);
