//! What EC2 tells of a version of a launch template. What is refused here is named as not copied, and preflight refuses it.

use super::Fate::{Copied, Differs, Refused};
use super::{Fate, IDENTITY, Shape};

const MANAGED: Fate = Differs("who manages the template, which is no setting of it");

/// `LaunchTemplateVersion`
pub const TEMPLATE_VERSION: Shape = Shape {
    members: &[
        (Copied, &["launch_template_data"]),
        (IDENTITY, &["launch_template_id", "create_time", "created_by"]),
        (Differs("the clone has a name of its own"), &["launch_template_name"]),
        (
            Differs("the clone has one version, made from the one that the node group uses"),
            &["version_number", "version_description", "default_version"],
        ),
        (MANAGED, &["operator"]),
    ],
    parts: &[("launch_template_data", &TEMPLATE_DATA)],
};

/// `ResponseLaunchTemplateData`
pub const TEMPLATE_DATA: Shape = Shape {
    members: &[
        (
            Copied,
            &[
                "ebs_optimized",
                "block_device_mappings",
                "network_interfaces",
                "image_id",
                "instance_type",
                "key_name",
                "monitoring",
                "placement",
                "user_data",
                "tag_specifications",
                "security_group_ids",
                "metadata_options",
            ],
        ),
        (
            Refused,
            &[
                "kernel_id",
                "ram_disk_id",
                "iam_instance_profile",
                "disable_api_termination",
                "disable_api_stop",
                "instance_initiated_shutdown_behavior",
                "elastic_gpu_specifications",
                "elastic_inference_accelerators",
                "security_groups",
                "instance_market_options",
                "credit_specification",
                "cpu_options",
                "capacity_reservation_specification",
                "license_specifications",
                "hibernation_options",
                "enclave_options",
                "instance_requirements",
                "private_dns_name_options",
                "maintenance_options",
                "network_performance_options",
                "secondary_interfaces",
            ],
        ),
        (MANAGED, &["operator"]),
    ],
    parts: &[
        ("metadata_options", &METADATA_OPTIONS),
        ("block_device_mappings", &BLOCK_DEVICE),
        ("network_interfaces", &NETWORK_INTERFACE),
        ("placement", &PLACEMENT),
        ("tag_specifications", &TAG_SPECIFICATION),
    ],
};

/// `LaunchTemplateTagSpecification`
pub const TAG_SPECIFICATION: Shape = Shape::of(&[(Copied, &["resource_type", "tags"])]);

/// `LaunchTemplateInstanceNetworkInterfaceSpecification`
pub const NETWORK_INTERFACE: Shape = Shape::of(&[
    (Copied, &["associate_public_ip_address", "delete_on_termination", "description", "device_index", "groups"]),
    (
        Refused,
        &[
            "associate_carrier_ip_address",
            "interface_type",
            "ipv6_address_count",
            "ipv6_addresses",
            "network_interface_id",
            "private_ip_address",
            "private_ip_addresses",
            "secondary_private_ip_address_count",
            "subnet_id",
            "network_card_index",
            "ipv4_prefixes",
            "ipv4_prefix_count",
            "ipv6_prefixes",
            "ipv6_prefix_count",
            "primary_ipv6",
            "ena_srd_specification",
            "connection_tracking_specification",
            "ena_queue_count",
        ],
    ),
]);

/// `LaunchTemplatePlacement`
pub const PLACEMENT: Shape = Shape::of(&[
    (Copied, &["group_name"]),
    (
        Refused,
        &[
            "availability_zone",
            "availability_zone_id",
            "affinity",
            "host_id",
            "tenancy",
            "spread_domain",
            "host_resource_group_arn",
            "partition_number",
            "group_id",
        ],
    ),
]);

/// `LaunchTemplateInstanceMetadataOptions`
pub const METADATA_OPTIONS: Shape = Shape::of(&[
    (
        Copied,
        &[
            "http_tokens",
            "http_put_response_hop_limit",
            "http_endpoint",
            "http_protocol_ipv6",
            "instance_metadata_tags",
        ],
    ),
    (Differs("whether the options have been applied"), &["state"]),
]);

/// `LaunchTemplateBlockDeviceMapping`
pub const BLOCK_DEVICE: Shape = Shape {
    members: &[(Copied, &["device_name", "ebs"]), (Refused, &["virtual_name", "no_device"])],
    parts: &[("ebs", &EBS)],
};

/// `LaunchTemplateEbsBlockDevice`
pub const EBS: Shape = Shape::of(&[
    (
        Copied,
        &[
            "encrypted",
            "delete_on_termination",
            "iops",
            "kms_key_id",
            "snapshot_id",
            "volume_size",
            "volume_type",
            "throughput",
        ],
    ),
    (Refused, &["volume_initialization_rate", "ebs_card_index"]),
]);
