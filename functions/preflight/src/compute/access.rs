//! Blue's access entries and Pod Identity associations.

use super::BLUE;
use domain::{
    PhaseError, Problem,
    plan::compute::{AccessEntry, Cluster, Compute, NodeGroup, PodIdentity},
    ports::Access,
    resources::authentication_mode::CONFIG_MAP,
};

pub(super) async fn read<P: Access>(
    ports: &P,
    compute: &mut Compute,
    problems: &mut Vec<Problem>,
) -> Result<(), PhaseError> {
    let blue = compute.blue.name.clone();
    if compute.blue.authentication_mode != CONFIG_MAP {
        let (entries, refused) = entries(ports, &compute.blue, &compute.node_groups).await?;
        compute.access_entries = entries;
        problems.extend(refused.into_iter().map(|entry| {
            let (principal, of_type) = (entry.principal_arn, entry.entry_type);
            Problem::new(BLUE, format!("the access entry of {principal} is of type {of_type}, which is not cloned"))
        }));
    }
    compute.pod_identities = associations(ports, &blue).await?;
    Ok(())
}

/// A cluster's access entries that people made, as they can be made elsewhere, and those that cannot be.
pub(super) async fn entries<P: Access>(
    ports: &P,
    cluster: &Cluster,
    node_groups: &[NodeGroup],
) -> Result<(Vec<AccessEntry>, Vec<AccessEntry>), PhaseError> {
    let (mut entries, mut refused) = (Vec::new(), Vec::new());
    let name = &cluster.name;
    for principal in ports.access_entries(name).await? {
        let Some(entry) = ports.access_entry(name, &principal).await? else { continue };
        let is_managed = node_groups.iter().any(|group| group.role_arn == entry.principal_arn);
        match fate(&entry, is_managed, cluster) {
            Fate::Copied => entries.push(copied(entry)),
            Fate::MadeByEks => {}
            Fate::Refused => refused.push(entry),
        }
    }
    Ok((entries, refused))
}

/// A cluster's Pod Identity associations, without those that belong to add-ons.
pub(super) async fn associations<P: Access>(ports: &P, cluster: &str) -> Result<Vec<PodIdentity>, PhaseError> {
    let mut associations = ports.pod_identities(cluster).await?;
    associations.retain(|association| association.owner_arn.is_none());
    Ok(associations)
}

#[derive(Debug, PartialEq, Eq)]
enum Fate {
    Copied,
    MadeByEks,
    Refused,
}

/// EKS makes the entries of managed node groups and Fargate, and those of its own service-linked roles; people make those of nodes that they
/// manage themselves (<https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html>). In EKS Auto Mode it makes those of the
/// cluster's role and of the built-in node pools' too, and people those of NodeClasses of their own
/// (<https://docs.aws.amazon.com/eks/latest/userguide/auto-learn-iam.html>).
fn fate(entry: &AccessEntry, is_managed: bool, cluster: &Cluster) -> Fate {
    let principal = &entry.principal_arn;
    let auto = cluster.auto_mode.as_ref();
    let is_of_auto_mode =
        auto.is_some_and(|auto| auto.node_role_arn.as_ref() == Some(principal) || cluster.role_arn == *principal);
    match entry.entry_type.as_str() {
        _ if is_of_auto_mode => Fate::MadeByEks,
        "EC2" if auto.is_some() => Fate::Copied,
        "FARGATE_LINUX" => Fate::MadeByEks,
        "EC2_LINUX" | "EC2_WINDOWS" if is_managed => Fate::MadeByEks,
        _ if entry.principal_arn.contains(":role/aws-service-role/") => Fate::MadeByEks,
        "STANDARD" | "EC2_LINUX" | "EC2_WINDOWS" => Fate::Copied,
        _ => Fate::Refused,
    }
}

/// A name that EKS made from the ARN is left to EKS again: it takes no such name from a request. Of nodes it takes neither name nor groups.
fn copied(entry: AccessEntry) -> AccessEntry {
    if entry.entry_type != "STANDARD" {
        return AccessEntry { username: None, kubernetes_groups: Vec::new(), ..entry };
    }
    AccessEntry { username: entry.username.filter(|name| !name.starts_with("arn:")), ..entry }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::plan::compute::AutoMode;

    #[test]
    fn only_entries_that_people_made_are_copied() {
        let role = "arn:aws:iam::123456789012:role/admin";
        let service = "arn:aws:iam::123456789012:role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS";
        for (kind, principal, is_managed, expected) in [
            ("STANDARD", role, false, Fate::Copied),
            ("STANDARD", service, false, Fate::MadeByEks),
            ("EC2_LINUX", role, true, Fate::MadeByEks),
            ("EC2_LINUX", role, false, Fate::Copied),
            ("FARGATE_LINUX", role, false, Fate::MadeByEks),
            ("HYBRID_LINUX", role, false, Fate::Refused),
            ("EC2", role, false, Fate::Refused),
        ] {
            let entry = AccessEntry {
                entry_type: kind.to_owned(),
                principal_arn: principal.to_owned(),
                ..AccessEntry::default()
            };
            assert_eq!(fate(&entry, is_managed, &Cluster::default()), expected, "{kind} {principal}");
        }
    }

    #[test]
    fn in_auto_mode_eks_makes_the_entries_of_the_clusters_role_and_of_the_built_in_pools() {
        let cluster = Cluster {
            role_arn: "arn:role/AmazonEKSAutoClusterRole".to_owned(),
            auto_mode: Some(AutoMode {
                node_role_arn: Some("arn:role/AmazonEKSAutoNodeRole".to_owned()),
                ..AutoMode::default()
            }),
            ..Cluster::default()
        };
        for (kind, principal, expected) in [
            ("EC2", "arn:role/AmazonEKSAutoNodeRole", Fate::MadeByEks),
            ("STANDARD", "arn:role/AmazonEKSAutoClusterRole", Fate::MadeByEks),
            ("EC2", "arn:role/nodes-of-a-node-class", Fate::Copied),
            ("STANDARD", "arn:role/people", Fate::Copied),
        ] {
            let entry = AccessEntry {
                entry_type: kind.to_owned(),
                principal_arn: principal.to_owned(),
                ..AccessEntry::default()
            };
            assert_eq!(fate(&entry, false, &cluster), expected, "{kind} {principal}");
        }
    }

    #[test]
    fn a_name_that_eks_made_is_left_to_eks() {
        let entry = |name: &str| AccessEntry {
            entry_type: "STANDARD".to_owned(),
            username: Some(name.to_owned()),
            ..AccessEntry::default()
        };
        assert_eq!(copied(entry("arn:aws:sts::123456789012:assumed-role/admin/{{SessionName}}")).username, None);
        assert_eq!(copied(entry("deployer")).username.as_deref(), Some("deployer"));
        let nodes = AccessEntry { entry_type: "EC2_LINUX".to_owned(), ..entry("system:node:{{EC2PrivateDNSName}}") };
        assert_eq!(copied(nodes).username, None);
    }
}
