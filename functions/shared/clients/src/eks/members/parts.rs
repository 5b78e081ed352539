//! The parts of these that are copied whole.

use crate::fate::{Fate::Copied, all, check};
use aws_sdk_eks::types;

#[test]
fn every_member_of_the_parts_of_a_cluster_has_its_fate() {
    let copied = |names: &[&'static str]| all(names, Copied);
    check(&types::Logging::builder().build(), &copied(&["cluster_logging"]));
    check(&types::LogSetup::builder().build(), &copied(&["types", "enabled"]));
    check(&types::EncryptionConfig::builder().build(), &copied(&["resources", "provider"]));
    check(&types::Provider::builder().build(), &copied(&["key_arn"]));
    check(&types::UpgradePolicyResponse::builder().build(), &copied(&["support_type"]));
    check(&types::ZonalShiftConfigResponse::builder().build(), &copied(&["enabled"]));
    check(&types::ControlPlaneScalingConfig::builder().build(), &copied(&["tier"]));
    check(&types::ServiceNodePortRange::builder().build(), &copied(&["min_port", "max_port"]));
    check(&types::NodeResourcesFitConfig::builder().build(), &copied(&["scoring_strategy"]));
    check(&types::ScoringStrategy::builder().build(), &copied(&["type", "resources"]));
    check(&types::ResourceWeight::builder().build(), &copied(&["name", "weight"]));
    let period = ["horizontal_pod_autoscaler_sync_period"];
    check(&types::HorizontalPodAutoscalerControllerConfigResponse::builder().build(), &copied(&period));
    check(&types::PodGcControllerConfigResponse::builder().build(), &copied(&["terminated_pod_gc_threshold"]));
}

#[test]
fn every_member_of_the_parts_of_a_node_group_has_its_fate() {
    let copied = |names: &[&'static str]| all(names, Copied);
    check(&types::NodegroupScalingConfig::builder().build(), &copied(&["min_size", "max_size", "desired_size"]));
    check(&types::RemoteAccessConfig::builder().build(), &copied(&["ec2_ssh_key", "source_security_groups"]));
    check(&types::Taint::builder().build(), &copied(&["key", "value", "effect"]));
    // Green's group uses the one version of the template's clone.
    check(&types::LaunchTemplateSpecification::builder().build(), &copied(&["name", "version", "id"]));
}

#[test]
fn every_member_of_the_parts_of_what_hangs_on_a_cluster_has_its_fate() {
    check(&types::AddonNamespaceConfigResponse::builder().build(), &[("namespace", Copied)]);
    check(&types::AccessScope::builder().build(), &[("type", Copied), ("namespaces", Copied)]);
}
