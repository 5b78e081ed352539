//! `DescribeAutoScalingGroups`.
//!
//! <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingGroups.html>

use std::collections::BTreeSet;

use super::{
    Outcome, attachment,
    group::{Group, Instance, Lifecycle},
};
use crate::{account::Account, ec2::LaunchTemplate, query_protocol::Parameters, xml::Element};

impl Group {
    fn element(&self) -> Vec<Element> {
        let zones: BTreeSet<&str> = self.subnets.iter().map(|subnet| subnet.zone.as_str()).collect();
        let subnets: Vec<&str> = self.subnets.iter().map(|subnet| subnet.id.as_str()).collect();
        let mut element = vec![
            Element::text("AutoScalingGroupName", &self.name),
            Element::text("AutoScalingGroupARN", &self.arn),
            Element::text("MinSize", self.sizes.0),
            Element::text("MaxSize", self.sizes.2),
            Element::text("DesiredCapacity", self.sizes.1),
            Element::text("DefaultCooldown", 300),
            Element::texts("AvailabilityZones", zones),
            Element::new("LoadBalancerNames", Vec::new()),
            Element::texts("TargetGroupARNs", self.attachments.keys()),
            Element::text("HealthCheckType", "EC2"),
            Element::text("HealthCheckGracePeriod", 15),
            Element::members("Instances", self.instances.values().map(|instance| self.instance_element(instance))),
            Element::text("CreatedTime", &self.created),
            Element::new("SuspendedProcesses", Vec::new()),
            Element::text("VPCZoneIdentifier", subnets.join(",")),
            Element::new("EnabledMetrics", Vec::new()),
            Element::members(
                "Tags",
                self.tags.iter().map(|(key, (value, propagate))| tag_element(&self.name, key, value, *propagate)),
            ),
            Element::texts("TerminationPolicies", ["AllocationStrategy", "OldestLaunchTemplate", "OldestInstance"]),
            Element::text("NewInstancesProtectedFromScaleIn", false),
            Element::text("CapacityRebalance", true),
            Element::members("TrafficSources", self.attachments.keys().map(|arn| attachment::source(arn))),
        ];
        if self.deleting {
            element.push(Element::text("Status", "Delete in progress"));
        }
        if let Some(template) = &self.settings.template {
            let specification = Element::new("LaunchTemplateSpecification", template_element(template));
            let overrides =
                Element::members("Overrides", [vec![Element::text("InstanceType", &self.settings.instance_type)]]);
            element.push(Element::new(
                "MixedInstancesPolicy",
                vec![Element::new("LaunchTemplate", vec![specification, overrides])],
            ));
        }
        element
    }

    fn instance_element(&self, instance: &Instance) -> Vec<Element> {
        let mut element = vec![
            Element::text("InstanceId", &instance.id),
            Element::text("InstanceType", &instance.machine),
            Element::text("AvailabilityZone", &instance.zone),
            Element::text("LifecycleState", format!("{:?}", instance.lifecycle)),
            Element::text(
                "HealthStatus",
                if instance.lifecycle == Lifecycle::Terminating { "Unhealthy" } else { "Healthy" },
            ),
            Element::text("ProtectedFromScaleIn", false),
        ];
        if let Some(template) = &self.settings.template {
            element.push(Element::new("LaunchTemplate", template_element(template)));
        }
        element
    }
}

fn template_element(template: &LaunchTemplate) -> Vec<Element> {
    vec![
        Element::text("LaunchTemplateId", &template.id),
        Element::text("LaunchTemplateName", &template.name),
        Element::text("Version", &template.version),
    ]
}

/// `DescribeAutoScalingGroups`
#[allow(clippy::unnecessary_wraps, reason = "one of the operations, all of which may refuse")]
pub(crate) fn describe(account: &Account, sent: &Parameters) -> Outcome {
    let names = sent.list("AutoScalingGroupNames");
    let filters = sent.structures("Filters");
    let state = account.state();
    let groups = state
        .groups
        .values()
        .filter(|group| names.is_empty() || names.contains(&group.name))
        .filter(|group| filters.iter().all(|filter| matches_filter(group, filter)));
    Ok(vec![Element::members("AutoScalingGroups", groups.map(Group::element))])
}

fn matches_filter(group: &Group, filter: &Parameters) -> bool {
    let values = filter.list("Values");
    match filter.get("Name").unwrap_or_default() {
        "tag-key" => values.iter().any(|key| group.tags.contains_key(key)),
        "tag-value" => group.tags.values().any(|(value, _)| values.contains(value)),
        name => name
            .strip_prefix("tag:")
            .and_then(|key| group.tags.get(key))
            .is_some_and(|(value, _)| values.contains(value)),
    }
}

/// A tag in the format of the API.
fn tag_element(group: &str, key: &str, value: &str, propagate: bool) -> Vec<Element> {
    vec![
        Element::text("ResourceId", group),
        Element::text("ResourceType", "auto-scaling-group"),
        Element::text("Key", key),
        Element::text("Value", value),
        Element::text("PropagateAtLaunch", propagate),
    ]
}
