//! Managed node groups: create, describe, list, delete.
//!
//! <https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html>. The instances are
//! in an Auto Scaling group named `eks-<node group>-<uuid>`; see [`super::nodegroup_lifecycle`].

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    Outcome, access_entry,
    cluster::{self, Cluster},
    fault::Fault,
    nodegroup_lifecycle,
    request::{Request, page},
    stored::{Stored, checked_name, texts},
    version,
};
use crate::{
    account::Account,
    autoscaling::group::Group,
    ec2::{self, LaunchTemplate, Subnet},
    identifier,
};

/// A node group and its Auto Scaling group.
#[derive(Clone, Debug, Default)]
pub(crate) struct Nodegroup {
    /// The node group in the format of `DescribeNodegroup`.
    pub(crate) stored: Stored,
    /// The Auto Scaling group's name.
    pub(crate) group: String,
}

/// `ResourceNotFoundException` for a node group.
fn absent(cluster: &str, group: &str) -> Fault {
    Fault::not_found(format!("No node group found for name: {group}.")).of(cluster).with("nodegroupName", group)
}

/// A node group of a cluster, to change it.
pub(super) fn find_mut<'a>(cluster: &'a mut Cluster, name: &str, group: &str) -> Result<&'a mut Nodegroup, Fault> {
    cluster.nodegroups.get_mut(group).ok_or_else(|| absent(name, group))
}

/// Reads and checks the sizes `(min, desired, max)`, by default 1, 2 and 2.
pub(super) fn scaling(asked: &Value) -> Result<(i64, i64, i64), Fault> {
    let size = |member: &str, default: i64| asked[member].as_i64().unwrap_or(default);
    let (least, wanted, most) = (size("minSize", 1), size("desiredSize", 2), size("maxSize", 2));
    if most < 1 || least < 0 {
        return Err(Fault::invalid_parameter("maxSize must be at least 1 and minSize at least 0"));
    }
    if least > most {
        return Err(Fault::invalid_parameter(format!(
            "Minimum capacity {least} can't be greater than maximum size {most}"
        )));
    }
    if wanted < least {
        return Err(Fault::invalid_parameter(format!(
            "Minimum capacity {least} can't be greater than desired size {wanted}"
        )));
    }
    if wanted > most {
        return Err(Fault::invalid_parameter(format!(
            "desired capacity {wanted} can't be greater than max size {most}"
        )));
    }
    Ok((least, wanted, most))
}

/// The launch template version of a request, checked by the rules of
/// <https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html>.
async fn launch_template(account: &Account, request: &Request) -> Result<Option<LaunchTemplate>, Fault> {
    let asked = match request.body.get("launchTemplate") {
        None | Some(Value::Null) => return Ok(None),
        Some(asked) => asked,
    };
    let (id, name) = (asked["id"].as_str(), asked["name"].as_str());
    if id.is_some() == name.is_some() {
        return Err(Fault::invalid_parameter(
            "You must specify either the launch template ID or the launch template name, but not both.",
        ));
    }
    let version = asked["version"].as_str().unwrap_or("$Default");
    let template = ec2::launch_template(&account.neighbours, id, name, version).await.map_err(|fault| {
        Fault::invalid_request(format!("Launch template could not be read: {} ({})", fault.message, fault.code))
    })?;
    for member in ["diskSize", "remoteAccess"] {
        if request.body.get(member).is_some_and(|value| !value.is_null()) {
            return Err(Fault::invalid_parameter(format!(
                "{member} cannot be specified when a launch template is used."
            )));
        }
    }
    if template.instance_type.is_some() && !texts(&request.member_or("instanceTypes", Value::Null)).is_empty() {
        return Err(Fault::invalid_parameter(
            "Instance types can be specified in the launch template or in the request, not in both.",
        ));
    }
    if template.image.is_some() {
        let fixed = ["amiType", "releaseVersion", "version"]
            .iter()
            .find(|member| request.text(member).is_some_and(|value| value != "CUSTOM"));
        if let Some(member) = fixed {
            return Err(Fault::invalid_parameter(format!(
                "You cannot specify {member} when the launch template has a custom AMI."
            )));
        }
    }
    Ok(Some(template))
}

/// Subnets and launch template of a create, read from EC2.
struct Found {
    subnets: Vec<Subnet>,
    template: Option<LaunchTemplate>,
}

/// `CreateNodegroup`
pub(crate) async fn create(account: &Arc<Account>, name: &str, request: &Request) -> Outcome {
    let group = request.required("nodegroupName")?.to_owned();
    if let Some(answer) = refused_or_repeated(account, name, &group, request)? {
        return Ok(answer);
    }
    request.required("nodeRole")?;
    checked_name(&group)?;
    let subnet_ids = texts(&request.member_or("subnets", Value::Null));
    if subnet_ids.is_empty() {
        return Err(Fault::invalid_parameter("subnets is required.").of(name));
    }
    let subnets = ec2::subnets(&account.neighbours, &subnet_ids).await.map_err(|fault| Fault::from(fault).of(name))?;
    let template =
        launch_template(account, request).await.map_err(|fault| fault.of(name).with("nodegroupName", &group))?;
    let sizes = scaling(&request.member_or("scalingConfig", json!({}))).map_err(|fault| fault.of(name))?;

    if let Some(answer) = refused_or_repeated(account, name, &group, request)? {
        return Ok(answer);
    }
    let mut state = account.state();
    let cluster = cluster::find_mut(&mut state, name)?;
    let vpc = cluster.stored.resource["resourcesVpcConfig"]["vpcId"].as_str().unwrap_or_default().to_owned();
    if let Some(foreign) = subnets.iter().find(|subnet| subnet.vpc != vpc) {
        return Err(
            Fault::invalid_parameter(format!("Subnet {} is not in the VPC {vpc} of the cluster.", foreign.id)).of(name)
        );
    }
    let node_version = request.text("version").unwrap_or(cluster.version()).to_owned();
    refuse_skew(&node_version, cluster.version()).map_err(|fault| fault.of(name))?;
    let security_group =
        cluster.stored.resource["resourcesVpcConfig"]["clusterSecurityGroupId"].as_str().map(str::to_owned);
    let found = Found { subnets, template };
    let resource = resource(account, request, name, &group, &node_version, sizes, &found)?;
    let scaling_group = Group::of_nodegroup(account, &resource, found.subnets, found.template, security_group);
    let stored = Stored { resource, request: request.body.clone() };
    let answer = json!({ "nodegroup": stored.resource });
    if cluster.authentication_mode() != "CONFIG_MAP" {
        let role = request.required("nodeRole")?.to_owned();
        let entry = access_entry::of_nodes(account, name, &role);
        cluster.access_entries.entry(role).or_insert(entry);
    }
    cluster.nodegroups.insert(group.clone(), Nodegroup { stored, group: scaling_group.name.clone() });
    state.groups.insert(scaling_group.name.clone(), scaling_group);
    drop(state);
    nodegroup_lifecycle::create(account, name, &group);
    Ok(answer)
}

fn refused_or_repeated(account: &Account, name: &str, group: &str, request: &Request) -> Result<Option<Value>, Fault> {
    let state = account.state();
    let cluster = cluster::find(&state, name)?;
    if let Some(existing) = cluster.nodegroups.get(group) {
        return match existing.stored.repeated(request) {
            Some(resource) => Ok(Some(json!({ "nodegroup": resource }))),
            None => Err(Fault::in_use(format!("NodeGroup already exists with name {group} and cluster name {name}"))
                .of(name)
                .with("nodegroupName", group)),
        };
    }
    // eksctl-io/eksctl#2244: while the cluster is UPDATING too.
    if cluster.stored.status() != "ACTIVE" {
        return Err(Fault::invalid_request(format!("Cluster '{name}' is not in ACTIVE status")).of(name));
    }
    Ok(None)
}

/// Refuses nodes that are newer than the control plane or more than three minor versions older
/// (<https://kubernetes.io/releases/version-skew-policy/>).
fn refuse_skew(node: &str, control_plane: &str) -> Result<(), Fault> {
    match (version::minor(node), version::minor(control_plane)) {
        (Some(node), Some(control_plane)) if node <= control_plane && node + 3 >= control_plane => Ok(()),
        _ => Err(Fault::invalid_parameter(format!(
            "Nodegroup version {node} is not supported by control plane version {control_plane}"
        ))),
    }
}

fn resource(
    account: &Account,
    request: &Request,
    cluster: &str,
    group: &str,
    node_version: &str,
    sizes: (i64, i64, i64),
    found: &Found,
) -> Result<Value, Fault> {
    let now = identifier::epoch_seconds();
    let id = identifier::uuid();
    let custom = found.template.as_ref().is_some_and(|template| template.image.is_some());
    let mut value = json!({
        "nodegroupName": group,
        "nodegroupArn": account.arn("eks", &format!("nodegroup/{cluster}/{group}/{id}")),
        "clusterName": cluster,
        "createdAt": now,
        "modifiedAt": now,
        "status": "CREATING",
        "capacityType": request.text("capacityType").unwrap_or("ON_DEMAND"),
        "scalingConfig": { "minSize": sizes.0, "desiredSize": sizes.1, "maxSize": sizes.2 },
        "subnets": request.member_or("subnets", json!([])),
        "amiType": if custom { "CUSTOM" } else { request.text("amiType").unwrap_or("AL2023_x86_64_STANDARD") },
        "nodeRole": request.required("nodeRole")?,
        "labels": request.member_or("labels", json!({})),
        "taints": request.member_or("taints", json!([])),
        "resources": { "autoScalingGroups": [{ "name": format!("eks-{group}-{id}") }] },
        "health": { "issues": [] },
        "updateConfig": request.member_or("updateConfig", json!({ "maxUnavailable": 1 })),
        "tags": request.tags()?,
        "version": node_version,
        "releaseVersion": version::ami_release(node_version),
    });
    if custom && let Some(template) = &found.template {
        value["releaseVersion"] = json!(template.image);
    }
    match &found.template {
        Some(template) => {
            value["launchTemplate"] = json!({ "id": template.id, "name": template.name, "version": template.version });
        }
        None => value["diskSize"] = request.member_or("diskSize", json!(20)),
    }
    if found.template.as_ref().is_none_or(|template| template.instance_type.is_none()) {
        value["instanceTypes"] = request.member_or("instanceTypes", json!(["t3.medium"]));
    }
    for kept in ["remoteAccess", "nodeRepairConfig"] {
        if let Some(asked) = request.body.get(kept).filter(|asked| !asked.is_null()) {
            value[kept] = asked.clone();
        }
    }
    Ok(value)
}

/// `DescribeNodegroup`
pub(crate) fn describe(account: &Account, name: &str, group: &str) -> Outcome {
    let state = account.state();
    let found = cluster::find(&state, name)?.nodegroups.get(group).ok_or_else(|| absent(name, group))?;
    Ok(json!({ "nodegroup": found.stored.resource }))
}

/// `ListNodegroups`
pub(crate) fn list(account: &Account, name: &str, request: &Request) -> Outcome {
    page(
        request,
        "nodegroups",
        cluster::find(&account.state(), name)?.nodegroups.keys().map(|group| json!(group)).collect(),
    )
}

/// `DeleteNodegroup`
pub(crate) fn delete(account: &Arc<Account>, name: &str, group: &str) -> Outcome {
    let mut state = account.state();
    let found = find_mut(cluster::find_mut(&mut state, name)?, name, group)?;
    if matches!(found.stored.status(), "DELETING" | "UPDATING" | "CREATING") {
        let message = format!("Cannot delete because nodegroup {group} is in status {}", found.stored.status());
        return Err(Fault::in_use(message).of(name).with("nodegroupName", group));
    }
    found.stored.set("status", json!("DELETING"));
    let answer = json!({ "nodegroup": found.stored.resource });
    drop(state);
    nodegroup_lifecycle::delete(account, name, group);
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_to_fit_together() {
        assert_eq!(scaling(&json!({ "minSize": 1, "desiredSize": 2, "maxSize": 3 })).unwrap(), (1, 2, 3));
        assert!(scaling(&json!({ "desiredSize": 4, "maxSize": 3 })).is_err());
        assert!(scaling(&json!({ "minSize": 3, "desiredSize": 2, "maxSize": 3 })).is_err());
        assert!(scaling(&json!({ "maxSize": 0, "minSize": 0, "desiredSize": 0 })).is_err());
    }

    #[test]
    fn nodes_are_not_newer_than_the_control_plane_and_at_most_three_versions_older() {
        assert!(refuse_skew("1.33", "1.33").is_ok());
        assert!(refuse_skew("1.34", "1.33").is_err());
        assert!(refuse_skew("1.30", "1.33").is_ok());
        assert!(refuse_skew("1.30", "1.34").is_err());
    }
}
