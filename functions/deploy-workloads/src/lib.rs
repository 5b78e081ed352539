//! Applies the bundles to green, in their order, with temporary hosts and suspended holds, and waits for the load balancer that comes with
//! them where blue's belongs to a Service.
//!
//! With the step `check`, as soon as green's API server answers and before it has a node, they are only tried.

mod check;

use domain::{
    Migration, Outcome, PhaseError, Progress, Whole,
    ports::{Kubernetes, Ledger, LoadBalancers, Manifests, Neighbours},
    resources::{bundle, node_pool, service, volume},
};
use serde_json::Value;

/// The states of the migrate machine that run this phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Step {
    /// Everything is applied.
    #[strum(serialize = "")]
    Apply,
    /// Everything is tried, and nothing is changed.
    Check,
}

/// Applies every bundle that the ledger does not know as applied, and enters the load balancer that comes with them; or tries them all.
///
/// # Errors
/// As for [`apply`], `NotReady` too while green's load balancer is not there, and `Unhealthy` where it is another one than blue's.
pub async fn converge<P>(ports: &P, migration: &Migration, step: Step) -> Result<Outcome, PhaseError>
where
    P: Ledger + Manifests + Kubernetes + LoadBalancers + Neighbours,
{
    if step == Step::Check {
        return check::check(ports, migration).await;
    }
    service::intend(ports, migration).await?;
    node_pool::intend(ports, migration).await?;
    volume::ensure(ports, migration).await.map_err(|error| error.during("volumes"))?;
    let outcome = apply(ports, migration).await?;
    service::ensure(ports, migration).await?;
    Ok(outcome)
}

/// Applies every bundle that the ledger does not know as applied.
///
/// # Errors
/// `Conflict` where the manifests changed since the plan or others manage what they set, `Refused` with the names where green's API refuses
/// objects, `NotReady` where there is more to do.
pub async fn apply<P: Ledger + Manifests + Kubernetes>(
    ports: &P,
    migration: &Migration,
) -> Result<Outcome, PhaseError> {
    let (mut objects, mut green) = (0, None);
    for bundle in &migration.plan.workloads.bundles {
        let applied = bundle::ensure(ports, migration, bundle, green).await;
        green = applied.map_err(|error| error.during(&bundle.uri))?;
        objects += bundle.objects;
    }
    volume::made(ports, migration).await?;
    node_pool::made(ports, migration).await?;
    Ok(Outcome::done().with("objects", objects))
}

/// Deletes of the objects in a green that Bascule built the Service alone whose load balancer stood before the temporary API, what keeps
/// volumes and what Karpenter makes nodes for, while their controllers still run, and waits until all of that is gone: the undos that follow delete the cluster whole. What else
/// would outlive the cluster in the account is never there: preflight refuses other load balancers outside of holds, and whatever else makes AWS
/// resources from inside of a cluster; and a held Service has given its load balancer back before (shift-traffic's undo). Where green is kept,
/// its workloads are what is kept, and this is not run. From a green of the user's, which stays, what the bundles brought is taken away again,
/// the last bundle first; neither volumes nor load balancers are among it.
///
/// # Errors
/// `NotReady` while load balancer, volumes, nodes or objects are being deleted; `GuardBreached` where the load balancer is blue's; `Conflict` where
/// the manifests changed since the plan.
pub async fn undo<P>(ports: &P, migration: &Migration, _: Whole) -> Result<Outcome, PhaseError>
where
    P: Ledger + Manifests + Kubernetes + Neighbours,
{
    service::remove(ports, migration).await?;
    let is_users = bundle::is_on_users_cluster(migration);
    if !is_users {
        volume::ensure_absent(ports, migration).await?;
        // Last, since controllers and drivers may run on these nodes.
        node_pool::remove(ports, migration).await?;
    }
    for bundle in migration.plan.workloads.bundles.iter().rev() {
        if is_users {
            bundle::remove(ports, migration, bundle).await.map_err(|error| error.during(&bundle.uri))?;
        } else {
            bundle::forget(ports, migration, bundle).await?;
        }
    }
    if ports.progress(migration, Progress::DeployWorkloads).await?.is_some_and(|progress| !progress.is_null()) {
        ports.save_progress(migration, Progress::DeployWorkloads, Value::Null).await?;
    }
    Ok(Outcome::done())
}

#[cfg(test)]
mod tests;
