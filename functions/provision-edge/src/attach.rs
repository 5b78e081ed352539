//! Registers green's nodes: every Auto Scaling group of green goes into green's counterparts of the target groups that blue's was in.

use crate::Ports;
use domain::gateway::made;
use domain::ports::scaling::AutoScalingGroup;
use domain::resources::{target_group, target_group_attachment};
use domain::{Migration, PhaseError};

/// Attaches the groups and waits until every instance in service is registered. Their health is `validate`'s matter: no
/// ingress controller runs on them yet.
pub(crate) async fn converge<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let groups = ports.scaling_groups(&migration.input.green.cluster).await?;
    let mut missing = Vec::new();
    for like in &migration.plan.edge.target_groups {
        let arn = made(ports, migration, &target_group::key(&like.name)).await?;
        let members = migration.plan.behind(like).into_iter().map(|name| of_node_group(&groups, name));
        let members = members.collect::<Result<Vec<_>, _>>()?;
        for group in &members {
            target_group_attachment::ensure(ports, migration, (&like.name, &arn), group).await?;
        }
        let targets = ports.targets(&arn).await?;
        for group in members {
            let unregistered = target_group_attachment::unregistered(group, &targets);
            missing.extend(unregistered.into_iter().map(|id| format!("{id} in {}", like.name)));
        }
    }
    if missing.is_empty() {
        Ok(())
    } else {
        Err(PhaseError::not_ready(format!("not registered yet: {}", missing.join(", "))))
    }
}

fn of_node_group<'a>(groups: &'a [AutoScalingGroup], name: &str) -> Result<&'a AutoScalingGroup, PhaseError> {
    let group = groups.iter().find(|group| group.node_group == name);
    group.ok_or_else(|| PhaseError::not_ready(format!("green has no Auto Scaling group of the node group {name} yet")))
}
