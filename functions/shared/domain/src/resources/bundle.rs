//! Bundles of manifests applied to green. What is in them goes with the cluster, unless that is the user's own; the ledger keeps which
//! bundle is there whole.

mod removal;

pub use removal::remove;

use crate::{
    Kind, Migration, PhaseError, Progress, ResourceKey, Side, Status,
    input::OnAbort,
    manifest::{
        Done,
        apply::apply,
        prepare::{Hosts, Preparation, is_renamed, read},
    },
    plan::{Whose, workloads::Bundle},
    ports::{Kubernetes, KubernetesApi, Ledger, Manifests},
    resources::cluster,
};
use futures::future::try_join;
use serde_json::{Value, json};

/// The IAM actions of the calls made here. In Kubernetes, Bascule's role applies as an administrator of the cluster.
pub const ACTIONS: &[&str] = &["eks:DescribeCluster", "s3:GetObject", "s3:GetObjectVersion", "sts:AssumeRole"];

/// Kept back of an invocation's time, for the cursor.
const RESERVE: jiff::SignedDuration = jiff::SignedDuration::from_secs(5);

/// A bundle on green under these hosts.
#[must_use]
pub fn key(bundle: &Bundle, hosts: Hosts) -> ResourceKey {
    let name = match hosts {
        Hosts::Temporary => bundle.uri.clone(),
        Hosts::Public => format!("{} under public hosts", bundle.uri),
    };
    ResourceKey::new(Side::Green, Kind::Bundle, name)
}

/// Applies a bundle under temporary hosts, with suspended holds, where the ledger does not know it as applied.
///
/// An invocation that runs out of time, or in which something waits, saves what is applied as the progress of deploy-workloads. Applying
/// again what was applied changes nothing, so a crash costs only time.
///
/// `green` is the connection that an earlier bundle was applied by, and what is answered the one for the next: none where none was needed.
///
/// # Errors
/// `Conflict` where the manifests changed since the plan; `Refused` with the names where green's API refuses objects;
/// `NotReady` where there is more to do.
pub async fn ensure<P: Ledger + Manifests + Kubernetes>(
    ports: &P,
    migration: &Migration,
    bundle: &Bundle,
    green: Option<P::Api>,
) -> Result<Option<P::Api>, PhaseError> {
    let key = key(bundle, Hosts::Temporary);
    let entry = ports.entry(migration, &key).await?;
    if entry.as_ref().is_some_and(|entry| entry.status == Status::Present) {
        return Ok(green);
    }
    let forced = &migration.input.workloads.force_conflicts;
    let preparation = Preparation::new(&migration.plan.workloads, Hosts::Temporary, forced);
    // Side by side: connections cost round trips, and reading costs the processor's time.
    let reading = read(ports, bundle, &preparation, |_| true);
    let (api, objects) = try_join(opened(ports, migration, bundle, green), reading).await?;
    let progress = ports.progress(migration, Progress::DeployWorkloads).await?.unwrap_or_default();
    let mut done = cursor(&progress, bundle, objects.len());
    let before = done.count();
    let again = entry.is_some_and(|entry| entry.is_live());
    if !again {
        let mut detail = json!({ "digest": bundle.digest, "objects": bundle.objects });
        if is_on_users_cluster(migration) {
            detail["before"] = removal::before(&api, &objects).await?;
        }
        ports.intend(migration, &key, detail).await?;
    }
    let deadline = migration.deadline.checked_sub(RESERVE).unwrap_or(migration.deadline);
    let keep = async |done: &Done| {
        let progress = json!({ "bundle": bundle.uri, "digest": bundle.digest, "done": done.write() });
        ports.save_progress(migration, Progress::DeployWorkloads, progress).await
    };
    match apply(&api, &objects, &mut done, again, deadline, keep).await {
        Ok(()) => {
            ports.present(migration, &key, &bundle.digest).await?;
            Ok(Some(api))
        }
        Err(error) => {
            if error.condition.is_retried() && done.count() > before {
                keep(&done).await?;
            }
            Err(error)
        }
    }
}

async fn opened<P: Kubernetes>(
    ports: &P,
    migration: &Migration,
    bundle: &Bundle,
    green: Option<P::Api>,
) -> Result<P::Api, PhaseError> {
    if let Some(green) = green {
        return Ok(green);
    }
    let green = ports.connect(&migration.input.green.cluster).await?;
    green.open(bundle.objects).await?;
    Ok(green)
}

/// Whether bundles are on a cluster of the user's, which outlives them.
#[must_use]
pub fn is_on_users_cluster(migration: &Migration) -> bool {
    matches!(migration.plan.whose(&cluster::key(migration)), Whose::Users(_))
}

/// What of this bundle is applied already.
fn cursor(progress: &Value, bundle: &Bundle, objects: usize) -> Done {
    let is_its = progress["bundle"] == bundle.uri.as_str() && progress["digest"] == bundle.digest.as_str();
    let written = progress["done"].as_str().filter(|_| is_its);
    written.map_or_else(|| Done::nothing(objects), |written| Done::read(written, objects))
}

/// Forgets that a bundle is on green: its objects go with the cluster.
///
/// # Errors
/// Only what the calls answer.
pub async fn forget<P: Ledger>(ports: &P, migration: &Migration, bundle: &Bundle) -> Result<(), PhaseError> {
    let key = key(bundle, Hosts::Temporary);
    match ports.live(migration, &key).await? {
        Some(_) => ports.absent(migration, &key).await,
        None => Ok(()),
    }
}

/// Gives the routes of a bundle that is on green the hosts that production knows.
///
/// # Errors
/// `Conflict` where the manifests changed since the plan.
pub async fn ensure_public_hosts<P: Ledger + Manifests + Kubernetes>(
    ports: &P,
    migration: &Migration,
    bundle: &Bundle,
) -> Result<(), PhaseError> {
    let key = key(bundle, Hosts::Public);
    if ports.entry(migration, &key).await?.is_some_and(|entry| entry.status == Status::Present) {
        return Ok(());
    }
    ports.intend(migration, &key, json!({ "hosts": "public" })).await?;
    apply_routes(ports, migration, bundle, Hosts::Public).await?;
    ports.present(migration, &key, &bundle.digest).await
}

/// Takes the hosts that production knows from a bundle's routes: where green is kept, by applying them under the temporary
/// ones. Where it is not, they go with the cluster.
///
/// # Errors
/// `Conflict` where the manifests changed since the plan.
pub async fn remove_public_hosts<P: Ledger + Manifests + Kubernetes>(
    ports: &P,
    migration: &Migration,
    bundle: &Bundle,
) -> Result<(), PhaseError> {
    let key = key(bundle, Hosts::Public);
    if ports.live(migration, &key).await?.is_none() {
        return Ok(());
    }
    if migration.input.on_abort == OnAbort::Keep {
        apply_routes(ports, migration, bundle, Hosts::Temporary).await?;
    }
    ports.absent(migration, &key).await
}

async fn apply_routes<P: Manifests + Kubernetes>(
    ports: &P,
    migration: &Migration,
    bundle: &Bundle,
    hosts: Hosts,
) -> Result<(), PhaseError> {
    let workloads = &migration.plan.workloads;
    let preparation = Preparation::new(workloads, hosts, &migration.input.workloads.force_conflicts);
    let routes = read(ports, bundle, &preparation, |object| is_renamed(object, workloads)).await?;
    if routes.is_empty() {
        return Ok(());
    }
    let api = ports.connect(&migration.input.green.cluster).await?;
    let mut done = Done::nothing(routes.len());
    let applied = apply(&api, &routes, &mut done, false, migration.deadline, async |_| Ok(())).await;
    applied.map_err(|error| error.during(format!("hosts of {}", bundle.uri)))
}
