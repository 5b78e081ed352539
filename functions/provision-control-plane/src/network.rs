//! Rules that name green's cluster security group, which EKS makes with the cluster.

use domain::{
    Migration, PhaseError,
    plan::compute::{
        ClusterStatus, Direction, Peer, Rule, SecurityGroup,
        rules::{Clones, Wanted},
    },
    ports::{Ledger, Network, Settings},
    resources::{
        security_group,
        security_group_rule::{self, FUNCTIONS_TO_KUBERNETES, has},
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
    way_in(ports, migration, group, &clones, &present).await
}

/// Lets Bascule's functions reach the Kubernetes API of a cluster that the user built, unless it lets them already.
pub(crate) async fn ensure_way_in<P: Ledger + Network + Settings>(
    ports: &P,
    migration: &Migration,
    group: &str,
) -> Result<(), PhaseError> {
    let present = ports.security_groups(&migration.plan.compute.blue.vpc_id).await?;
    way_in(ports, migration, group, &Clones::new(), &present).await
}

async fn way_in<P: Ledger + Network + Settings>(
    ports: &P,
    migration: &Migration,
    group: &str,
    clones: &Clones,
    present: &[SecurityGroup],
) -> Result<(), PhaseError> {
    if let Some(functions) = ports.functions_security_group() {
        let rule = Rule {
            direction: Direction::Ingress,
            protocol: "tcp".to_owned(),
            from_port: Some(443),
            to_port: Some(443),
            peer: Peer::Group(functions),
            description: Some("Bascule's functions to the Kubernetes API".to_owned()),
        };
        let wanted = Wanted { group_id: group.to_owned(), rule };
        let key = security_group_rule::key(FUNCTIONS_TO_KUBERNETES);
        if has(present, group, &wanted.rule) && ports.live(migration, &key).await?.is_none() {
            return Ok(());
        }
        security_group_rule::ensure(ports, migration, FUNCTIONS_TO_KUBERNETES, &wanted, clones, present).await?;
    }
    Ok(())
}
