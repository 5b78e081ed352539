//! EKS Fargate profiles of green, under the names that blue's have
//! (<https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateFargateProfile.html>). EKS makes or deletes one at a time in a cluster
//! (hashicorp/terraform#25059, hashicorp/terraform-provider-aws#16272), makes the access entry of the Pod execution role by
//! itself, and deletes the Pods of a profile with it
//! (<https://docs.aws.amazon.com/eks/latest/APIReference/API_DeleteFargateProfile.html>).

use crate::{
    Kind, Migration, PhaseError, ResourceKey, Side,
    names::client_token,
    ownership::clone_tags,
    plan::compute::{FargateProfile, Issue},
    ports::{FargateProfiles, Ledger},
    reconcile,
};
use serde_json::Value;

/// The IAM actions of the calls made here.
pub const ACTIONS: &[&str] = &["eks:CreateFargateProfile", "eks:DeleteFargateProfile", "eks:DescribeFargateProfile"];

/// Green's Fargate profile of this name.
#[must_use]
pub fn key(name: &str) -> ResourceKey {
    ResourceKey::new(Side::Green, Kind::FargateProfile, name)
}

/// Makes green's Fargate profiles like blue's, the next one once the one before is there.
///
/// # Errors
/// `NotReady` while EKS makes one; `Unhealthy`, with EKS's reasons, where it failed; `Conflict` where somebody deletes one.
pub async fn ensure_all<P: Ledger + FargateProfiles>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let cluster = &migration.plan.compute.green.name;
    for like in &migration.plan.compute.fargate_profiles {
        let key = key(&like.name);
        let tags = clone_tags(migration, &like.tags);
        let token = client_token(&migration.id, key.side, key.kind, &key.name);
        let create = || ports.create_fargate_profile(cluster, like, &tags, &token);
        reconcile::ensure(ports, migration, &key, Value::Null, || find(ports, cluster, &like.name), create).await?;
        readiness(&like.name, ports.fargate_profile(cluster, &like.name).await?.as_ref())?;
    }
    Ok(())
}

fn readiness(name: &str, found: Option<&FargateProfile>) -> Result<(), PhaseError> {
    match found.map_or("CREATING", |found| found.status.as_str()) {
        "ACTIVE" => Ok(()),
        "DELETING" => Err(PhaseError::conflict(format!("somebody deletes the Fargate profile {name}"))),
        status @ ("CREATE_FAILED" | "DELETE_FAILED") => {
            let issues = found.map(|found| Issue::list(&found.issues)).unwrap_or_default();
            Err(PhaseError::unhealthy(format!("Fargate profile {name} is {status}: {issues}")))
        }
        status => Err(PhaseError::not_ready(format!("Fargate profile {name} {status}"))),
    }
}

/// The ARN of a Fargate profile of a cluster, in whatever status.
///
/// # Errors
/// Only what the calls answer.
pub async fn find<P: FargateProfiles>(ports: &P, cluster: &str, name: &str) -> Result<Option<String>, PhaseError> {
    Ok(ports.fargate_profile(cluster, name).await?.map(|found| found.arn))
}

/// Makes green's Fargate profiles that the ledger knows absent, one after the other.
///
/// # Errors
/// `NotReady` while EKS deletes one.
pub async fn remove_all<P: Ledger + FargateProfiles>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let cluster = &migration.plan.compute.green.name;
    for entry in ports.live_of(migration, Side::Green, Kind::FargateProfile).await? {
        let name = &entry.key.name;
        let find = || find(ports, cluster, name);
        reconcile::ensure_absent(ports, migration, &entry.key, find, async |_| delete(ports, cluster, name).await)
            .await?;
    }
    Ok(())
}

/// Asks for the deletion of a Fargate profile; nothing where it is gone or being deleted.
///
/// # Errors
/// `NotReady` while EKS has another one of the cluster to make or to delete.
pub async fn delete<P: FargateProfiles>(ports: &P, cluster: &str, name: &str) -> Result<(), PhaseError> {
    match ports.fargate_profile(cluster, name).await? {
        Some(found) if found.status != "DELETING" => ports.delete_fargate_profile(cluster, name).await,
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Condition;

    #[test]
    fn a_profile_must_be_active_and_one_that_failed_is_told_with_its_reason() {
        let profile = |status: &str| FargateProfile {
            status: status.to_owned(),
            issues: vec![Issue { code: "PodExecutionRoleAlreadyInUse".to_owned(), message: "taken".to_owned() }],
            ..FargateProfile::default()
        };
        for (status, expected) in [
            (Some("ACTIVE"), None),
            (None, Some((Condition::NotReady, "Fargate profile web CREATING"))),
            (Some("CREATING"), Some((Condition::NotReady, "Fargate profile web CREATING"))),
            (Some("DELETING"), Some((Condition::Conflict, "somebody deletes the Fargate profile web"))),
            (
                Some("CREATE_FAILED"),
                Some((
                    Condition::Unhealthy,
                    "Fargate profile web is CREATE_FAILED: PodExecutionRoleAlreadyInUse: taken",
                )),
            ),
        ] {
            let found = readiness("web", status.map(profile).as_ref()).err();
            let expected = expected.map(|(condition, message)| (condition, message.to_owned()));
            assert_eq!(found.map(|error| (error.condition, error.message)), expected, "{status:?}");
        }
    }
}
