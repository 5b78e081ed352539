//! How Pods of green get IAM roles that blue's take through its OIDC provider: a provider for green and what the trust policies of the roles say
//! of it, or what lets EKS Pod Identity assume them. IAM may take some seconds until it knows either; the Pods come minutes later, with the nodes.

use domain::{
    Kind, Migration, PhaseError, Side,
    plan::compute::Cluster,
    ports::{Clock, Ledger, OidcProviders, Roles},
    reconcile::Waiting,
    resources::{oidc_provider, trust_statement},
};

/// Makes what the plan has: the provider first, since roles name it.
pub(crate) async fn ensure<P: Ledger + OidcProviders + Roles + Clock>(
    ports: &P,
    migration: &Migration,
    green: &Cluster,
) -> Result<(), PhaseError> {
    let providers = oidc_provider::ensure(ports, migration, green).await?;
    for planned in migration.plan.creates_of(Kind::TrustStatement) {
        trust_statement::ensure(ports, migration, planned, providers.as_ref()).await?;
    }
    Ok(())
}

/// Takes it away again: what roles say first.
pub(crate) async fn remove<P: Ledger + OidcProviders + Roles + Clock>(
    ports: &P,
    migration: &Migration,
) -> Result<(), PhaseError> {
    let mut waiting = Waiting::default();
    for entry in ports.live_of(migration, Side::Green, Kind::TrustStatement).await? {
        waiting.take(trust_statement::remove(ports, migration, &entry).await)?;
    }
    waiting.finish()?;
    for entry in ports.live_of(migration, Side::Green, Kind::OidcProvider).await? {
        oidc_provider::remove(ports, migration, &entry).await?;
    }
    Ok(())
}
