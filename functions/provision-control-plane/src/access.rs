//! Who may use the clusters: blue's access entries and Pod Identity associations on green, and Bascule itself on both.

use domain::{
    Kind, Migration, PhaseError, ResourceKey, Side,
    names::client_token,
    ownership::{self, clone_tags},
    plan::compute::{AccessEntry, AccessPolicy, Tags},
    ports::{Access, Ledger, Settings},
    reconcile::{ensure, ensure_absent},
};
use serde_json::{Value, json};

/// Gives Bascule's Kubernetes role the administration of both clusters. An entry that somebody else made for it on blue is left alone.
pub(crate) async fn ensure_own<P: Ledger + Access + Settings>(
    ports: &P,
    migration: &Migration,
) -> Result<(), PhaseError> {
    let role = ports.kubernetes_role_arn()?;
    let compute = &migration.plan.compute;
    // https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html
    let partition = role.split(':').nth(1).unwrap_or("aws");
    let entry = AccessEntry {
        principal_arn: role.clone(),
        entry_type: "STANDARD".to_owned(),
        policies: vec![AccessPolicy {
            arn: format!("arn:{partition}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"),
            namespaces: Vec::new(),
        }],
        ..AccessEntry::default()
    };
    for (side, cluster) in [(Side::Blue, &compute.blue.name), (Side::Green, &compute.green.name)] {
        let key = ResourceKey::new(side, Kind::AccessEntry, &role);
        if side == Side::Blue {
            let known = ports.live(migration, &key).await?.is_some();
            if !known && ports.access_entry(cluster, &role).await?.is_some() {
                continue;
            }
        }
        let detail = json!({ "cluster": cluster });
        ensure_entry(ports, migration, &key, cluster, &entry, &ownership::tags(migration, side), detail).await?;
    }
    Ok(())
}

/// Copies blue's access entries and Pod Identity associations to green.
pub(crate) async fn ensure_copied<P: Ledger + Access>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let compute = &migration.plan.compute;
    let green = &compute.green.name;
    for entry in &compute.access_entries {
        let key = ResourceKey::new(Side::Green, Kind::AccessEntry, &entry.principal_arn);
        ensure_entry(ports, migration, &key, green, entry, &clone_tags(migration, &entry.tags), Value::Null).await?;
    }
    if compute.pod_identities.is_empty() {
        return Ok(());
    }
    let present = ports.pod_identities(green).await?;
    for association in &compute.pod_identities {
        let name = association.key();
        let key = ResourceKey::new(Side::Green, Kind::PodIdentityAssociation, &name);
        let tags = clone_tags(migration, &association.tags);
        let token = client_token(&migration.id, Side::Green, Kind::PodIdentityAssociation, &name);
        let found = present.iter().find(|found| found.key() == name).map(|found| found.arn.clone());
        let create = || ports.create_pod_identity(green, association, &tags, &token);
        ensure(ports, migration, &key, Value::Null, || async { Ok(found) }, create).await?;
    }
    Ok(())
}

/// An access entry, then those of its policies that are missing: EKS takes them one by one.
async fn ensure_entry<P: Ledger + Access>(
    ports: &P,
    migration: &Migration,
    key: &ResourceKey,
    cluster: &str,
    entry: &AccessEntry,
    tags: &Tags,
    detail: Value,
) -> Result<(), PhaseError> {
    let principal = &entry.principal_arn;
    let token = client_token(&migration.id, key.side, Kind::AccessEntry, principal);
    let found = ports.access_entry(cluster, principal).await?;
    let missing = missing_policies(entry, found.as_ref());
    ensure(
        ports,
        migration,
        key,
        detail,
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

/// Takes Bascule's access entry off blue, where Bascule made it.
pub(crate) async fn remove_from_blue<P: Ledger + Access>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let cluster = &migration.plan.compute.blue.name;
    for entry in ports.entries(migration).await? {
        if entry.key.side != Side::Blue || entry.key.kind != Kind::AccessEntry || !entry.is_live() {
            continue;
        }
        let principal = &entry.key.name;
        let find = || async { Ok(ports.access_entry(cluster, principal).await?.map(|found| found.principal_arn)) };
        let delete = |principal: String| async move { ports.delete_access_entry(cluster, &principal).await };
        ensure_absent(ports, migration, &entry.key, find, delete).await?;
    }
    Ok(())
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
