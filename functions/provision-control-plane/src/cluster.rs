//! The control plane itself.

use domain::{
    Kind, Migration, PhaseError, ResourceKey, Side,
    names::client_token,
    ownership::{self, clone_tags},
    plan::compute::{ClusterStatus, Issue},
    ports::{Clock, Clusters, Ledger, clusters::NewCluster},
    reconcile::{ensure, ensure_absent},
    security_groups::clones,
};
use serde_json::Value;

pub(crate) fn key(migration: &Migration) -> ResourceKey {
    ResourceKey::new(Side::Green, Kind::Cluster, &migration.plan.compute.green.name)
}

/// Green's cluster, where this migration created it.
pub(crate) async fn own<P: Clusters>(ports: &P, migration: &Migration) -> Result<Option<ClusterStatus>, PhaseError> {
    let found = ports.cluster(&migration.plan.compute.green.name).await?;
    Ok(found.filter(|found| ownership::is_own(migration, &found.cluster.tags)))
}

/// Green's cluster, once it is `ACTIVE`.
pub(crate) async fn ensure_active<P: Clusters + Ledger>(
    ports: &P,
    migration: &Migration,
    now: jiff::Timestamp,
) -> Result<ClusterStatus, PhaseError> {
    let compute = &migration.plan.compute;
    let clones = clones(ports, migration).await?;
    let green = |id: &String| clones.get(id).unwrap_or(id).clone();
    let request = NewCluster {
        blue: compute.blue.clone(),
        green: compute.green.clone(),
        security_group_ids: compute.blue.security_group_ids.iter().map(green).collect(),
        tags: clone_tags(migration, &compute.blue.tags),
        token: client_token(&migration.id, Side::Green, Kind::Cluster, &compute.green.name),
    };
    ensure(
        ports,
        migration,
        &key(migration),
        Value::Null,
        || async { Ok(own(ports, migration).await?.map(|found| found.cluster.arn)) },
        || ports.create_cluster(&request),
    )
    .await?;
    let name = &compute.green.name;
    let Some(found) = own(ports, migration).await? else {
        return Err(PhaseError::not_ready(format!("control plane {name} is not to be seen yet")));
    };
    readiness(&found, now).map(|()| found)
}

/// What the status of a control plane means to who waits for it.
fn readiness(found: &ClusterStatus, now: jiff::Timestamp) -> Result<(), PhaseError> {
    match found.status.as_str() {
        "ACTIVE" | "UPDATING" => Ok(()),
        "FAILED" => Err(PhaseError::unhealthy(format!(
            "EKS could not create the control plane {}: {}",
            found.cluster.name,
            Issue::list(&found.issues)
        ))),
        "DELETING" => Err(PhaseError::conflict(format!("somebody deletes the control plane {}", found.cluster.name))),
        status => Err(PhaseError::not_ready(format!("control plane {status} for {}", elapsed(found.created_at, now)))),
    }
}

/// Minutes and seconds, as people read them.
pub(crate) fn elapsed(since: jiff::Timestamp, now: jiff::Timestamp) -> String {
    let seconds = now.duration_since(since).as_secs().max(0);
    if seconds < 60 { format!("{seconds}s") } else { format!("{}m{:02}s", seconds / 60, seconds % 60) }
}

/// Deletes green's cluster, where the ledger says that Bascule created it.
pub(crate) async fn remove<P: Clusters + Ledger + Clock>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let name = &migration.plan.compute.green.name;
    let now = ports.now();
    ensure_absent(
        ports,
        migration,
        &key(migration),
        || async { Ok(own(ports, migration).await?.map(|found| found.cluster.arn)) },
        |_| async {
            match own(ports, migration).await? {
                Some(found) if found.status == "DELETING" => Ok(()),
                // EKS refuses to delete what it still creates.
                Some(found) if found.status == "CREATING" => Err(PhaseError::not_ready(format!(
                    "control plane {name} is CREATING for {} and cannot be deleted before it is there",
                    elapsed(found.created_at, now)
                ))),
                Some(found) if found.cluster.deletion_protection => {
                    ports.drop_deletion_protection(name).await?;
                    Err(PhaseError::not_ready(format!("lifting the deletion protection of {name}")))
                }
                Some(_) => ports.delete_cluster(name).await,
                None => Ok(()),
            }
        },
    )
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Condition, plan::compute::Cluster};

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
            ("UPDATING", None),
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

    #[test]
    fn waiting_is_told_in_minutes_and_seconds() {
        for (seconds, text) in [(0, "0s"), (59, "59s"), (60, "1m00s"), (3_700, "61m40s"), (-5, "0s")] {
            assert_eq!(elapsed(jiff::Timestamp::UNIX_EPOCH, jiff::Timestamp::from_second(seconds).unwrap()), text);
        }
    }
}
