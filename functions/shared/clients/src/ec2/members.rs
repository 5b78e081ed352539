//! Every member of a launch template's data has its fate: [`super::template_data`] copies it or names it as not copied.

use crate::fate::{
    Fate::{self, Copied, Differs, Refused},
    IDENTITY, all,
};
use aws_sdk_ec2::types;
use std::fmt::Debug;

fn check(empty: &impl Debug, copied: &[&str], refused: &[&str], differs: &[(&'static str, Fate)]) {
    crate::fate::check(empty, &[all(copied, Copied), all(refused, Refused), differs.to_vec()].concat());
}

#[test]
fn every_member_of_a_launch_template_has_its_fate() {
    check(
        &types::ResponseLaunchTemplateData::builder().build(),
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
        &[("operator", Differs("who manages the template, which is no setting of it"))],
    );
}

#[test]
fn every_member_of_a_launch_templates_version_has_its_fate() {
    let version = Differs("the clone has one version, made from the one that the node group uses");
    check(
        &types::LaunchTemplateVersion::builder().build(),
        &["launch_template_data"],
        &[],
        &[
            ("launch_template_id", IDENTITY),
            ("launch_template_name", Differs("the clone has a name of its own")),
            ("version_number", version),
            ("version_description", version),
            ("create_time", IDENTITY),
            ("created_by", IDENTITY),
            ("default_version", version),
            ("operator", Differs("who manages the template, which is no setting of it")),
        ],
    );
    check(&types::LaunchTemplateTagSpecification::builder().build(), &["resource_type", "tags"], &[], &[]);
}

#[test]
fn every_member_of_what_a_launch_template_says_of_interfaces_and_places_has_its_fate() {
    check(
        &types::LaunchTemplateInstanceNetworkInterfaceSpecification::builder().build(),
        &["associate_public_ip_address", "delete_on_termination", "description", "device_index", "groups"],
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
        &[],
    );
    check(
        &types::LaunchTemplatePlacement::builder().build(),
        &["group_name"],
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
        &[],
    );
}

#[test]
fn every_member_of_what_a_launch_template_says_of_metadata_and_volumes_has_its_fate() {
    check(
        &types::LaunchTemplateInstanceMetadataOptions::builder().build(),
        &[
            "http_tokens",
            "http_put_response_hop_limit",
            "http_endpoint",
            "http_protocol_ipv6",
            "instance_metadata_tags",
        ],
        &[],
        &[("state", Differs("whether the options have been applied"))],
    );
    check(
        &types::LaunchTemplateEbsBlockDevice::builder().build(),
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
        &["volume_initialization_rate", "ebs_card_index"],
        &[],
    );
    check(
        &types::LaunchTemplateBlockDeviceMapping::builder().build(),
        &["device_name", "ebs"],
        &["virtual_name", "no_device"],
        &[],
    );
    check(&types::LaunchTemplatesMonitoring::builder().build(), &["enabled"], &[], &[]);
}
