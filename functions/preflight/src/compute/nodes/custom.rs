//! Node groups whose launch template names an AMI
//! (<https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html#launch-template-custom-ami>).

use super::{BLUE, changes::architecture, minor};
use domain::{
    Input, Limit, PhaseError, Problem,
    input::NodeGroupChange,
    plan::compute::{Cluster, Compute, Join, LaunchTemplate, NodeGroup, nodes::CUSTOM},
    ports::{Network, network::Image},
};

/// Reads the AMIs that blue's launch templates and the input name.
///
/// # Errors
/// Only what the call answers.
pub(super) async fn images<P: Network>(ports: &P, input: &Input, compute: &Compute) -> Result<Vec<Image>, PhaseError> {
    let blues = compute.launch_templates.iter().filter_map(|template| template.data.image_id.as_ref());
    let named = input.green.node_groups.iter().filter_map(|change| change.image_id.as_ref());
    let mut ids: Vec<String> = blues.chain(named).cloned().collect();
    ids.sort_unstable();
    ids.dedup();
    ports.images(&ids).await
}

/// The architecture of a node group's nodes; none where the AMI is not to be seen, which is refused by itself.
pub(super) fn architecture_of<'a>(
    group: &NodeGroup,
    template: Option<&LaunchTemplate>,
    images: &'a [Image],
) -> Option<&'a str> {
    if group.ami_type != CUSTOM {
        return Some(architecture(&group.ami_type));
    }
    let id = template?.data.image_id.as_ref()?;
    images.iter().find(|image| image.id == *id).map(|image| image.architecture.as_str())
}

/// Whether the input may name an AMI of this node group, and must not name an AMI type.
pub(super) fn fields(group: &NodeGroup, change: &NodeGroupChange) -> Option<(&'static str, String)> {
    let is_custom = group.ami_type == CUSTOM;
    if change.ami_type.is_some() && is_custom {
        let message = "its launch template names an AMI and how nodes of it join the cluster, which goes with no AMI type; name imageId";
        return Some(("amiType", message.to_owned()));
    }
    let message = || {
        format!(
            "its AMI is EKS's own ({}), and its launch template does not say how nodes of another join the cluster; let a version of the \
             template on blue name an AMI first, or name amiType",
            group.ami_type
        )
    };
    (change.image_id.is_some() && !is_custom).then(|| ("imageId", message()))
}

/// Writes into the launch template of a node group of a custom AMI which AMI green's nodes get, and how they join. Answers what cannot be,
/// and advice. `version` is green's.
pub(super) fn apply(
    input: &Input,
    images: &[Image],
    (blue, version): (&Cluster, &str),
    group: &NodeGroup,
    template: Option<&mut LaunchTemplate>,
) -> (Vec<Problem>, Vec<String>) {
    let (mut problems, mut advice) = (Vec::new(), Vec::new());
    let mut refuse = |path: &str, message: String| {
        problems.push(Limit::CustomAmi.refusal(path, format!("the node group {}: {message}", group.name)));
    };
    let named = template.and_then(|template| Some((template.data.image_id.clone()?, template)));
    let Some((of_blue, template)) = named else {
        refuse(BLUE, "has a custom AMI that no launch template names".to_owned());
        return (problems, advice);
    };
    let change = input.green.change_of(&group.name);
    let asked = change
        .and_then(|(index, change)| Some((format!("$.green.nodeGroups[{index}].imageId"), change.image_id.as_ref()?)));
    let (path, image) = asked.as_ref().map_or((BLUE, &of_blue), |(path, image)| (path.as_str(), *image));
    if asked.is_none() && minor(version) != minor(&blue.version) {
        let message = format!(
            "its AMI {of_blue} was built for Kubernetes {}, and green has {version}; name one for it as imageId in green.nodeGroups",
            blue.version
        );
        refuse(path, message);
    }
    if let Some(message) = fault(image, images) {
        refuse(path, message);
    }
    template.data.image_id = Some(image.clone());
    if *image != of_blue {
        advice.push(format!("the node group {} gets the AMI {image} in place of {of_blue}", group.name));
    }
    match join(template.data.join.as_ref(), blue, version) {
        Ok(Some(translated)) => {
            template.data.join = Some(translated);
            advice.push(format!(
                "the launch template {} calls /etc/eks/bootstrap.sh, which AMIs of Amazon Linux 2 have: green's has a NodeConfig that says the \
                 same, for Amazon Linux 2023",
                template.name
            ));
        }
        Ok(None) => {}
        Err(why) => refuse(BLUE, format!("of its launch template {}, {why}", template.name)),
    }
    (problems, advice)
}

/// Why nodes cannot have this AMI.
fn fault(id: &str, images: &[Image]) -> Option<String> {
    match images.iter().find(|image| image.id == id) {
        None => Some(format!(
            "found the AMI {id}, which this account does not see in this Region: it is deregistered, disabled or not shared; name another as \
             imageId in green.nodeGroups"
        )),
        Some(image) if image.state != "available" => {
            Some(format!("the AMI {id} is {}, expected available; wait, or name another", image.state))
        }
        Some(_) => None,
    }
}

/// How nodes join green, where that is another way than blue's.
///
/// # Errors
/// Why they would not.
fn join(found: Option<&Join>, blue: &Cluster, version: &str) -> Result<Option<Join>, String> {
    if blue.ip_family == "ipv6" {
        return Err("nodes of a custom AMI are told a range of addresses that EKS chooses for each cluster of the IPv6 family, which is not \
                    cloned; let EKS choose the AMI"
            .to_owned());
    }
    match found {
        None => Err("nobody knows how nodes join the cluster".to_owned()),
        Some(Join::Unclear(why)) => Err(format!("{why}; say it so on blue")),
        // Who builds AMIs of Amazon Linux 2 for later versions can only do so from sources that EKS has given up.
        Some(Join::Script { untranslatable }) if minor(version) >= (1, 33) => match untranslatable {
            Some(why) => Err(format!(
                "{why}; AMIs for Kubernetes {version} are of Amazon Linux 2023: write a NodeConfig on blue"
            )),
            None => Ok(Some(Join::Translated)),
        },
        Some(_) => Ok(None),
    }
}
