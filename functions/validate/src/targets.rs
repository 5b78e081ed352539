//! What green's load balancer thinks of green's nodes.

use domain::{
    Migration, PhaseError,
    evidence::Targets,
    gateway::made,
    plan::edge::TargetGroup,
    ports::{Ledger, TargetGroups, load_balancers::Target},
    resources::target_group,
};
use std::collections::BTreeMap;

/// The health of every target group of green, as evidence.
///
/// # Errors
/// `NotReady` while a group has no healthy target, a target is still being checked, or green's are less healthy than blue's (with
/// `externalTrafficPolicy: Local` only nodes with a Pod of the ingress controller are healthy, on both sides,
/// <https://kubernetes.io/docs/reference/networking/virtual-ips/#external-traffic-policy>).
pub(crate) async fn healthy<P: Ledger + TargetGroups>(
    ports: &P,
    migration: &Migration,
) -> Result<BTreeMap<String, Targets>, PhaseError> {
    let mut blue = Vec::new();
    for group in &migration.plan.edge.target_groups {
        blue.extend(ports.targets(&group.arn).await?);
    }
    let all_on_blue = blue.iter().all(|target| target.state == "healthy");
    let mut evidence = BTreeMap::new();
    let mut faults = Vec::new();
    for TargetGroup { name, .. } in &migration.plan.edge.target_groups {
        let arn = made(ports, migration, &target_group::key(name)).await?;
        let targets = ports.targets(&arn).await?;
        let healthy = targets.iter().filter(|target| target.state == "healthy").count();
        faults.extend(fault(&targets, all_on_blue).map(|fault| format!("target group {name}: {fault}")));
        evidence.insert(name.clone(), Targets { healthy, targets: targets.len() });
    }
    if faults.is_empty() { Ok(evidence) } else { Err(PhaseError::not_ready(faults.join("; "))) }
}

/// Why these targets are not good enough.
fn fault(targets: &[Target], all_must_be: bool) -> Option<String> {
    let is = |state: &str| targets.iter().filter(|target| target.state == state).count();
    let (healthy, all) = (is("healthy"), targets.len());
    if healthy > 0 && is("initial") == 0 && (healthy == all || !all_must_be) {
        return None;
    }
    let reasons: Vec<String> = targets
        .iter()
        .filter(|target| target.state != "healthy")
        .take(5)
        .map(|target| format!("{} port {} is {} {}", target.id, target.port, target.state, target.reason))
        .collect();
    Some(format!("{healthy} of {all} targets healthy ({})", reasons.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(states: &[&str]) -> Vec<Target> {
        let target =
            |state: &&str| Target { id: "i-1".into(), port: 30080, state: (*state).to_owned(), reason: String::new() };
        states.iter().map(target).collect()
    }

    #[test]
    fn green_must_be_as_healthy_as_blue() {
        for (states, all_must_be, good) in [
            (vec![], false, false),
            (vec!["healthy"], true, true),
            (vec!["healthy", "unhealthy"], true, false),
            (vec!["healthy", "unhealthy"], false, true),
            (vec!["healthy", "initial"], false, false),
            (vec!["unhealthy"], false, false),
        ] {
            assert_eq!(fault(&targets(&states), all_must_be).is_none(), good, "{states:?} {all_must_be}");
        }
    }
}
