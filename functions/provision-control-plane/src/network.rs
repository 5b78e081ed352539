//! Rules that name green's cluster security group, which EKS makes with the cluster.

use domain::{
    Migration, PhaseError,
    plan::compute::{ClusterStatus, Direction, Peer, Rule, rules::Wanted},
    ports::{Ledger, Network, Settings},
    resources::{
        security_group,
        security_group_rule::{self, FUNCTIONS_TO_KUBERNETES},
    },
};

/// Adds the rules that waited for the cluster security group, and lets Bascule's own functions reach the Kubernetes API where they run
/// in the user's subnets.
pub(crate) async fn ensure<P: Ledger + Network + Settings>(
    ports: &P,
    migration: &Migration,
    green: &ClusterStatus,
) -> Result<(), PhaseError> {
    let compute = &migration.plan.compute;
    let group = &green.cluster.cluster_security_group_id;
    if group.is_empty() {
        return Err(PhaseError::not_ready("EKS has not named the cluster security group yet"));
    }
    security_group::know_cluster_group(ports, migration, group).await?;
    let clones = security_group::clones(ports, migration).await?;
    let present = ports.security_groups(&compute.blue.vpc_id).await?;
    security_group::tag_cluster_group(ports, migration, group, &present).await?;
    let rules: Vec<_> = compute.copied_rules().into_iter().filter(|rule| rule.needs_cluster).collect();
    security_group_rule::ensure_copied(ports, migration, &rules, &clones, &present, true).await?;
    if let Some(functions) = ports.functions_security_group() {
        let rule = Rule {
            direction: Direction::Ingress,
            protocol: "tcp".to_owned(),
            from_port: Some(443),
            to_port: Some(443),
            peer: Peer::Group(functions),
            description: Some("Bascule's functions to the Kubernetes API".to_owned()),
        };
        let wanted = Wanted { group_id: group.clone(), rule };
        security_group_rule::ensure(ports, migration, FUNCTIONS_TO_KUBERNETES, &wanted, &clones, &present).await?;
    }
    Ok(())
}
