//! provision-control-plane: green's EKS cluster, its add-ons that nodes need, and who may use it.
//!
//! The cluster is made like blue, without a bootstrap administrator; then come the rules that name its cluster security
//! group, access entries as such on a blue whose `aws-auth` alone lets people in, blue's access entries and Pod Identity associations, Bascule's
//! own access entry on both clusters, the OIDC provider with what IAM roles say of it, the add-ons that nodes need to become ready, and blue's
//! OIDC identity provider of people.

mod access;
mod identities;
mod network;

use domain::{
    Kind, Migration, Outcome, PhaseError, Side, Whole,
    plan::Whose,
    ports::{
        Access, Addons, Clock, Clusters, IdentityProviders, Ledger, LogGroups, Network, NodeGroups, OidcProviders,
        Roles, Settings,
    },
    reconcile::{self, Waiting},
    resources::{
        addon, authentication_mode, cluster, identity_provider, log_group, security_group, security_group_rule,
    },
};

/// The states of the rollback machine that run this phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Undo {
    /// Green's control plane, and Bascule's access to blue.
    #[strum(serialize = "")]
    Everything,
    /// Bascule's access to blue only: green is kept.
    LeaveBlue,
}

/// Makes the control plane and what hangs on it; where the user built it, verifies it, and makes only Bascule's own way to it.
///
/// # Errors
/// `NotReady` while EKS creates; `Unhealthy` where it fails; `Conflict` where green's name is taken, or the user's cluster is another one by now.
pub async fn converge<P>(ports: &P, migration: &Migration, _: Whole) -> Result<Outcome, PhaseError>
where
    P: Ledger
        + Clusters
        + Addons
        + Access
        + IdentityProviders
        + LogGroups
        + Network
        + OidcProviders
        + Roles
        + Settings
        + Clock,
{
    match migration.plan.whose(&cluster::key(migration)) {
        Whose::Bascules => make(ports, migration).await,
        Whose::Users(_) => {
            let green = cluster::ready(ports, migration).await?;
            network::ensure_way_in(ports, migration, &green.cluster.cluster_security_group_id).await?;
            authentication_mode::ensure(ports, migration).await?;
            access::ensure_own(ports, migration).await?;
            Ok(Outcome::done())
        }
    }
}

async fn make<P>(ports: &P, migration: &Migration) -> Result<Outcome, PhaseError>
where
    P: Ledger
        + Clusters
        + Addons
        + Access
        + IdentityProviders
        + LogGroups
        + Network
        + OidcProviders
        + Roles
        + Settings
        + Clock,
{
    log_group::ensure(ports, migration).await?;
    let clones = security_group::clones(ports, migration).await?;
    security_group::intend_cluster_group(ports, migration).await?;
    cluster::ensure(ports, migration, &clones).await?;
    let green = cluster::ready(ports, migration).await?;
    network::ensure(ports, migration, &green).await?;
    // Nothing changes it back: not before EKS has been able to make green.
    authentication_mode::ensure(ports, migration).await?;
    access::ensure_own(ports, migration).await?;
    // Before associations, whose roles must let EKS assume them, and add-ons: the network plugin may get its credentials this way.
    identities::ensure(ports, migration, &green.cluster).await?;
    access::ensure_copied(ports, migration).await?;
    for addon in migration.plan.compute.addons(true) {
        addon::ensure(ports, migration, addon).await?;
    }
    let mut waiting = Waiting::default();
    for addon in migration.plan.compute.addons(true) {
        // Without nodes an add-on may well be `DEGRADED`: provision-nodes looks at all of them again.
        waiting.take(addon::ready(ports, migration, &addon.name, false).await)?;
    }
    waiting.finish()?;
    // Last: EKS updates the control plane for it, and takes nothing else meanwhile.
    for provider in &migration.plan.compute.identity_providers {
        identity_provider::ensure(ports, migration, provider).await?;
    }
    Ok(Outcome::done())
}

/// Removes the control plane with all that hangs on it, and Bascule's access to blue; or only the latter. A cluster of the user's loses what
/// Bascule made there.
///
/// # Errors
/// `NotReady` while node groups are left or EKS deletes.
pub async fn undo<P>(ports: &P, migration: &Migration, step: Undo) -> Result<Outcome, PhaseError>
where
    P: Ledger + Clusters + NodeGroups + Access + LogGroups + Network + OidcProviders + Roles + Clock,
{
    access::remove_from(ports, migration, Side::Blue).await?;
    authentication_mode::leave(ports, migration).await?;
    if step == Undo::LeaveBlue {
        return Ok(Outcome::done());
    }
    if let Whose::Users(_) = migration.plan.whose(&cluster::key(migration)) {
        security_group_rule::remove_where(ports, migration, |_, _| true).await?;
        access::remove_from(ports, migration, Side::Green).await?;
        // What was applied to it is deleted by now, and nothing is left of what was changed there.
        reconcile::gone_with(ports, migration, Side::Green, Kind::Cluster).await?;
        return Ok(Outcome::done());
    }
    identities::remove(ports, migration).await?;
    if let Some(green) = cluster::find(ports, migration).await? {
        let left = ports.node_groups(&migration.plan.compute.green.name).await?;
        if !left.is_empty() {
            return Err(PhaseError::not_ready(format!("node groups {} are still there", left.join(", "))));
        }
        // While rules of others name it, EKS cannot delete the cluster security group and leaves it behind.
        let group = green.cluster.cluster_security_group_id;
        security_group::know_cluster_group(ports, migration, &group).await?;
        security_group_rule::remove_where(ports, migration, |_, wanted| {
            wanted.group_id == group || wanted.rule.peer_group() == Some(&group)
        })
        .await?;
        // What the nodes left holds it too.
        let own: Vec<String> = security_group::clones(ports, migration).await?.into_values().collect();
        let compute = &migration.plan.compute;
        security_group::delete_left_interfaces(ports, &compute.blue.vpc_id, &compute.green.name, &own).await?;
    }
    cluster::remove(ports, migration).await?;
    log_group::remove(ports, migration).await?;
    Ok(Outcome::done())
}
