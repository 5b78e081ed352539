//! Blue's node groups and launch templates, and nodes that no managed node group made.

pub(super) mod changes;
mod custom;

use super::{BLUE, control_plane::minor};
use domain::{
    Input, Limit, PhaseError, Problem,
    plan::compute::{Cluster, Compute, LaunchTemplate, NodeGroup},
    ports::{
        Clusters, LaunchTemplates, Network, NodeGroups,
        network::{Instance, InstanceType, UserDataOf},
    },
    resources::node_pool,
};

pub(super) async fn read<P: NodeGroups + LaunchTemplates + Network>(
    ports: &P,
    input: &Input,
    types: &[InstanceType],
    compute: &mut Compute,
    problems: &mut Vec<Problem>,
) -> Result<Vec<String>, PhaseError> {
    let blue = compute.blue.name.clone();
    let mut names = compute.blue.names();
    names.retain(|name| !input.workloads.replace.iter().any(|word| word.blue == *name));
    let user_data = UserDataOf { names, cluster: compute.blue.clone() };
    for name in ports.node_groups(&blue).await? {
        let Some(mut group) = ports.node_group(&blue, &name).await? else { continue };
        problems.extend(refusals(&group).into_iter().map(|message| Problem::new(BLUE, message)));
        if let Some(key) = group.launch_template.clone() {
            let (id, version) = key.split_once('@').unwrap_or((&key, "$Default"));
            match ports.launch_template(id, version, &user_data).await? {
                Some(template) => {
                    problems.extend(
                        template_refusals(&name, &template).into_iter().map(|message| Problem::new(BLUE, message)),
                    );
                    group.launch_template = Some(template.key());
                    if !compute.launch_templates.iter().any(|known| known.key() == template.key()) {
                        compute.launch_templates.push(template);
                    }
                }
                None => problems.push(Problem::new(
                    BLUE,
                    format!(
                        "the node group {name} names the launch template {id}, version {version}, which does not exist"
                    ),
                )),
            }
        }
        compute.node_groups.push(group);
    }
    if compute.node_groups.is_empty() && compute.blue.auto_mode.is_none() {
        problems.push(Problem::new(
            BLUE,
            "has no managed node group and is not in EKS Auto Mode, expected one of these: only such nodes are cloned",
        ));
    }
    place(ports, input, compute).await?;
    // A green of the user's has nodes of its own.
    let advice = if input.green.existing {
        Vec::new()
    } else {
        let images = custom::images(ports, input, compute).await?;
        let (wrong, advice) = changes::apply(input, types, &images, compute);
        problems.extend(wrong);
        advice
    };
    problems.extend(strangers(ports, &compute.blue, input.green.existing).await?);
    Ok(advice)
}

fn refusals(group: &NodeGroup) -> Vec<String> {
    let name = &group.name;
    let mut refusals = Vec::new();
    if group.status != "ACTIVE" {
        refusals.push(format!("the node group {name} is {}, expected ACTIVE; wait or repair it", group.status));
    }
    for setting in &group.not_copied {
        let message = format!("the node group {name} uses {setting}, which is not cloned");
        refusals.push(Limit::NotCloned.told(&message));
    }
    refusals
}

fn template_refusals(group: &str, template: &LaunchTemplate) -> Vec<String> {
    let name = format!(
        "the launch template {} ({}, version {}) of the node group {group}",
        template.name, template.id, template.version
    );
    let not_cloned = |field: &String| Limit::NotCloned.told(&format!("{name} sets {field}, which is not cloned"));
    let mut refusals: Vec<_> = template.data.not_copied.iter().map(not_cloned).collect();
    if template.data.user_data_names_blue {
        refusals.push(format!("the user data of {name} names blue, its endpoint or its OIDC issuer, so it would join green's nodes to blue; leave that to EKS, or say in workloads.replace what it becomes on green"));
    }
    refusals
}

/// Where green's node groups go: where blue's are, or, on subnets of the input, into the same Availability Zones.
async fn place<P: Network>(ports: &P, input: &Input, compute: &mut Compute) -> Result<(), PhaseError> {
    if input.green.subnet_ids.is_empty() {
        for group in &mut compute.node_groups {
            group.green_subnet_ids.clone_from(&group.subnet_ids);
        }
        return Ok(());
    }
    let all: Vec<_> = compute
        .node_groups
        .iter()
        .flat_map(|group| group.subnet_ids.clone())
        .chain(input.green.subnet_ids.clone())
        .collect();
    let subnets = ports.subnets(&all).await?;
    let zone = |id: &String| subnets.iter().find(|subnet| subnet.id == *id).map(|subnet| &subnet.availability_zone);
    for group in &mut compute.node_groups {
        let zones: Vec<_> = group.subnet_ids.iter().filter_map(zone).collect();
        let same: Vec<_> = input
            .green
            .subnet_ids
            .iter()
            .filter(|id| zone(id).is_some_and(|zone| zones.contains(&zone)))
            .cloned()
            .collect();
        group.green_subnet_ids = if same.is_empty() { input.green.subnet_ids.clone() } else { same };
    }
    Ok(())
}

/// Nodes that neither a managed node group nor EKS Auto Mode made: self-managed ones, and those of Karpenter where it comes with no bundle, since
/// green is the user's.
async fn strangers<P: Network>(ports: &P, blue: &Cluster, existing: bool) -> Result<Vec<Problem>, PhaseError> {
    // Every node carries this tag: https://docs.aws.amazon.com/eks/latest/userguide/worker.html
    let nodes = ports.instances_tagged(&format!("kubernetes.io/cluster/{}", blue.name), None).await?;
    let is_strange = |node: &Instance| {
        let is_made = node.tags.contains_key("eks:nodegroup-name") || blue.is_auto_node(&node.tags);
        !is_made && (existing || node_pool::pool_of(node).is_none())
    };
    let strangers: Vec<_> = nodes.into_iter().filter(is_strange).map(|node| node.id).collect();
    Ok((!strangers.is_empty())
        .then(|| {
            Limit::UnmanagedNodes.refusal(
                BLUE,
                format!(
                    "the nodes {} belong to no managed node group (self-managed, or made by Karpenter), and are not cloned yet; move their Pods \
                     to a managed node group",
                    strangers.join(", ")
                ),
            )
        })
        .into_iter()
        .collect())
}

/// Launch templates that something else than blue uses too, with what it is.
pub(super) async fn shared_templates<P: Clusters + NodeGroups + Network>(
    ports: &P,
    compute: &Compute,
) -> Result<Vec<(String, String)>, PhaseError> {
    let mut shared = Vec::new();
    if compute.launch_templates.is_empty() {
        return Ok(shared);
    }
    let blue = &compute.blue.name;
    for template in &compute.launch_templates {
        let instances = ports.instances_tagged("aws:ec2launchtemplate:id", Some(&template.id)).await?;
        let other = instances.iter().find(|instance| instance.tags.get("eks:cluster-name") != Some(blue));
        shared.extend(other.map(|instance| (template.id.clone(), instance.id.clone())));
    }
    for cluster in ports.cluster_names().await? {
        if cluster == *blue {
            continue;
        }
        for name in ports.node_groups(&cluster).await? {
            let Some(group) = ports.node_group(&cluster, &name).await? else { continue };
            let id = group.launch_template.as_deref().and_then(|key| key.split('@').next()).unwrap_or_default();
            if compute.launch_templates.iter().any(|template| template.id == id) {
                shared.push((id.to_owned(), format!("the node group {name} of {cluster}")));
            }
        }
    }
    shared.sort();
    shared.dedup_by(|a, b| a.0 == b.0);
    Ok(shared)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::plan::compute::LaunchTemplateData;

    #[test]
    fn node_groups_that_cannot_be_cloned_are_refused_with_the_reason() {
        let group = |status: &str, ami: &str| NodeGroup {
            name: "web".to_owned(),
            status: status.to_owned(),
            ami_type: ami.to_owned(),
            ..NodeGroup::default()
        };
        for (group, count) in
            [(group("ACTIVE", "AL2023_x86_64_STANDARD"), 0), (group("DEGRADED", "AL2023_x86_64_STANDARD"), 1)]
        {
            assert_eq!(refusals(&group).len(), count, "{group:?}");
        }
    }

    #[test]
    fn launch_templates_that_would_lose_something_are_refused() {
        let template = |data| LaunchTemplate { data, ..LaunchTemplate::default() };
        assert_eq!(template_refusals("web", &template(LaunchTemplateData::default())).len(), 0);
        let data = LaunchTemplateData {
            user_data_names_blue: true,
            not_copied: vec!["CpuOptions".to_owned(), "KernelId".to_owned()],
            ..LaunchTemplateData::default()
        };
        assert_eq!(template_refusals("web", &template(data)).len(), 3);
    }
}
