//! How green's node groups differ from blue's: as the input says, and where the Kubernetes version leaves no choice.

use super::{BLUE, minor};
use domain::{
    Input, PhaseError, Problem,
    input::NodeGroupChange,
    plan::compute::{Compute, LaunchTemplate, NodeGroup, Scaling},
    ports::{
        Network,
        network::{Instance, InstanceType},
    },
};

/// The AMI types of `AmiTypes` (<https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html>) that EKS makes the AMI of.
const AMI_TYPES: [&str; 22] = [
    "AL2023_ARM_64_NVIDIA",
    "AL2023_ARM_64_STANDARD",
    "AL2023_x86_64_NEURON",
    "AL2023_x86_64_NVIDIA",
    "AL2023_x86_64_STANDARD",
    "AL2_ARM_64",
    "AL2_x86_64",
    "AL2_x86_64_GPU",
    "BOTTLEROCKET_ARM_64",
    "BOTTLEROCKET_ARM_64_FIPS",
    "BOTTLEROCKET_ARM_64_NVIDIA",
    "BOTTLEROCKET_ARM_64_NVIDIA_FIPS",
    "BOTTLEROCKET_x86_64",
    "BOTTLEROCKET_x86_64_FIPS",
    "BOTTLEROCKET_x86_64_NVIDIA",
    "BOTTLEROCKET_x86_64_NVIDIA_FIPS",
    "WINDOWS_CORE_2019_x86_64",
    "WINDOWS_CORE_2022_x86_64",
    "WINDOWS_CORE_2025_x86_64",
    "WINDOWS_FULL_2019_x86_64",
    "WINDOWS_FULL_2022_x86_64",
    "WINDOWS_FULL_2025_x86_64",
];

/// The AMI types of Amazon Linux 2, of which EKS publishes no AMI from Kubernetes 1.33 on, each with that of Amazon Linux 2023
/// (<https://docs.aws.amazon.com/eks/latest/userguide/eks-ami-deprecation-faqs.html>).
const SUCCESSORS: [(&str, &str); 3] = [
    ("AL2_ARM_64", "AL2023_ARM_64_STANDARD"),
    ("AL2_x86_64", "AL2023_x86_64_STANDARD"),
    ("AL2_x86_64_GPU", "AL2023_x86_64_NVIDIA"),
];

/// Reads the instance types that the input names, where it names any.
///
/// # Errors
/// Only what the call answers.
pub(in crate::compute) async fn instance_types<P: Network>(
    ports: &P,
    input: &Input,
) -> Result<Vec<InstanceType>, PhaseError> {
    let mut names: Vec<String> =
        input.green.node_groups.iter().flat_map(|change| change.instance_types.clone()).collect();
    names.sort_unstable();
    names.dedup();
    ports.instance_types(&names).await
}

/// Makes of blue's node groups what green's will be. Answers what cannot be, and advice for what people did not ask for.
pub(super) fn apply(input: &Input, types: &[InstanceType], compute: &mut Compute) -> (Vec<Problem>, Vec<String>) {
    let (mut problems, mut advice) = (Vec::new(), Vec::new());
    let Compute { node_groups, launch_templates, green, .. } = compute;
    for (index, change) in input.green.node_groups.iter().enumerate() {
        if !node_groups.iter().any(|group| group.name == change.name) {
            let known: Vec<_> = node_groups.iter().map(|group| group.name.as_str()).collect();
            let message = format!("found {:?}, expected one of blue's node groups: {}", change.name, known.join(", "));
            problems.push(Problem::new(format!("$.green.nodeGroups[{index}].name"), message));
        }
    }
    for group in node_groups {
        let template = launch_templates.iter().find(|template| group.launch_template == Some(template.key()));
        let change = input.green.change_of(&group.name);
        match change.and_then(|(_, change)| change.ami_type.as_ref()) {
            Some(_) => {}
            None => match successor(group, &green.version, template) {
                Ok(Some(ami_type)) => {
                    advice.push(format!(
                        "the node group {} moves from {} to {ami_type}, since EKS publishes no AMI of Amazon Linux 2 from Kubernetes 1.33 on: its \
                         Pods find cgroup v2 and IMDSv2 only (https://docs.aws.amazon.com/eks/latest/userguide/al2023.html); another AMI type can \
                         be named in green.nodeGroups",
                        group.name, group.ami_type
                    ));
                    ami_type.clone_into(&mut group.ami_type);
                }
                Ok(None) => {}
                Err(message) => problems.push(Problem::new(BLUE, message)),
            },
        }
        let Some((index, change)) = change else { continue };
        let refused = refusals(group, template, change, types);
        let refused = refused.into_iter().map(|(field, message)| {
            Problem::new(
                format!("$.green.nodeGroups[{index}].{field}"),
                format!("the node group {}: {message}", group.name),
            )
        });
        problems.extend(refused);
        overwrite(group, change);
    }
    (problems, advice)
}

/// The AMI type in place of one that EKS does not publish for this version any more.
///
/// # Errors
/// Why nothing can take its place unasked.
fn successor(
    group: &NodeGroup,
    version: &str,
    template: Option<&LaunchTemplate>,
) -> Result<Option<&'static str>, String> {
    if !group.ami_type.starts_with("AL2_") || minor(version) < (1, 33) {
        return Ok(None);
    }
    let NodeGroup { name, ami_type, .. } = group;
    let found = SUCCESSORS.iter().find(|(old, _)| old == ami_type).map(|(_, new)| *new);
    let new = found.ok_or_else(|| {
        format!("the node group {name} is of AMI type {ami_type}, which EKS does not publish from Kubernetes 1.33 on; name another in green.nodeGroups")
    })?;
    match template.filter(|template| template.data.user_data_sha256.is_some()) {
        Some(template) => Err(format!(
            "the node group {name} is of AMI type {ami_type}, which EKS does not publish from Kubernetes 1.33 on, and the user data of its launch \
             template {} was written for Amazon Linux 2; see that it works on Amazon Linux 2023, then name {new} as amiType in green.nodeGroups",
            template.name
        )),
        None => Ok(Some(new)),
    }
}

/// What of a change cannot be, each with its field.
fn refusals(
    group: &NodeGroup,
    template: Option<&LaunchTemplate>,
    change: &NodeGroupChange,
    types: &[InstanceType],
) -> Vec<(String, String)> {
    let mut refusals = Vec::new();
    let mut refuse = |field: &str, message: String| refusals.push((field.to_owned(), message));
    let ami_type = change.ami_type.as_ref().unwrap_or(&group.ami_type);
    if !AMI_TYPES.contains(&ami_type.as_str()) && change.ami_type.is_some() {
        refuse("amiType", format!("found {ami_type}, expected one of {}", AMI_TYPES.join(", ")));
    }
    // User data is a script for Linux, TOML for Bottlerocket and PowerShell for Windows.
    let of_user_data = |ami_type: &str| match ami_type.split('_').next() {
        Some(system @ ("BOTTLEROCKET" | "WINDOWS")) => system.to_owned(),
        _ => "Linux".to_owned(),
    };
    let (from, to) = (of_user_data(&group.ami_type), of_user_data(ami_type));
    if let Some(template) = template.filter(|template| template.data.user_data_sha256.is_some())
        && from != to
    {
        refuse("amiType", format!("the user data of its launch template {} is {from}'s, not {to}'s", template.name));
    }
    let wanted = architecture(ami_type);
    for (index, name) in change.instance_types.iter().enumerate() {
        let field = format!("instanceTypes[{index}]");
        match types.iter().find(|kind| kind.name == *name) {
            None => refuse(&field, format!("the Region has no instance type {name}")),
            Some(kind) if !kind.architectures.iter().any(|found| found == wanted) => {
                let found = kind.architectures.join(", ");
                refuse(&field, format!("{name} is of {found}, and the AMI type {ami_type} of {wanted}; name both"));
            }
            Some(_) => {}
        }
    }
    if change.instance_types.is_empty() && architecture(&group.ami_type) != wanted {
        refuse(
            "amiType",
            format!("{ami_type} is of another architecture than {}; name instanceTypes too", group.ami_type),
        );
    }
    let Some(template) = template else { return refusals };
    // https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html#launch-template-basics
    let elsewhere =
        |what: &str| format!("its launch template {} says {what}, and EKS takes it from one place only", template.name);
    if let Some(named) = template.data.instance_type.as_ref().filter(|_| !change.instance_types.is_empty()) {
        refuse("instanceTypes", elsewhere(&format!("the instance type {named}")));
    }
    if change.disk_size.is_some() {
        refuse("diskSize", elsewhere("the volumes of its nodes"));
    }
    refusals
}

fn architecture(ami_type: &str) -> &'static str {
    if ami_type.contains("_ARM_64") { "arm64" } else { "x86_64" }
}

fn overwrite(group: &mut NodeGroup, change: &NodeGroupChange) {
    if !change.instance_types.is_empty() {
        group.instance_types.clone_from(&change.instance_types);
    }
    if let Some(ami_type) = &change.ami_type {
        group.ami_type.clone_from(ami_type);
    }
    if let Some(size) = change.scaling {
        group.scaling = Scaling { min: size.min, max: size.max, desired: size.desired };
    }
    group.disk_size = change.disk_size.or(group.disk_size);
    if !change.subnet_ids.is_empty() {
        group.green_subnet_ids.clone_from(&change.subnet_ids);
    }
}

/// The nodes that green will have, as quotas count them: blue's, and for a node group that gets others as many of the largest of these
/// as it starts with.
pub(in crate::compute) fn nodes(
    input: &Input,
    types: &[InstanceType],
    groups: &[NodeGroup],
    blues: &[Instance],
) -> Vec<Instance> {
    let is_changed = |name: &str| {
        let change = input.green.change_of(name);
        change.is_some_and(|(_, change)| change.scaling.is_some() || !change.instance_types.is_empty())
    };
    let group_of = |node: &Instance| node.tags.get("eks:nodegroup-name").cloned().unwrap_or_default();
    let mut nodes: Vec<Instance> = blues.iter().filter(|node| !is_changed(&group_of(node))).cloned().collect();
    for group in groups.iter().filter(|group| is_changed(&group.name)) {
        let named = types.iter().filter(|kind| group.instance_types.contains(&kind.name));
        let named = named.map(|kind| (kind.vcpus, kind.name.clone()));
        let present = blues.iter().filter(|node| group_of(node) == group.name);
        let present = present.map(|node| (node.vcpus, node.instance_type.clone()));
        let Some((vcpus, instance_type)) = named.max().or_else(|| present.max()) else { continue };
        let node = Instance { instance_type, vcpus, spot: group.capacity_type == "SPOT", ..Instance::default() };
        nodes.extend((0..group.scaling.desired).map(|_| node.clone()));
    }
    nodes
}

#[cfg(test)]
mod tests;
