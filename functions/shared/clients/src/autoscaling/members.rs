//! Every member of an Auto Scaling group is what EKS sets on those of managed node groups, is told as advice where people set it, or
//! says what the group is.

use aws_sdk_autoscaling::types::AutoScalingGroup;
use std::collections::BTreeSet;

/// What EKS sets: by the node group, its launch template and its subnets.
const OF_EKS: [&str; 21] = [
    "availability_zone_distribution",
    "availability_zone_ids",
    "availability_zones",
    "capacity_rebalance",
    "capacity_reservation_specification",
    "default_cooldown",
    "deletion_protection",
    "desired_capacity",
    "desired_capacity_type",
    "health_check_grace_period",
    "health_check_type",
    "launch_configuration_name",
    "launch_template",
    "max_size",
    "min_size",
    "mixed_instances_policy",
    "operator",
    "service_linked_role_arn",
    "termination_policies",
    "traffic_sources",
    "vpc_zone_identifier",
];

/// What people may have set, and preflight tells.
const TOLD: [&str; 14] = [
    "availability_zone_impairment_policy",
    "context",
    "default_instance_warmup",
    "enabled_metrics",
    "instance_lifecycle_policy",
    "instance_maintenance_policy",
    "load_balancer_names",
    "max_instance_lifetime",
    "new_instances_protected_from_scale_in",
    "placement_group",
    "suspended_processes",
    "tags",
    "target_group_arns",
    "warm_pool_configuration",
];

/// Which group it is, and its state.
const IDENTITY: [&str; 7] = [
    "auto_scaling_group_arn",
    "auto_scaling_group_name",
    "created_time",
    "instances",
    "predicted_capacity",
    "status",
    "warm_pool_size",
];

#[test]
fn every_member_of_an_auto_scaling_group_has_its_fate() {
    let text = format!("{:?}", AutoScalingGroup::builder().build());
    let (_, fields) = text.split_once(" { ").unwrap();
    let fields = fields.trim_end_matches(" }").split(", ").filter_map(|field| field.split_once(": "));
    let found: BTreeSet<&str> = fields.map(|(name, _)| name).collect();
    let known: BTreeSet<&str> = OF_EKS.into_iter().chain(TOLD).chain(IDENTITY).collect();
    assert_eq!(known.len(), OF_EKS.len() + TOLD.len() + IDENTITY.len());
    assert_eq!(found, known);
}
