//! Stand-ins for the controllers of kube-controller-manager and kube-scheduler
//! (<https://kubernetes.io/docs/concepts/architecture/controller/>). Each reads the state of the whole
//! cluster on every change and makes the changes that are missing.

mod budgets;
mod cron_jobs;
mod daemon_sets;
mod definitions;
mod deployments;
mod endpoints;
mod fargate;
mod garbage;
mod jobs;
mod namespaces;
pub(crate) mod pods;
mod replica_sets;
mod scheduler;
mod stateful_sets;
mod volumes;

use std::{sync::Arc, time::Duration};

pub(crate) use endpoints::{moved_annotation, slices};
pub(crate) use fargate::Fargate;
pub use fargate::FargateProfile;
pub use volumes::Provisioned;
pub(crate) use volumes::{made, provisioned};

use crate::writes::Objects;

/// Time in which changes are collected before the controllers run.
const TOGETHER: Duration = Duration::from_millis(5);
/// Interval at which controllers run without changes, for those that depend on time.
const TICK: Duration = Duration::from_millis(250);

/// Runs every controller until it is aborted.
pub(crate) async fn run(objects: Arc<Objects>, ca_pem: String) {
    let mut changes = objects.store.changes();
    let mut definitions = definitions::Definitions::default();
    let mut cron_jobs = cron_jobs::CronJobs::default();
    loop {
        changes.mark_unchanged();
        definitions.reconcile(&objects);
        namespaces::reconcile(&objects, &ca_pem);
        cron_jobs.reconcile(&objects);
        jobs::reconcile(&objects);
        deployments::reconcile(&objects);
        replica_sets::reconcile(&objects);
        stateful_sets::reconcile(&objects);
        daemon_sets::reconcile(&objects);
        volumes::reconcile(&objects);
        fargate::reconcile(&objects);
        scheduler::reconcile(&objects);
        endpoints::reconcile(&objects);
        budgets::reconcile(&objects);
        garbage::reconcile(&objects);
        // The store is dropped when the cluster stops.
        let _ = tokio::time::timeout(TICK, changes.changed()).await;
        tokio::time::sleep(TOGETHER).await;
    }
}
