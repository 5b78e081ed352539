//! What people set on the Auto Scaling group of a managed node group: EKS makes green's without it.

use crate::error::phase_error;
use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::types::AutoScalingGroup;
use domain::PhaseError;

/// Lifecycle hooks that EKS makes itself (<https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html>).
const HOOKS_OF_EKS: [&str; 2] = ["Launch-LC-Hook", "Terminate-LC-Hook"];

/// Tags that EKS or AWS give, and those that EKS wants for the cluster autoscaler of every managed node group
/// (<https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html>).
const TAGS_OF_EKS: [&str; 5] =
    ["eks:", "aws:", "kubernetes.io/cluster/", "k8s.io/cluster-autoscaler/enabled", "k8s.io/cluster/"];

/// What EKS sets on the groups that it makes, in the order in which
/// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_AutoScalingGroup.html> has it: anything else was set by people.
pub(super) fn of(group: &AutoScalingGroup) -> Vec<String> {
    let set = [
        (!group.load_balancer_names().is_empty(), "LoadBalancerNames"),
        (group.max_instance_lifetime().is_some_and(|seconds| seconds != 0), "MaxInstanceLifetime"),
        (group.new_instances_protected_from_scale_in() == Some(true), "NewInstancesProtectedFromScaleIn"),
        (group.placement_group().is_some_and(|name| !name.is_empty()), "PlacementGroup"),
        (group.warm_pool_configuration().is_some(), "WarmPoolConfiguration"),
        (group.instance_maintenance_policy().is_some(), "InstanceMaintenancePolicy"),
        (group.availability_zone_impairment_policy().is_some(), "AvailabilityZoneImpairmentPolicy"),
        (group.instance_lifecycle_policy().is_some(), "InstanceLifecyclePolicy"),
        (group.context().is_some_and(|context| !context.is_empty()), "Context"),
        (!group.enabled_metrics().is_empty(), "EnabledMetrics"),
        (group.default_instance_warmup().is_some(), "DefaultInstanceWarmup"),
    ];
    let set = set.iter().filter(|(is_set, _)| *is_set).map(|(_, name)| (*name).to_owned());
    let suspended = group.suspended_processes().iter().filter_map(|process| process.process_name());
    // EKS suspends it itself where it launches instances for an update.
    let suspended = suspended.filter(|name| *name != "AZRebalance").map(|name| format!("the suspended process {name}"));
    // Of Elastic Load Balancing's the target groups tell.
    let sources = group.traffic_sources().iter().filter(|source| source.r#type() != Some("elbv2"));
    let sources = sources.filter_map(|source| source.identifier()).map(|name| format!("the traffic source {name}"));
    let tags = group.tags().iter().filter_map(|tag| tag.key());
    let own = |key: &&str| !TAGS_OF_EKS.iter().any(|prefix| key.starts_with(prefix)) && *key != "Name";
    let tags = tags.filter(own).map(|key| format!("the tag {key}"));
    set.chain(suspended).chain(sources).chain(tags).collect()
}

/// What hangs on the group: scheduled actions, scaling policies, lifecycle hooks, notifications.
pub(super) async fn hung_on(client: &Client, group: &str) -> Result<Vec<String>, PhaseError> {
    let failed = |what: &str| format!("reading the {what} of {group}");
    let mut hung = Vec::new();
    let actions = client.describe_scheduled_actions().auto_scaling_group_name(group).into_paginator().items().send();
    let actions = actions.collect::<Result<Vec<_>, _>>().await;
    let actions = actions.map_err(|error| phase_error(&failed("scheduled actions"), &error))?;
    hung.extend(
        actions
            .into_iter()
            .filter_map(|action| action.scheduled_action_name)
            .map(|name| format!("the scheduled action {name}")),
    );
    let policies = client.describe_policies().auto_scaling_group_name(group).into_paginator().items().send();
    let policies = policies.collect::<Result<Vec<_>, _>>().await;
    let policies = policies.map_err(|error| phase_error(&failed("scaling policies"), &error))?;
    hung.extend(
        policies.into_iter().filter_map(|policy| policy.policy_name).map(|name| format!("the scaling policy {name}")),
    );
    let hooks = client.describe_lifecycle_hooks().auto_scaling_group_name(group).send().await;
    let hooks = hooks.map_err(|error| phase_error(&failed("lifecycle hooks"), &error))?;
    let hooks = hooks.lifecycle_hooks().iter().filter_map(|hook| hook.lifecycle_hook_name());
    hung.extend(hooks.filter(|name| !HOOKS_OF_EKS.contains(name)).map(|name| format!("the lifecycle hook {name}")));
    let topics =
        client.describe_notification_configurations().auto_scaling_group_names(group).into_paginator().items().send();
    let topics = topics.collect::<Result<Vec<_>, _>>().await;
    let topics = topics.map_err(|error| phase_error(&failed("notifications"), &error))?;
    hung.extend(topics.into_iter().filter_map(|topic| topic.topic_arn).map(|arn| format!("notifications to {arn}")));
    hung.dedup();
    Ok(hung)
}
