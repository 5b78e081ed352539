//! The control plane of green, an EKS cluster made like blue
//! (<https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html>).

use crate::{
    Kind, Migration, PhaseError, ResourceKey, Side,
    duration::elapsed,
    names::client_token,
    ownership::{self, clone_tags},
    plan::{
        Whose,
        compute::{ClusterStatus, Issue, rules::Clones},
    },
    ports::{Clock, Clusters, Ledger, clusters::NewCluster},
    reconcile,
};
use serde_json::Value;

/// The IAM actions of the calls made here.
pub const ACTIONS: &[&str] =
    &["eks:CreateCluster", "eks:DeleteCluster", "eks:DescribeCluster", "eks:UpdateClusterConfig"];

/// Green's cluster; its name is the user's choice.
#[must_use]
pub fn key(migration: &Migration) -> ResourceKey {
    ResourceKey::new(Side::Green, Kind::Cluster, &migration.plan.compute.green.name)
}

/// Green's cluster, where this migration created it or, where the user did, where it is still the one that the plan saw.
///
/// # Errors
/// Only what the calls answer.
pub async fn find<P: Clusters>(ports: &P, migration: &Migration) -> Result<Option<ClusterStatus>, PhaseError> {
    let found = ports.cluster(&migration.plan.compute.green.name).await?;
    Ok(found.filter(|found| match &migration.plan.compute.existing {
        Some(existing) => found.cluster.endpoint == existing.endpoint,
        None => ownership::is_own(migration, &found.cluster.tags),
    }))
}

/// Asks for green's cluster, with the clones of blue's security groups.
///
/// # Errors
/// `Conflict` where green's name is taken; `NotReady` while EKS does not know one of the clones yet.
pub async fn ensure<P: Clusters + Ledger>(ports: &P, migration: &Migration, clones: &Clones) -> Result<(), PhaseError> {
    let compute = &migration.plan.compute;
    let key = key(migration);
    let green = |id: &String| clones.get(id).unwrap_or(id).clone();
    let request = NewCluster {
        blue: compute.blue.clone(),
        green: compute.green.clone(),
        security_group_ids: compute.blue.security_group_ids.iter().map(green).collect(),
        tags: clone_tags(migration, &compute.blue.tags),
        token: client_token(&migration.id, key.side, key.kind, &key.name),
    };
    let find = || async { Ok(find(ports, migration).await?.map(|found| found.cluster.arn)) };
    let create = || async {
        let created = ports.create_cluster(&request).await;
        created.map_err(|error| reconcile::unless_new(error, clones.values()))
    };
    reconcile::ensure(ports, migration, &key, Value::Null, find, create).await.map(drop)
}

/// Green's cluster, once it is `ACTIVE`.
///
/// # Errors
/// `NotReady` while EKS creates it; `Unhealthy`, with EKS's reasons, where it failed; `Conflict` where somebody deletes it, or where the
/// user's is another one than the plan saw.
pub async fn ready<P: Clusters + Clock>(ports: &P, migration: &Migration) -> Result<ClusterStatus, PhaseError> {
    let name = &migration.plan.compute.green.name;
    match (find(ports, migration).await?, migration.plan.whose(&key(migration))) {
        (Some(found), _) => readiness(&found, ports.now()).map(|()| found),
        (None, Whose::Users(_)) => Err(PhaseError::conflict(format!(
            "the cluster {name} is gone, or was made again since the plan: nothing of it was changed. Start a new migration once it is there"
        ))),
        (None, Whose::Bascules) => Err(PhaseError::not_ready(format!("control plane {name} is not to be seen yet"))),
    }
}

/// What the status of a control plane means to who waits for it. While it is `UPDATING` EKS refuses to create node groups
/// (eksctl-io/eksctl#2244).
fn readiness(found: &ClusterStatus, now: jiff::Timestamp) -> Result<(), PhaseError> {
    match found.status.as_str() {
        "ACTIVE" => Ok(()),
        "FAILED" => Err(PhaseError::unhealthy(format!(
            "EKS could not create the control plane {}: {}",
            found.cluster.name,
            Issue::list(&found.issues)
        ))),
        "DELETING" => Err(PhaseError::conflict(format!("somebody deletes the control plane {}", found.cluster.name))),
        status => Err(PhaseError::not_ready(format!("control plane {status} for {}", elapsed(found.created_at, now)))),
    }
}

/// Makes green's cluster absent, and with it all that hangs on it.
///
/// # Errors
/// `NotReady` while EKS deletes it, or is not ready to.
pub async fn remove<P: Clusters + Ledger + Clock>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let key = key(migration);
    let find = || async { Ok(find(ports, migration).await?.map(|found| found.cluster.arn)) };
    reconcile::ensure_absent(ports, migration, &key, find, async |_| delete(ports, &key.name).await).await?;
    reconcile::gone_with(ports, migration, Side::Green, Kind::Cluster).await
}

/// Asks for the deletion of a cluster, its deletion protection lifted first; nothing where it is gone or being deleted.
///
/// # Errors
/// `NotReady` while EKS still creates it or lifts the protection.
pub async fn delete<P: Clusters + Clock>(ports: &P, name: &str) -> Result<(), PhaseError> {
    match ports.cluster(name).await? {
        // EKS refuses to delete what it still creates.
        Some(found) if found.status == "CREATING" => Err(PhaseError::not_ready(format!(
            "control plane {name} is CREATING for {} and cannot be deleted before it is there",
            elapsed(found.created_at, ports.now())
        ))),
        Some(found) if found.status != "DELETING" && found.cluster.deletion_protection => {
            ports.drop_deletion_protection(name).await?;
            Err(PhaseError::not_ready(format!("lifting the deletion protection of {name}")))
        }
        Some(found) if found.status != "DELETING" => ports.delete_cluster(name).await,
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Condition, plan::compute::Cluster};

    fn status(status: &str) -> ClusterStatus {
        ClusterStatus {
            cluster: Cluster { name: "green".to_owned(), ..Cluster::default() },
            status: status.to_owned(),
            created_at: jiff::Timestamp::UNIX_EPOCH,
            issues: vec![Issue {
                code: "InsufficientFreeAddresses".to_owned(),
                message: "no free addresses".to_owned(),
            }],
        }
    }

    #[test]
    fn only_an_active_control_plane_lets_the_phase_go_on() {
        let now = jiff::Timestamp::from_second(252).unwrap();
        let conditions = [
            ("ACTIVE", None),
            ("UPDATING", Some((Condition::NotReady, "control plane UPDATING for 4m12s"))),
            ("CREATING", Some((Condition::NotReady, "control plane CREATING for 4m12s"))),
            (
                "FAILED",
                Some((
                    Condition::Unhealthy,
                    "EKS could not create the control plane green: InsufficientFreeAddresses: no free addresses",
                )),
            ),
            ("DELETING", Some((Condition::Conflict, "somebody deletes the control plane green"))),
        ];
        for (name, expected) in conditions {
            let found = readiness(&status(name), now).err().map(|error| (error.condition, error.message));
            assert_eq!(found, expected.map(|(condition, message)| (condition, message.to_owned())), "{name}");
        }
    }
}
