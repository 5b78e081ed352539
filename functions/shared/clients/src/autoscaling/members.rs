//! Every member of an Auto Scaling group of a managed node group has its fate.

use crate::fate::check_shape;
use aws_sdk_autoscaling::types;
use testing::fate::autoscaling as table;

#[test]
fn every_member_of_an_auto_scaling_group_has_its_fate() {
    check_shape(&types::AutoScalingGroup::builder().build(), &table::GROUP);
    check_shape(&types::TagDescription::builder().build(), &table::TAG);
    check_shape(&types::TrafficSourceIdentifier::builder().build(), &table::TRAFFIC_SOURCE);
}

#[test]
fn every_member_of_what_hangs_on_a_group_has_its_fate() {
    check_shape(&types::ScheduledUpdateGroupAction::builder().build(), &table::SCHEDULED_ACTION);
    check_shape(&types::ScalingPolicy::builder().build(), &table::SCALING_POLICY);
    check_shape(&types::LifecycleHook::builder().build(), &table::LIFECYCLE_HOOK);
    check_shape(&types::NotificationConfiguration::builder().build(), &table::NOTIFICATION);
}
