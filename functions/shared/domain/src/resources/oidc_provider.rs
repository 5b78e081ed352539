//! The IAM OIDC provider of a cluster: IAM takes the tokens of its service accounts for what they say
//! (<https://docs.aws.amazon.com/eks/latest/userguide/enable-iam-roles-for-service-accounts.html>). Its ARN is made of the cluster's issuer,
//! so there is one at most, and it is of no use without its cluster.

use crate::{
    Condition, Entry, Kind, Migration, PhaseError, ResourceKey, Side,
    ownership::{self, clone_tags},
    plan::{Planned, compute::Cluster},
    ports::{Clock, Ledger, OidcProviders, oidc_providers::OidcProvider},
    reconcile,
};
use serde_json::json;

/// The IAM actions of the calls made here.
pub const ACTIONS: &[&str] =
    &["iam:CreateOpenIDConnectProvider", "iam:DeleteOpenIDConnectProvider", "iam:GetOpenIDConnectProvider"];

/// Green's provider.
#[must_use]
pub fn key(migration: &Migration) -> ResourceKey {
    ResourceKey::new(Side::Green, Kind::OidcProvider, &migration.plan.compute.green.name)
}

/// The ARN that the provider of a cluster has in the cluster's account, whether it exists or not; `None` while EKS has not named the
/// issuer.
#[must_use]
pub fn arn(cluster: &Cluster) -> Option<String> {
    let mut parts = cluster.arn.split(':');
    let (partition, account) = (parts.nth(1)?, parts.nth(2)?);
    let issuer = cluster.oidc_issuer.trim_start_matches("https://").trim_end_matches('/');
    (!issuer.is_empty()).then(|| format!("arn:{partition}:iam::{account}:oidc-provider/{issuer}"))
}

/// What the plan says of a provider for green like blue's.
#[must_use]
pub fn planned(green: &str, blue: &OidcProvider) -> Planned {
    Planned::new(Kind::OidcProvider, format!("of {green}, like {}", blue.arn)).with(json!(blue))
}

/// Makes green's provider with blue's audiences, thumbprints and tags, where the plan has one, and gives the ARNs of both.
///
/// # Errors
/// `Conflict` where somebody else made it; `NotReady` while EKS has not named the issuer, or IAM does not show the provider yet.
pub async fn ensure<P: Ledger + OidcProviders + Clock>(
    ports: &P,
    migration: &Migration,
    green: &Cluster,
) -> Result<Option<(String, String)>, PhaseError> {
    let Some(planned) = migration.plan.creates_of(Kind::OidcProvider).next() else { return Ok(None) };
    let blue: OidcProvider = serde_json::from_value(planned.facts.clone()).map_err(|error| {
        PhaseError::conflict(format!("the plan's facts of {} cannot be read: {error}", planned.name))
    })?;
    let arn = arn(green).ok_or_else(|| PhaseError::not_ready("EKS has not named the OIDC issuer yet"))?;
    let provider = OidcProvider { arn: arn.clone(), tags: clone_tags(migration, &blue.tags), ..blue.clone() };
    let mut detail = reconcile::intended(ports.now());
    detail["arn"] = json!(arn);
    let find = || find(ports, migration, &arn);
    let create = || create(ports, migration, &provider);
    reconcile::ensure(ports, migration, &key(migration), detail, find, create).await?;
    Ok(Some((blue.arn, arn)))
}

/// The provider with this ARN, where this migration made it.
async fn find<P: OidcProviders>(ports: &P, migration: &Migration, arn: &str) -> Result<Option<String>, PhaseError> {
    let found = ports.oidc_provider(arn).await?;
    Ok(found.filter(|found| ownership::is_own(migration, &found.tags)).map(|found| found.arn))
}

async fn create<P: OidcProviders>(
    ports: &P,
    migration: &Migration,
    provider: &OidcProvider,
) -> Result<String, PhaseError> {
    let arn = &provider.arn;
    match ports.create_oidc_provider(provider).await {
        Err(error) if error.condition == Condition::Conflict => match ports.oidc_provider(arn).await? {
            // It was made before, and could not be seen until now.
            Some(found) if ownership::is_own(migration, &found.tags) => Ok(found.arn),
            Some(_) => Err(error),
            None => Err(PhaseError::not_ready(format!("the OIDC provider {arn} is not to be seen yet"))),
        },
        created => created.map(|()| arn.clone()),
    }
}

/// Makes the provider that `entry` stands for absent.
///
/// # Errors
/// `NotReady` while IAM still shows it, or may not show it yet.
pub async fn remove<P: Ledger + OidcProviders + Clock>(
    ports: &P,
    migration: &Migration,
    entry: &Entry,
) -> Result<(), PhaseError> {
    let arn = entry.detail["arn"].as_str().unwrap_or_default();
    let find = || find(ports, migration, arn);
    reconcile::ensure_settled_absent(ports, migration, entry, find, async |arn| delete(ports, &arn).await).await
}

/// The ARN of blue's provider, where it still exists.
///
/// # Errors
/// Only what the calls answer.
pub async fn find_approved<P: OidcProviders>(ports: &P, planned: &Planned) -> Result<Option<String>, PhaseError> {
    let arn = planned.id.as_deref().unwrap_or_default();
    Ok(ports.oidc_provider(arn).await?.map(|found| found.arn))
}

/// Deletes a provider; nothing where it is gone.
///
/// # Errors
/// Only what the calls answer.
pub async fn delete<P: OidcProviders>(ports: &P, arn: &str) -> Result<(), PhaseError> {
    ports.delete_oidc_provider(arn).await
}

#[cfg(test)]
mod tests {
    use super::*;

    // https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html
    #[test]
    fn the_arn_of_a_provider_is_made_of_the_clusters_partition_account_and_issuer() {
        let of = |arn: &str, issuer: &str| {
            super::arn(&Cluster { arn: arn.to_owned(), oidc_issuer: issuer.to_owned(), ..Cluster::default() })
        };
        assert_eq!(
            of(
                "arn:aws-cn:eks:cn-north-1:111122223333:cluster/shop",
                "https://oidc.eks.cn-north-1.amazonaws.com.cn/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
            )
            .as_deref(),
            Some(
                "arn:aws-cn:iam::111122223333:oidc-provider/oidc.eks.cn-north-1.amazonaws.com.cn/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
            )
        );
        assert_eq!(of("arn:aws:eks:cn-north-1:111122223333:cluster/shop", ""), None);
    }
}
