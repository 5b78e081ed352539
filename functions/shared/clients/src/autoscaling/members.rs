//! Every member of an Auto Scaling group of a managed node group has its fate.

use crate::fate::{
    Fate::{Differs, Told},
    IDENTITY, all, check,
};
use aws_sdk_autoscaling::types::AutoScalingGroup;

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
const WHICH: [&str; 7] = [
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
    let of_eks = Differs("EKS sets it on green's from the node group");
    let table = [all(&OF_EKS, of_eks), all(&TOLD, Told), all(&WHICH, IDENTITY)].concat();
    check(&AutoScalingGroup::builder().build(), &table);
}
