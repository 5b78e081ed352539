//! Every member of an Auto Scaling group of a managed node group has its fate.

use crate::fate::{
    Fate::{Differs, Told},
    IDENTITY, all, check,
};
use aws_sdk_autoscaling::types::{self, AutoScalingGroup};

/// What EKS sets: by the node group, its launch template and its subnets.
const OF_EKS: [&str; 20] = [
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
    "vpc_zone_identifier",
];

/// What people may have set, and preflight tells.
const TOLD: [&str; 15] = [
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
    "traffic_sources",
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

#[test]
fn every_member_of_what_hangs_on_a_group_has_its_fate() {
    // Preflight tells each by its name, to be made again by whoever made it.
    let action = [
        "scheduled_action_arn",
        "time",
        "start_time",
        "end_time",
        "recurrence",
        "min_size",
        "max_size",
        "desired_capacity",
        "time_zone",
        "scheduled_action_name",
    ];
    let policy = [
        "policy_name",
        "policy_arn",
        "policy_type",
        "adjustment_type",
        "min_adjustment_step",
        "min_adjustment_magnitude",
        "scaling_adjustment",
        "cooldown",
        "step_adjustments",
        "metric_aggregation_type",
        "estimated_instance_warmup",
        "alarms",
        "target_tracking_configuration",
        "enabled",
        "predictive_scaling_configuration",
    ];
    let hook = [
        "lifecycle_hook_name",
        "lifecycle_transition",
        "notification_target_arn",
        "role_arn",
        "notification_metadata",
        "heartbeat_timeout",
        "global_timeout",
        "default_result",
    ];
    let group = ("auto_scaling_group_name", IDENTITY);
    let told = |names: &[&'static str]| [all(names, Told), vec![group]].concat();
    check(&types::ScheduledUpdateGroupAction::builder().build(), &told(&action));
    check(&types::ScalingPolicy::builder().build(), &told(&policy));
    check(&types::LifecycleHook::builder().build(), &told(&hook));
    check(&types::NotificationConfiguration::builder().build(), &told(&["topic_arn", "notification_type"]));
    let tag = [all(&["key", "value", "propagate_at_launch"], Told), all(&["resource_id", "resource_type"], IDENTITY)];
    check(&types::TagDescription::builder().build(), &tag.concat());
    check(&types::TrafficSourceIdentifier::builder().build(), &all(&["identifier", "type"], Told));
}
