//! What EC2 and Auto Scaling tell of the nodes of a cluster: launch templates, Auto Scaling groups, security groups.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use testing::fate::{Shape, autoscaling, ec2 as table};

use super::{Side, UNKNOWN, answers};
use crate::aws::Aws;
use crate::error::{Context, Result};
use crate::world::{BLUE, GREEN, ec2};

/// What hangs on an Auto Scaling group: action, list, kind, what it is named by, type.
const OF_GROUPS: [(&str, &str, &str, &str, &Shape); 4] = [
    (
        "DescribeScheduledActions",
        "ScheduledUpdateGroupActions",
        "scheduled action",
        "ScheduledActionName",
        &autoscaling::SCHEDULED_ACTION,
    ),
    ("DescribePolicies", "ScalingPolicies", "scaling policy", "PolicyName", &autoscaling::SCALING_POLICY),
    ("DescribeLifecycleHooks", "LifecycleHooks", "lifecycle hook", "LifecycleHookName", &autoscaling::LIFECYCLE_HOOK),
    (
        "DescribeNotificationConfigurations",
        "NotificationConfigurations",
        "notification",
        "NotificationType",
        &autoscaling::NOTIFICATION,
    ),
];

/// The security groups of a cluster, whose names have its own; Bascule's copies have the tags of what they are copies of.
pub(super) async fn security_groups(aws: &Aws, cluster: &str, side: &mut Side) -> Result<()> {
    for group in ec2(aws, "DescribeSecurityGroups", &[]).await?.list("securityGroupInfo") {
        let told = answers::json(group);
        let tag = |key: &str| {
            let tags = told["tagSet"].as_array().into_iter().flatten();
            tags.filter(|tag| tag["key"] == key).find_map(|tag| tag["value"].as_str()).unwrap_or_default()
        };
        let text = |member: &str| told[member].as_str().unwrap_or_default();
        let is_copy = tag("bascule:side") == "green";
        let named = if tag("Name").is_empty() { text("groupName") } else { tag("Name") };
        let is_its = if is_copy { cluster == GREEN } else { text("groupName").contains(cluster) };
        // EKS makes the cluster's own, whose name has a random end.
        if !is_its || text("groupName").starts_with("eks-cluster-sg-") {
            continue;
        }
        let name = named.replace(BLUE, "*").replace(GREEN, "*");
        side.names(format!("the security group {name}"), text("groupId"));
        let rules = ["groupDescription", "ipPermissions", "ipPermissionsEgress"];
        let rules = rules.iter().map(|member| ((*member).to_owned(), told[*member].clone()));
        side.add("security group", name, UNKNOWN, Value::Object(rules.collect()));
    }
    Ok(())
}

/// What is behind the node groups that are there already.
pub(super) async fn read(aws: &Aws, cluster: &str, side: &mut Side) -> Result<()> {
    let groups: Vec<(String, Value)> = side
        .things
        .iter()
        .filter(|thing| thing.kind == "node group")
        .map(|thing| (thing.name.clone(), thing.told.clone()))
        .collect();
    for (name, group) in groups {
        let template = &group["launchTemplate"];
        if let (Some(id), Some(version)) = (template["id"].as_str(), template["version"].as_str()) {
            side.names(format!("the launch template of {name}"), id);
            side.names(
                format!("the name of the launch template of {name}"),
                template["name"].as_str().unwrap_or_default(),
            );
            let asked = [("LaunchTemplateId", id), ("LaunchTemplateVersion.1", version)];
            let answer = ec2(aws, "DescribeLaunchTemplateVersions", &asked).await?;
            let found = answer.list("launchTemplateVersionSet").first();
            let mut told = answers::json(found.context(format!("version {version} of {id}"))?);
            // What it says of the cluster is compared as text.
            if let Some(data) = told["launchTemplateData"]["userData"].as_str().map(|data| STANDARD.decode(data)) {
                let data = data.context("user data in base64")?;
                told["launchTemplateData"]["userData"] = String::from_utf8_lossy(&data).into();
            }
            side.add("launch template", &name, &table::TEMPLATE_VERSION, told);
        }
        for scaling in group["resources"]["autoScalingGroups"].as_array().into_iter().flatten() {
            scaling_group(aws, &name, scaling["name"].as_str().unwrap_or_default(), side).await?;
        }
    }
    tracing::debug!(cluster, "nodes read");
    Ok(())
}

async fn scaling_group(aws: &Aws, node_group: &str, group: &str, side: &mut Side) -> Result<()> {
    let call = async |action: &'static str, parameter: &str| {
        aws.query("autoscaling", "2011-01-01", action, &[(parameter, group)]).await
    };
    side.names(format!("the Auto Scaling group of {node_group}"), group);
    let answer = call("DescribeAutoScalingGroups", "AutoScalingGroupNames.member.1").await?;
    let found = answer.list("AutoScalingGroups").first().context(format!("the Auto Scaling group {group}"))?;
    side.add("Auto Scaling group", node_group, &autoscaling::GROUP, answers::json(found));
    for (action, list, kind, named_by, shape) in OF_GROUPS {
        let is_list = action == "DescribeNotificationConfigurations";
        let parameter = if is_list { "AutoScalingGroupNames.member.1" } else { "AutoScalingGroupName" };
        for one in call(action, parameter).await?.list(list) {
            let name = format!("{} of {node_group}", one.value(named_by).unwrap_or_default());
            side.add(kind, name, shape, answers::json(one));
        }
    }
    Ok(())
}
