//! The OIDC identity provider of a cluster's users, blue's on green: people and pipelines that blue's API server lets in by their provider's
//! tokens (<https://docs.aws.amazon.com/eks/latest/userguide/authenticate-oidc-identity-provider.html>). A cluster has one at most, and it goes
//! with the cluster.

use crate::{
    Kind, Migration, PhaseError, ResourceKey, Side,
    names::client_token,
    ownership::{self, clone_tags},
    plan::compute::IdentityProvider,
    ports::{IdentityProviders, Ledger},
    reconcile,
};
use serde_json::Value;

/// The IAM actions of the calls made here.
pub const ACTIONS: &[&str] = &["eks:AssociateIdentityProviderConfig", "eks:DescribeIdentityProviderConfig"];

/// The configuration of this name on green.
#[must_use]
pub fn key(name: &str) -> ResourceKey {
    ResourceKey::new(Side::Green, Kind::IdentityProvider, name)
}

/// Asks for green's clone of a configuration, and ends once it is `ACTIVE`. EKS updates the API server for it, which takes a quarter of an hour or
/// so.
///
/// # Errors
/// `NotReady` until then; `Conflict` where somebody else made one under the name, or deletes it.
pub async fn ensure<P: IdentityProviders + Ledger>(
    ports: &P,
    migration: &Migration,
    provider: &IdentityProvider,
) -> Result<(), PhaseError> {
    let green = &migration.plan.compute.green.name;
    let name = &provider.name;
    let key = key(name);
    let tags = clone_tags(migration, &provider.tags);
    let token = client_token(&migration.id, key.side, key.kind, name);
    let found = ports.identity_provider(green, name).await?;
    let status = found.as_ref().map(|found| found.status.clone());
    let own = found.filter(|found| ownership::is_own(migration, &found.provider.tags)).map(|found| found.provider.name);
    if status.is_some() && own.is_none() {
        return Err(PhaseError::conflict(format!(
            "somebody else gave {green} the identity provider configuration {name}; disassociate it, and start again"
        )));
    }
    let create =
        || async { ports.associate_identity_provider(green, provider, &tags, &token).await.map(|()| name.clone()) };
    reconcile::ensure(ports, migration, &key, Value::Null, || async { Ok(own) }, create).await?;
    match status.as_deref() {
        Some("ACTIVE") => Ok(()),
        Some("DELETING") => {
            Err(PhaseError::conflict(format!("somebody takes the identity provider {name} off {green}")))
        }
        status => Err(PhaseError::not_ready(format!("identity provider {name} {}", status.unwrap_or("CREATING")))),
    }
}
