//! Every member of what Elastic Load Balancing tells of a Network Load Balancer and what is attached to it has its fate.

use crate::fate::check_shape;
use aws_sdk_elasticloadbalancingv2::types;
use testing::fate::elastic_load_balancing as table;

#[test]
fn every_member_of_a_load_balancer_has_its_fate() {
    check_shape(&types::LoadBalancer::builder().build(), &table::LOAD_BALANCER);
    check_shape(&types::AvailabilityZone::builder().build(), &table::AVAILABILITY_ZONE);
}

#[test]
fn every_member_of_a_target_group_has_its_fate() {
    check_shape(&types::TargetGroup::builder().build(), &table::TARGET_GROUP);
    check_shape(&types::Matcher::builder().build(), &table::MATCHER);
}

#[test]
fn every_member_of_a_listener_has_its_fate() {
    check_shape(&types::Listener::builder().build(), &table::LISTENER);
    check_shape(&types::Certificate::builder().build(), &table::CERTIFICATE);
    check_shape(&types::Action::builder().build(), &table::ACTION);
    check_shape(&types::ForwardActionConfig::builder().build(), &table::FORWARD);
    check_shape(&types::TargetGroupTuple::builder().build(), &table::FORWARD_TARGET);
}
