//! Tags: how many a clone gets, and which of blue's the cleanup wants.

use super::BLUE;
use domain::{
    Problem, Tags,
    ownership::{MIGRATION, REPLACEABLE, SIDE},
    plan::compute::Compute,
};

/// Tags that one resource of EKS and of EC2 may have
/// (<https://docs.aws.amazon.com/eks/latest/userguide/eks-using-tags.html>,
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html>).
const MOST: usize = 50;

/// Everything of blue that is cloned, with its tags.
fn cloned(compute: &Compute) -> Vec<(String, &Tags)> {
    let cluster = [(format!("the cluster {}", compute.blue.name), &compute.blue.tags)];
    let own = [("the cluster security group".to_owned(), &compute.cluster_group_tags)];
    let groups = compute.security_groups.iter().map(|group| (format!("the security group {}", group.id), &group.tags));
    let nodes = compute.node_groups.iter().map(|group| (format!("the node group {}", group.name), &group.tags));
    let fargate =
        compute.fargate_profiles.iter().map(|profile| (format!("the Fargate profile {}", profile.name), &profile.tags));
    let templates = compute
        .launch_templates
        .iter()
        .map(|template| (format!("the launch template {}", template.id), &template.tags));
    let addons = compute.addons.iter().map(|addon| (format!("the add-on {}", addon.name), &addon.tags));
    let entries = compute
        .access_entries
        .iter()
        .map(|entry| (format!("the access entry of {}", entry.principal_arn), &entry.tags));
    let identities = compute
        .pod_identities
        .iter()
        .map(|identity| (format!("the Pod Identity association of {}", identity.key()), &identity.tags));
    let providers = compute
        .identity_providers
        .iter()
        .map(|provider| (format!("the identity provider {}", provider.name), &provider.tags));
    cluster
        .into_iter()
        .chain(own)
        .chain(groups)
        .chain(nodes)
        .chain(fargate)
        .chain(templates)
        .chain(addons)
        .chain(entries)
        .chain(identities)
        .chain(providers)
        .collect()
}

/// What has so many tags that Bascule's two would be too many.
pub(super) fn problems(compute: &Compute) -> Vec<Problem> {
    let full = |tags: &Tags| {
        let mut all = compute.green_tags(tags);
        all.extend([MIGRATION, SIDE].map(|key| (key.to_owned(), String::new())));
        all.len() > MOST
    };
    cloned(compute)
        .into_iter()
        .filter(|(_, tags)| full(tags))
        .map(|(what, tags)| {
            let message =
                format!("{what} has {} tags, and its clone gets two more, {MOST} at most; remove some", tags.len());
            Problem::new(BLUE, message)
        })
        .collect()
}

/// What the cleanup will not be let delete, with the commands that change that: its role wants the tag, unless the stack was deployed
/// with `CleanupDeletes=approved`.
pub(super) fn advice(compute: &Compute, left: &[(String, String)]) -> Vec<String> {
    let lacks = |tags: &Tags| tags.get(REPLACEABLE).is_none_or(|value| value != "true");
    let deleted = |id: &str| !left.iter().any(|(kept, _)| kept == id);
    let mut of_eks = Vec::new();
    if lacks(&compute.blue.tags) {
        of_eks.push(compute.blue.arn.as_str());
    }
    of_eks.extend(compute.node_groups.iter().filter(|group| lacks(&group.tags)).map(|group| group.arn.as_str()));
    let profiles = compute.fargate_profiles.iter().filter(|profile| lacks(&profile.tags));
    of_eks.extend(profiles.map(|profile| profile.arn.as_str()));
    let mut of_ec2 = Vec::new();
    if lacks(&compute.cluster_group_tags) {
        of_ec2.push(compute.blue.cluster_security_group_id.as_str());
    }
    of_ec2.extend(compute.security_groups.iter().filter(|group| lacks(&group.tags)).map(|group| group.id.as_str()));
    let templates = compute.launch_templates.iter().filter(|template| lacks(&template.tags) && deleted(&template.id));
    of_ec2.extend(templates.map(|template| template.id.as_str()));
    let mut commands: Vec<String> = of_eks
        .iter()
        .map(|arn| format!("aws eks tag-resource --resource-arn {arn} --tags {REPLACEABLE}=true"))
        .collect();
    if !of_ec2.is_empty() {
        commands
            .push(format!("aws ec2 create-tags --resources {} --tags Key={REPLACEABLE},Value=true", of_ec2.join(" ")));
    }
    if commands.is_empty() {
        return Vec::new();
    }
    vec![format!(
        "unless Bascule was deployed with CleanupDeletes=approved, its cleanup may delete only what has the tag {REPLACEABLE} = true, and these lack \
         it. Before the cleanup starts: {}",
        commands.join("; ")
    )]
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::plan::compute::{Cluster, NodeGroup, SecurityGroup};

    fn tags(count: usize) -> Tags {
        (0..count).map(|number| (format!("k{number}"), String::new())).collect()
    }

    #[test]
    fn a_clone_has_room_for_two_tags_more() {
        let of = |count, more: &[&str]| {
            let mut tags = tags(count);
            tags.extend(more.iter().map(|&key| (key.to_owned(), String::new())));
            let compute = Compute { blue: Cluster { tags, ..Cluster::default() }, ..Compute::default() };
            problems(&compute).len()
        };
        assert_eq!(of(48, &[]), 0);
        assert_eq!(of(49, &[]), 1);
        // Those of AWS and of an earlier migration are not copied.
        assert_eq!(of(48, &["aws:cloudformation:stack-name", MIGRATION]), 0);
    }

    #[test]
    fn what_the_cleanup_may_not_delete_is_told_with_the_commands() {
        let replaceable: Tags = [(REPLACEABLE.to_owned(), "true".to_owned())].into();
        let group =
            |id: &str, tags: &Tags| SecurityGroup { id: id.to_owned(), tags: tags.clone(), ..SecurityGroup::default() };
        let mut compute = Compute {
            blue: Cluster {
                arn: "arn:cluster".to_owned(),
                cluster_security_group_id: "sg-eks".to_owned(),
                ..Cluster::default()
            },
            node_groups: vec![NodeGroup {
                arn: "arn:nodes".to_owned(),
                tags: replaceable.clone(),
                ..NodeGroup::default()
            }],
            security_groups: vec![group("sg-a", &Tags::new()), group("sg-b", &replaceable)],
            ..Compute::default()
        };
        let told = advice(&compute, &[]).remove(0);
        assert!(
            told.ends_with(
                "aws eks tag-resource --resource-arn arn:cluster --tags bascule:replaceable=true; \
             aws ec2 create-tags --resources sg-eks sg-a --tags Key=bascule:replaceable,Value=true"
            ),
            "{told}"
        );
        compute.blue.tags.clone_from(&replaceable);
        compute.cluster_group_tags.clone_from(&replaceable);
        compute.security_groups.remove(0);
        assert_eq!(advice(&compute, &[]), [""; 0]);
    }
}
