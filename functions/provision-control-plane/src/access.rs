//! Who may use the clusters: blue's access entries and Pod Identity associations on green, and Bascule itself on both.

use domain::{
    Kind, Migration, PhaseError, Side,
    ownership::{self, clone_tags},
    ports::{Access, Ledger, Settings},
    resources::{access_entry, pod_identity_association},
};

/// Gives Bascule's Kubernetes role the administration of both clusters. An entry that somebody else made for it is left alone.
pub(crate) async fn ensure_own<P: Ledger + Access + Settings>(
    ports: &P,
    migration: &Migration,
) -> Result<(), PhaseError> {
    let entry = access_entry::administrator(&ports.kubernetes_role_arn()?);
    let role = &entry.principal_arn;
    let compute = &migration.plan.compute;
    for (side, cluster) in [(Side::Blue, &compute.blue.name), (Side::Green, &compute.green.name)] {
        let known = ports.live(migration, &access_entry::key(side, role)).await?.is_some();
        if !known && ports.access_entry(cluster, role).await?.is_some() {
            continue;
        }
        let tags = ownership::tags(migration, side);
        access_entry::ensure(ports, migration, (side, cluster), &entry, &tags).await?;
    }
    Ok(())
}

/// Copies blue's access entries and Pod Identity associations to green.
pub(crate) async fn ensure_copied<P: Ledger + Access>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let compute = &migration.plan.compute;
    let green = &compute.green.name;
    for entry in &compute.access_entries {
        let tags = clone_tags(migration, &entry.tags);
        access_entry::ensure(ports, migration, (Side::Green, green), entry, &tags).await?;
    }
    if compute.pod_identities.is_empty() {
        return Ok(());
    }
    let present = ports.pod_identities(green).await?;
    for association in &compute.pod_identities {
        pod_identity_association::ensure(ports, migration, association, &present).await?;
    }
    Ok(())
}

/// Takes the access entries that Bascule made off a side's cluster.
pub(crate) async fn remove_from<P: Ledger + Access>(
    ports: &P,
    migration: &Migration,
    side: Side,
) -> Result<(), PhaseError> {
    for entry in ports.live_of(migration, side, Kind::AccessEntry).await? {
        access_entry::remove_own(ports, migration, side, &entry.key.name).await?;
    }
    Ok(())
}
