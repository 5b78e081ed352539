//! EKS Pod Identity associations of green, blue's without those that belong to an add-on
//! (<https://docs.aws.amazon.com/eks/latest/userguide/pod-id-association.html>). They go with the cluster.

use crate::{
    Kind, Migration, PhaseError, ResourceKey, Side,
    names::client_token,
    ownership::clone_tags,
    plan::compute::PodIdentity,
    ports::{Access, Ledger},
    reconcile,
    resources::trust_statement,
};
use serde_json::Value;

/// The IAM actions of the calls made here.
pub const ACTIONS: &[&str] =
    &["eks:CreatePodIdentityAssociation", "eks:DescribePodIdentityAssociation", "eks:ListPodIdentityAssociations"];

/// The association of a service account, `<namespace>/<service account>`.
#[must_use]
pub fn key(account: &str) -> ResourceKey {
    ResourceKey::new(Side::Green, Kind::PodIdentityAssociation, account)
}

/// Makes green's clone of an association. `present` are green's associations.
///
/// # Errors
/// Only what the calls answer.
pub async fn ensure<P: Ledger + Access>(
    ports: &P,
    migration: &Migration,
    association: &PodIdentity,
    present: &[PodIdentity],
) -> Result<(), PhaseError> {
    let green = &migration.plan.compute.green.name;
    let key = key(&association.key());
    let tags = clone_tags(migration, &association.tags);
    let token = client_token(&migration.id, key.side, key.kind, &key.name);
    let found = present.iter().find(|found| found.key() == key.name).map(|found| found.arn.clone());
    let create = || async {
        match ports.create_pod_identity(green, association, &tags, &token).await {
            Err(error) => Err(trust_statement::unless_new(ports, migration, error, &association.role_arn).await),
            created => created,
        }
    };
    reconcile::ensure(ports, migration, &key, Value::Null, || async { Ok(found) }, create).await.map(drop)
}
