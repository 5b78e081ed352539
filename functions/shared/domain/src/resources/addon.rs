//! EKS add-ons of green, in blue's configuration
//! (<https://docs.aws.amazon.com/eks/latest/userguide/eks-add-ons.html>). They go with the cluster.

use crate::{
    Kind, Migration, PhaseError, ResourceKey, Side,
    duration::elapsed,
    names::client_token,
    ownership::clone_tags,
    plan::compute::{Addon, Issue},
    ports::{Addons, Clock, Ledger, clusters::AddonStatus},
    reconcile,
    resources::trust_statement,
};
use serde_json::Value;

/// The IAM actions of the calls made here.
pub const ACTIONS: &[&str] = &["eks:CreateAddon", "eks:DescribeAddon"];

/// How many seconds an add-on may be `DEGRADED` before it counts as broken: its Pods need nodes and images first.
const PATIENCE: i64 = 15 * 60;

/// Green's add-on of this name.
#[must_use]
pub fn key(name: &str) -> ResourceKey {
    ResourceKey::new(Side::Green, Kind::Addon, name)
}

/// Asks for green's clone of an add-on.
///
/// # Errors
/// Only what the calls answer.
pub async fn ensure<P: Addons + Ledger>(ports: &P, migration: &Migration, addon: &Addon) -> Result<(), PhaseError> {
    let green = &migration.plan.compute.green.name;
    let key = key(&addon.name);
    let tags = clone_tags(migration, &addon.tags);
    let token = client_token(&migration.id, key.side, key.kind, &key.name);
    let find = || async { Ok(ports.addon(green, &addon.name).await?.map(|found| found.arn)) };
    let create = || async {
        let mut created = ports.create_addon(green, addon, &tags, &token).await;
        for (_, role) in &addon.pod_identities {
            if let Err(error) = created {
                created = Err(trust_statement::unless_new(ports, migration, error, role).await);
            }
        }
        created
    };
    reconcile::ensure(ports, migration, &key, Value::Null, find, create).await.map(drop)
}

/// Ends once the add-on works, as far as it can with or without nodes.
///
/// # Errors
/// `NotReady` while EKS puts it there; `Unhealthy`, with EKS's reasons, where it failed or stays `DEGRADED`; `Conflict`
/// where somebody deletes it.
pub async fn ready<P: Addons + Clock>(
    ports: &P,
    migration: &Migration,
    name: &str,
    with_nodes: bool,
) -> Result<(), PhaseError> {
    match ports.addon(&migration.plan.compute.green.name, name).await? {
        Some(found) => readiness(&found, ports.now(), with_nodes),
        None => Err(PhaseError::not_ready(format!("add-on {name} is not to be seen yet"))),
    }
}

fn readiness(found: &AddonStatus, now: jiff::Timestamp, with_nodes: bool) -> Result<(), PhaseError> {
    let (name, status) = (&found.addon.name, found.status.as_str());
    let age = now.duration_since(found.created_at).as_secs();
    match status {
        "ACTIVE" => Ok(()),
        // Its Pods have nowhere to run yet.
        "DEGRADED" if !with_nodes => Ok(()),
        "DEGRADED" if age <= PATIENCE => Err(waiting(found, now)),
        "CREATE_FAILED" | "UPDATE_FAILED" | "DELETE_FAILED" | "DEGRADED" => {
            Err(PhaseError::unhealthy(format!("add-on {name} is {status}: {}", Issue::list(&found.issues))))
        }
        "DELETING" => Err(PhaseError::conflict(format!("somebody deletes the add-on {name}"))),
        _ => Err(waiting(found, now)),
    }
}

fn waiting(found: &AddonStatus, now: jiff::Timestamp) -> PhaseError {
    let (name, status) = (&found.addon.name, &found.status);
    PhaseError::not_ready(format!("add-on {name} {status} for {}", elapsed(found.created_at, now)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_degraded_add_on_has_a_quarter_of_an_hour_to_recover_once_there_are_nodes() {
        let addon = |status: &str| AddonStatus {
            addon: Addon { name: "coredns".to_owned(), ..Addon::default() },
            arn: String::new(),
            status: status.to_owned(),
            created_at: jiff::Timestamp::UNIX_EPOCH,
            issues: vec![Issue { code: "InsufficientNumberOfReplicas".to_owned(), message: "no Pods".to_owned() }],
            association_arns: Vec::new(),
        };
        let unhealthy = |status: &str| {
            let message = format!("add-on coredns is {status}: InsufficientNumberOfReplicas: no Pods");
            Err(PhaseError::unhealthy(message))
        };
        let waiting = |text: &str| Err(PhaseError::not_ready(format!("add-on coredns {text}")));
        for (status, second, with_nodes, expected) in [
            ("ACTIVE", 0, true, Ok(())),
            ("ACTIVE", 0, false, Ok(())),
            ("CREATING", 9_999, true, waiting("CREATING for 166m39s")),
            ("CREATING", 59, false, waiting("CREATING for 59s")),
            ("UPDATING", 60, false, waiting("UPDATING for 1m00s")),
            ("DEGRADED", 900, true, waiting("DEGRADED for 15m00s")),
            ("DEGRADED", 901, true, unhealthy("DEGRADED")),
            ("DEGRADED", 901, false, Ok(())),
            ("CREATE_FAILED", 1, true, unhealthy("CREATE_FAILED")),
            ("CREATE_FAILED", 1, false, unhealthy("CREATE_FAILED")),
            ("DELETING", 1, false, Err(PhaseError::conflict("somebody deletes the add-on coredns"))),
        ] {
            let now = jiff::Timestamp::from_second(second).unwrap();
            assert_eq!(readiness(&addon(status), now, with_nodes), expected, "{status} at {second}");
        }
    }
}
