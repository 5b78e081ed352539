//! What Auto Scaling tells of the group of a managed node group and of what hangs on it. What people set there preflight tells, to be made
//! again by whoever made it.

use super::Fate::{Differs, Told};
use super::{IDENTITY, Shape};

/// `AutoScalingGroup`
pub const GROUP: Shape = Shape {
    members: &[
        (
            Differs("EKS sets it on green's from the node group"),
            &[
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
            ],
        ),
        (
            Told,
            &[
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
            ],
        ),
        (
            IDENTITY,
            &[
                "auto_scaling_group_arn",
                "auto_scaling_group_name",
                "created_time",
                "instances",
                "predicted_capacity",
                "status",
                "warm_pool_size",
            ],
        ),
    ],
    parts: &[("tags", &TAG), ("traffic_sources", &TRAFFIC_SOURCE)],
};

/// `TagDescription`
pub const TAG: Shape =
    Shape::of(&[(Told, &["key", "value", "propagate_at_launch"]), (IDENTITY, &["resource_id", "resource_type"])]);

/// `TrafficSourceIdentifier`
pub const TRAFFIC_SOURCE: Shape = Shape::of(&[(Told, &["identifier", "type"])]);

const OF_GROUP: (super::Fate, &[&str]) = (IDENTITY, &["auto_scaling_group_name"]);

/// `ScheduledUpdateGroupAction`
pub const SCHEDULED_ACTION: Shape = Shape::of(&[
    (
        Told,
        &[
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
        ],
    ),
    OF_GROUP,
]);

/// `ScalingPolicy`
pub const SCALING_POLICY: Shape = Shape::of(&[
    (
        Told,
        &[
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
        ],
    ),
    OF_GROUP,
]);

/// `LifecycleHook`
pub const LIFECYCLE_HOOK: Shape = Shape::of(&[
    (
        Told,
        &[
            "lifecycle_hook_name",
            "lifecycle_transition",
            "notification_target_arn",
            "role_arn",
            "notification_metadata",
            "heartbeat_timeout",
            "global_timeout",
            "default_result",
        ],
    ),
    OF_GROUP,
]);

/// `NotificationConfiguration`
pub const NOTIFICATION: Shape = Shape::of(&[(Told, &["topic_arn", "notification_type"]), OF_GROUP]);
