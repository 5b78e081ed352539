//! The authentication mode of blue, where only its `ConfigMap` `aws-auth` lets people in: access entries, of which Bascule needs one on blue,
//! begin with `API_AND_CONFIG_MAP`. EKS lets no cluster come back from there
//! (<https://docs.aws.amazon.com/eks/latest/userguide/setting-up-access-entries.html>): the input must allow the step, the plan says it, and
//! no way back undoes it. Whom the `ConfigMap` lets in, it lets in afterwards.

use crate::{
    Kind, Migration, PhaseError, ResourceKey, Side,
    names::client_token,
    plan::{Planned, compute::Compute},
    ports::{Clusters, Ledger},
    reconcile,
};
use serde_json::json;

/// The IAM actions of the calls made here.
pub const ACTIONS: &[&str] = &["eks:DescribeCluster", "eks:UpdateClusterConfig"];

/// The mode in which there are no access entries.
pub const CONFIG_MAP: &str = "CONFIG_MAP";

/// The mode in which access entries let in beside the `ConfigMap`.
pub const BOTH: &str = "API_AND_CONFIG_MAP";

/// The mode of blue's cluster.
#[must_use]
pub fn key(cluster: &str) -> ResourceKey {
    ResourceKey::new(Side::Blue, Kind::AuthenticationMode, cluster)
}

/// What the plan says of blue's mode; nothing where it has access entries.
#[must_use]
pub fn planned(compute: &Compute) -> Option<Planned> {
    let Compute { blue, .. } = compute;
    (blue.authentication_mode == CONFIG_MAP).then(|| {
        let change = format!("{BOTH} instead of {CONFIG_MAP} on {}, which nothing changes back", blue.name);
        Planned::new(Kind::AuthenticationMode, change)
    })
}

/// Moves blue to [`BOTH`] where the plan found it in [`CONFIG_MAP`], and ends once EKS has done it.
///
/// # Errors
/// `NotReady` until then; `Conflict` where blue is gone.
pub async fn ensure<P: Ledger + Clusters>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let blue = &migration.plan.compute.blue;
    if blue.authentication_mode != CONFIG_MAP {
        return Ok(());
    }
    let (name, key) = (&blue.name, key(&blue.name));
    let found =
        ports.cluster(name).await?.ok_or_else(|| PhaseError::conflict(format!("the cluster {name} is gone")))?;
    let is_moved = found.cluster.authentication_mode != CONFIG_MAP;
    if found.status != "ACTIVE" {
        return Err(PhaseError::not_ready(format!("{name} is {}", found.status)));
    }
    let known = ports.live(migration, &key).await?.is_some();
    if is_moved && !known {
        // Somebody else has moved it since the plan.
        return Ok(());
    }
    let token = client_token(&migration.id, key.side, key.kind, name);
    let find = || async { Ok(is_moved.then(|| name.clone())) };
    let create = || async { ports.let_access_entries_in(name, &token).await.map(|()| name.clone()) };
    reconcile::ensure(ports, migration, &key, json!({ "from": CONFIG_MAP, "to": BOTH }), find, create).await?;
    if is_moved {
        return Ok(());
    }
    Err(PhaseError::not_ready(format!("{name} becomes {BOTH}")))
}

/// Closes the entry: the mode stays as it is.
///
/// # Errors
/// Those of the ledger only.
pub async fn leave<L: Ledger>(ledger: &L, migration: &Migration) -> Result<(), PhaseError> {
    for entry in ledger.live_of(migration, Side::Blue, Kind::AuthenticationMode).await? {
        ledger.absent(migration, &entry.key).await?;
    }
    Ok(())
}
