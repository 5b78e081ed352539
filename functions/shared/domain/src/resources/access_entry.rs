//! EKS access entries: blue's on green, and Bascule's own on both clusters
//! (<https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html>).

use crate::{
    Kind, Migration, PhaseError, ResourceKey, Side, Tags,
    names::client_token,
    plan::compute::{AccessEntry, AccessPolicy},
    ports::{Access, Ledger},
    reconcile,
};
use serde_json::json;

/// The IAM actions of the calls made here.
pub const ACTIONS: &[&str] = &[
    "eks:AssociateAccessPolicy",
    "eks:CreateAccessEntry",
    "eks:DeleteAccessEntry",
    "eks:DescribeAccessEntry",
    "eks:ListAssociatedAccessPolicies",
];

/// The entry of a principal on a side's cluster.
#[must_use]
pub fn key(side: Side, principal: &str) -> ResourceKey {
    ResourceKey::new(side, Kind::AccessEntry, principal)
}

/// What gives Bascule's Kubernetes role the administration of a cluster
/// (<https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html>).
#[must_use]
pub fn administrator(role: &str) -> AccessEntry {
    let partition = role.split(':').nth(1).unwrap_or("aws");
    AccessEntry {
        principal_arn: role.to_owned(),
        entry_type: "STANDARD".to_owned(),
        policies: vec![AccessPolicy {
            arn: format!("arn:{partition}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"),
            namespaces: Vec::new(),
        }],
        ..AccessEntry::default()
    }
}

/// Makes an entry on a cluster of this side, then associates the policies that it lacks: EKS takes them one by one.
///
/// # Errors
/// Only what the calls answer.
pub async fn ensure<P: Ledger + Access>(
    ports: &P,
    migration: &Migration,
    (side, cluster): (Side, &str),
    entry: &AccessEntry,
    tags: &Tags,
) -> Result<(), PhaseError> {
    let principal = &entry.principal_arn;
    let key = key(side, principal);
    let token = client_token(&migration.id, key.side, key.kind, &key.name);
    let found = ports.access_entry(cluster, principal).await?;
    let missing = missing_policies(entry, found.as_ref());
    reconcile::ensure(
        ports,
        migration,
        &key,
        json!({ "cluster": cluster }),
        || async { Ok(found.map(|found| found.principal_arn)) },
        || async { ports.create_access_entry(cluster, entry, tags, &token).await.map(|_| principal.clone()) },
    )
    .await?;
    for policy in missing {
        ports.associate_access_policy(cluster, principal, policy).await?;
    }
    Ok(())
}

fn missing_policies<'a>(wanted: &'a AccessEntry, found: Option<&AccessEntry>) -> Vec<&'a AccessPolicy> {
    wanted.policies.iter().filter(|policy| !found.is_some_and(|found| found.policies.contains(policy))).collect()
}

/// Makes an entry that Bascule made absent.
///
/// # Errors
/// `NotReady` while EKS still has it.
pub async fn remove<P: Ledger + Access>(
    ports: &P,
    migration: &Migration,
    (side, cluster): (Side, &str),
    principal: &str,
) -> Result<(), PhaseError> {
    let find = || async { Ok(ports.access_entry(cluster, principal).await?.map(|found| found.principal_arn)) };
    let delete = async |principal: String| delete(ports, cluster, &principal).await;
    reconcile::ensure_absent(ports, migration, &key(side, principal), find, delete).await
}

/// Makes an entry that Bascule made on the cluster of a side absent.
///
/// # Errors
/// `NotReady` while EKS still has it.
pub async fn remove_own<P: Ledger + Access>(
    ports: &P,
    migration: &Migration,
    side: Side,
    principal: &str,
) -> Result<(), PhaseError> {
    let compute = &migration.plan.compute;
    let cluster = if side == Side::Blue { &compute.blue.name } else { &compute.green.name };
    remove(ports, migration, (side, cluster), principal).await
}

/// Deletes an entry with its policies; nothing where it, or its cluster, is gone.
///
/// # Errors
/// Only what the calls answer.
pub async fn delete<P: Access>(ports: &P, cluster: &str, principal: &str) -> Result<(), PhaseError> {
    ports.delete_access_entry(cluster, principal).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_policies_that_an_entry_lacks_are_given_to_it() {
        let policy = |arn: &str, namespaces: &[&str]| AccessPolicy {
            arn: arn.to_owned(),
            namespaces: namespaces.iter().map(|&namespace| namespace.to_owned()).collect(),
        };
        let entry = |policies: &[AccessPolicy]| AccessEntry { policies: policies.to_vec(), ..AccessEntry::default() };
        let (view, edit) = (policy("view", &[]), policy("edit", &["web"]));
        let wanted = entry(&[view.clone(), edit.clone()]);
        assert_eq!(missing_policies(&wanted, None), [&view, &edit]);
        assert_eq!(missing_policies(&wanted, Some(&entry(std::slice::from_ref(&view)))), [&edit]);
        assert_eq!(missing_policies(&wanted, Some(&entry(&[policy("edit", &[]), view.clone()]))), [&edit]);
        assert!(missing_policies(&wanted, Some(&wanted)).is_empty());
    }
}
