//! Blue's access entries and Pod Identity associations.

use super::BLUE;
use domain::{
    PhaseError, Problem,
    plan::compute::{AccessEntry, Compute},
    ports::Access,
};

pub(super) async fn read<P: Access>(
    ports: &P,
    compute: &mut Compute,
    problems: &mut Vec<Problem>,
) -> Result<(), PhaseError> {
    let blue = compute.blue.name.clone();
    if compute.blue.authentication_mode != "CONFIG_MAP" {
        for principal in ports.access_entries(&blue).await? {
            let Some(entry) = ports.access_entry(&blue, &principal).await? else { continue };
            match fate(&entry) {
                Fate::Copied => compute.access_entries.push(copied(entry)),
                Fate::MadeByEks => {}
                Fate::Refused => problems.push(Problem::new(
                    BLUE,
                    format!("the access entry of {principal} is of type {}, which is not cloned", entry.entry_type),
                )),
            }
        }
    }
    let mut associations = ports.pod_identities(&blue).await?;
    associations.retain(|association| association.owner_arn.is_none());
    compute.pod_identities = associations;
    Ok(())
}

#[derive(Debug, PartialEq, Eq)]
enum Fate {
    Copied,
    MadeByEks,
    Refused,
}

/// EKS makes the entries of managed node groups and Fargate, and those of its own service-linked roles
/// (<https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html>).
fn fate(entry: &AccessEntry) -> Fate {
    match entry.entry_type.as_str() {
        "EC2_LINUX" | "EC2_WINDOWS" | "FARGATE_LINUX" => Fate::MadeByEks,
        _ if entry.principal_arn.contains(":role/aws-service-role/") => Fate::MadeByEks,
        "STANDARD" => Fate::Copied,
        _ => Fate::Refused,
    }
}

/// A name that EKS made from the ARN is left to EKS again: it takes no such name from a request.
fn copied(entry: AccessEntry) -> AccessEntry {
    AccessEntry { username: entry.username.filter(|name| !name.starts_with("arn:")), ..entry }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_entries_that_people_made_are_copied() {
        let role = "arn:aws:iam::123456789012:role/admin";
        let service = "arn:aws:iam::123456789012:role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS";
        for (kind, principal, expected) in [
            ("STANDARD", role, Fate::Copied),
            ("STANDARD", service, Fate::MadeByEks),
            ("EC2_LINUX", role, Fate::MadeByEks),
            ("FARGATE_LINUX", role, Fate::MadeByEks),
            ("HYBRID_LINUX", role, Fate::Refused),
            ("EC2", role, Fate::Refused),
        ] {
            let entry = AccessEntry {
                entry_type: kind.to_owned(),
                principal_arn: principal.to_owned(),
                ..AccessEntry::default()
            };
            assert_eq!(fate(&entry), expected, "{kind} {principal}");
        }
    }

    #[test]
    fn a_name_that_eks_made_is_left_to_eks() {
        let entry = |name: &str| AccessEntry { username: Some(name.to_owned()), ..AccessEntry::default() };
        assert_eq!(copied(entry("arn:aws:sts::123456789012:assumed-role/admin/{{SessionName}}")).username, None);
        assert_eq!(copied(entry("deployer")).username.as_deref(), Some("deployer"));
    }
}
