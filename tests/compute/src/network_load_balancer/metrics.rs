//! The metrics of load balancers in CloudWatch. AWS reports them every minute, the simulation every
//! [`crate::Delays::metrics`].
//!
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-cloudwatch-metrics.html>

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
};

use crate::{
    account::{Account, State},
    cloudwatch::{self, Datum},
    elasticloadbalancing::target_group,
};

/// Counters at the last report, by load balancer: flows begun and bytes.
type Reported = BTreeMap<String, (u64, u64)>;

/// Starts the task that reports metrics until the account stops.
pub(crate) fn start(account: &Arc<Account>) {
    let task = Arc::clone(account);
    account.spawn(async move {
        let mut reported = Reported::new();
        loop {
            tokio::time::sleep(task.delays().metrics).await;
            let data = collect(&task.state(), &mut reported);
            if data.is_empty() {
                continue;
            }
            if let Err(fault) = cloudwatch::put_metric_data(&task.neighbours, "AWS/NetworkELB", &data).await {
                tracing::warn!(code = fault.code, message = fault.message, "metrics could not be reported");
            }
        }
    });
}

#[allow(clippy::cast_precision_loss, reason = "counts of a sandbox are far below 2^52")]
fn collect(state: &State, reported: &mut Reported) -> Vec<Datum> {
    let mut data = Vec::new();
    reported.retain(|arn, _| state.load_balancers.contains_key(arn));
    for balancer in state.load_balancers.values() {
        let Some(plane) = &balancer.data_plane else { continue };
        let dimension = balancer.dimension();
        let (begun, bytes) = (plane.flows.begun.load(Ordering::Relaxed), plane.flows.bytes.load(Ordering::Relaxed));
        let before = reported.insert(balancer.arn.clone(), (begun, bytes)).unwrap_or_default();
        let figures = [
            ("ActiveFlowCount", "Count", plane.flows.active.load(Ordering::Relaxed)),
            ("NewFlowCount", "Count", begun - before.0),
            ("ProcessedBytes", "Bytes", bytes - before.1),
        ];
        for (name, unit, value) in figures {
            let dimensions = vec![("LoadBalancer", dimension.clone())];
            data.push(Datum { name, unit, value: value as f64, dimensions });
        }
        let groups = state
            .target_groups
            .values()
            .filter(|group| target_group::balancers_of(state, &group.arn).contains(balancer.arn.as_str()));
        for group in groups.filter(|group| !group.targets.is_empty()) {
            let healthy = group.targets.values().filter(|target| target.is_healthy()).count();
            let unhealthy = group.targets.values().filter(|target| target.is_last_resort()).count();
            for (name, value) in [("HealthyHostCount", healthy), ("UnHealthyHostCount", unhealthy)] {
                let dimensions = vec![("TargetGroup", group.dimension()), ("LoadBalancer", dimension.clone())];
                data.push(Datum { name, unit: "Count", value: value as f64, dimensions });
            }
        }
    }
    data
}
