//! How green's node groups differ from blue's: as the input says, and where the Kubernetes version leaves no choice.

use super::{BLUE, custom, minor};
use domain::{
    Input, PhaseError, Problem,
    input::NodeGroupChange,
    plan::compute::{Compute, LaunchTemplate, NodeGroup, Scaling, nodes::CUSTOM},
    ports::{
        Network,
        network::{Image, Instance, InstanceType},
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
pub(super) fn apply(
    input: &Input,
    types: &[InstanceType],
    images: &[Image],
    compute: &mut Compute,
) -> (Vec<Problem>, Vec<String>) {
    let (mut problems, mut advice) = (Vec::new(), Vec::new());
    let Compute { node_groups, launch_templates, green, blue, .. } = compute;
    let mut clones = Clones::default();
    for (index, change) in input.green.node_groups.iter().enumerate() {
        if !node_groups.iter().any(|group| group.name == change.name) {
            let known: Vec<_> = node_groups.iter().map(|group| group.name.as_str()).collect();
            let message = format!("found {:?}, expected one of blue's node groups: {}", change.name, known.join(", "));
            problems.push(Problem::new(format!("$.green.nodeGroups[{index}].name"), message));
        }
    }
    for group in node_groups {
        let of_blue = launch_templates.iter().find(|template| group.launch_template == Some(template.key()));
        let template = of_blue;
        let mut clone = of_blue.cloned();
        let change = input.green.change_of(&group.name);
        if group.ami_type == CUSTOM {
            let (wrong, told) = custom::apply(input, images, (&*blue, &green.version), group, clone.as_mut());
            problems.extend(wrong);
            advice.extend(told);
        }
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
        if let (Some((_, change)), Some(clone)) = (change, &mut clone) {
            overwrite_template(clone, change);
        }
        let fault = clone.as_ref().and_then(|clone| clones.take(&group.name, clone));
        let path = change.map_or_else(|| BLUE.to_owned(), |(index, _)| format!("$.green.nodeGroups[{index}]"));
        problems.extend(fault.map(|fault| Problem::new(path, fault)));
        let Some((index, change)) = change else { continue };
        let architectures = [of_blue, clone.as_ref()].map(|template| custom::architecture_of(group, template, images));
        let refused = refusals(group, template, change, types, architectures);
        let refused = refused.into_iter().map(|(field, message)| {
            Problem::new(
                format!("$.green.nodeGroups[{index}].{field}"),
                format!("the node group {}: {message}", group.name),
            )
        });
        problems.extend(refused);
        overwrite(group, change);
    }
    *launch_templates = clones.in_place_of(launch_templates);
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
    [of_blue, of_image]: [Option<&str>; 2],
) -> Vec<(String, String)> {
    if let Some((field, message)) = custom::fields(group, change) {
        return vec![(field.to_owned(), message)];
    }
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
    let image = change.image_id.as_ref();
    let wanted = if group.ami_type == CUSTOM { of_image } else { Some(architecture(ami_type)) };
    let (field, ami) =
        image.map_or(("amiType", format!("the AMI type {ami_type}")), |id| ("imageId", format!("the AMI {id}")));
    for (index, name) in change.instance_types.iter().enumerate() {
        let field = format!("instanceTypes[{index}]");
        match types.iter().find(|kind| kind.name == *name) {
            None => refuse(&field, format!("the Region has no instance type {name}")),
            Some(kind) => {
                let found = &kind.architectures;
                if let Some(wanted) = wanted.filter(|wanted| !found.iter().any(|found| found == wanted)) {
                    let found = found.join(", ");
                    refuse(&field, format!("{name} is of {found}, and {ami} of {wanted}; name both"));
                }
            }
        }
    }
    if let (true, Some(of_blue), Some(wanted)) = (change.instance_types.is_empty(), of_blue, wanted)
        && of_blue != wanted
    {
        refuse(field, format!("{ami} is of {wanted}, and blue's nodes are of {of_blue}; name instanceTypes too"));
    }
    let Some(template) = template else { return refusals };
    // EKS takes no size beside a launch template: https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html#launch-template-basics
    let devices: Vec<_> = template.data.volumes.iter().map(|volume| volume.device_name.as_str()).collect();
    if change.disk_size.is_some() && devices.len() != 1 {
        let found = if devices.is_empty() { "none".to_owned() } else { devices.join(", ") };
        let message = format!(
            "its launch template {} is to say the volume of its nodes, expected one in it, found {found}; say it in a version on blue",
            template.name
        );
        refuse("diskSize", message);
    }
    refusals
}

/// What the launch templates of green say, each with the first node group that has it.
#[derive(Default)]
struct Clones(Vec<(String, LaunchTemplate)>);

impl Clones {
    /// Takes up the template of a node group; answers why it cannot be, where another one has it otherwise.
    fn take(&mut self, group: &str, clone: &LaunchTemplate) -> Option<String> {
        let Some((other, known)) = self.0.iter().find(|(_, known)| known.key() == clone.key()) else {
            self.0.push((group.to_owned(), clone.clone()));
            return None;
        };
        (known != clone).then(|| {
            format!(
                "the node group {group} shares version {} of the launch template {} with {other}, which is to be changed otherwise; change both \
                 alike in AMI, instance types and disk, or give each a version of its own",
                clone.version, clone.name
            )
        })
    }

    /// The templates of the plan, with what green's say.
    fn in_place_of(self, templates: &[LaunchTemplate]) -> Vec<LaunchTemplate> {
        let of_green = |template: &LaunchTemplate| self.0.iter().find(|(_, clone)| clone.key() == template.key());
        templates
            .iter()
            .map(|template| of_green(template).map_or_else(|| template.clone(), |(_, clone)| clone.clone()))
            .collect()
    }
}

/// Writes a change into the launch template of its node group: EKS takes instance types and disks from one place only.
fn overwrite_template(template: &mut LaunchTemplate, change: &NodeGroupChange) {
    if !change.instance_types.is_empty() {
        template.data.instance_type = None;
    }
    if let (Some(size), [volume]) = (change.disk_size, &mut template.data.volumes[..]) {
        volume.size = Some(size);
    }
}

pub(super) fn architecture(ami_type: &str) -> &'static str {
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
    if group.launch_template.is_none() {
        group.disk_size = change.disk_size.or(group.disk_size);
    }
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
