//! Green's managed node groups: all of them are asked for in one pass, then waited for together.

use crate::templates::with_cluster_group;
use domain::{
    Condition, Kind, Migration, PhaseError, ResourceKey, Side,
    names::client_token,
    ownership::clone_tags,
    plan::compute::{Issue, NodeGroup},
    ports::{Clusters, Ledger, NodeGroups, clusters::NewNodeGroup},
    reconcile::{ensure, ensure_absent},
};
use serde_json::Value;
use std::collections::BTreeMap;

/// Makes blue's node groups on green, and waits until every one is `ACTIVE`.
pub(crate) async fn ensure_active<P: Ledger + Clusters + NodeGroups>(
    ports: &P,
    migration: &Migration,
    templates: &BTreeMap<String, String>,
) -> Result<(), PhaseError> {
    let compute = &migration.plan.compute;
    let cluster = &compute.green.name;
    let clones = if compute.node_groups.iter().any(|group| !group.ssh_source_groups.is_empty()) {
        with_cluster_group(ports, migration).await?
    } else {
        BTreeMap::new()
    };
    let mut found = Vec::new();
    for like in &compute.node_groups {
        let template = match &like.launch_template {
            None => None,
            Some(key) => {
                let id = templates
                    .get(key)
                    .ok_or_else(|| PhaseError::conflict(format!("the launch template {key} has no clone")))?;
                // A clone has one version.
                Some((id.clone(), "1".to_owned()))
            }
        };
        let request = NewNodeGroup {
            cluster: cluster.clone(),
            like: like.clone(),
            version: compute.green.version.clone(),
            launch_template: template,
            ssh_source_groups: like.ssh_source_groups.iter().map(|id| clones.get(id).unwrap_or(id).clone()).collect(),
            tags: clone_tags(migration, &like.tags),
            token: client_token(&migration.id, Side::Green, Kind::NodeGroup, &like.name),
        };
        let key = ResourceKey::new(Side::Green, Kind::NodeGroup, &like.name);
        let find = || async { Ok(ports.node_group(cluster, &like.name).await?.map(|found| found.arn)) };
        ensure(ports, migration, &key, Value::Null, find, || ports.create_node_group(&request)).await?;
    }
    for like in &compute.node_groups {
        found.push(ports.node_group(cluster, &like.name).await?.unwrap_or_else(|| NodeGroup {
            name: like.name.clone(),
            status: "CREATING".to_owned(),
            ..NodeGroup::default()
        }));
    }
    readiness(&found)
}

/// What the statuses of all node groups together mean.
fn readiness(groups: &[NodeGroup]) -> Result<(), PhaseError> {
    let broken: Vec<_> = groups
        .iter()
        .filter(|group| matches!(group.status.as_str(), "CREATE_FAILED" | "DEGRADED" | "DELETE_FAILED"))
        .map(|group| format!("node group {} is {}: {}", group.name, group.status, Issue::list(&group.issues)))
        .collect();
    if !broken.is_empty() {
        return Err(PhaseError::unhealthy(broken.join("; ")));
    }
    if let Some(group) = groups.iter().find(|group| group.status == "DELETING") {
        return Err(PhaseError::conflict(format!("somebody deletes the node group {}", group.name)));
    }
    let waiting: Vec<_> =
        groups.iter().filter(|group| group.status == "CREATING").map(|group| group.name.as_str()).collect();
    if waiting.is_empty() {
        return Ok(());
    }
    let there = groups.len() - waiting.len();
    Err(PhaseError::not_ready(format!(
        "node groups {} CREATING, {there} of {} there",
        waiting.join(", "),
        groups.len()
    )))
}

/// Deletes the node groups that the ledger knows, all in one pass.
pub(crate) async fn remove<P: Ledger + NodeGroups>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let cluster = &migration.plan.compute.green.name;
    let mut waiting = Vec::new();
    for entry in ports.entries(migration).await? {
        if entry.key.side != Side::Green || entry.key.kind != Kind::NodeGroup || !entry.is_live() {
            continue;
        }
        let name = &entry.key.name;
        let find = || async { Ok(ports.node_group(cluster, name).await?.map(|found| found.arn)) };
        let delete = |_| async move {
            match ports.node_group(cluster, name).await? {
                Some(found) if found.status != "DELETING" => ports.delete_node_group(cluster, name).await,
                _ => Ok(()),
            }
        };
        match ensure_absent(ports, migration, &entry.key, find, delete).await {
            Err(error) if error.condition == Condition::NotReady => waiting.push(error.message),
            result => result?,
        }
    }
    if waiting.is_empty() { Ok(()) } else { Err(PhaseError::not_ready(waiting.join("; "))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(name: &str, status: &str) -> NodeGroup {
        NodeGroup {
            name: name.to_owned(),
            status: status.to_owned(),
            issues: vec![Issue { code: "AsgInstanceLaunchFailures".to_owned(), message: "no capacity".to_owned() }],
            ..NodeGroup::default()
        }
    }

    #[test]
    fn every_node_group_must_be_there_and_one_that_failed_is_told_with_its_reason() {
        let cases = [
            (vec![], None),
            (vec![group("a", "ACTIVE"), group("b", "UPDATING")], None),
            (
                vec![group("a", "ACTIVE"), group("b", "CREATING")],
                Some((Condition::NotReady, "node groups b CREATING, 1 of 2 there")),
            ),
            (
                vec![group("a", "CREATING"), group("b", "CREATE_FAILED")],
                Some((Condition::Unhealthy, "node group b is CREATE_FAILED: AsgInstanceLaunchFailures: no capacity")),
            ),
            (vec![group("a", "DELETING")], Some((Condition::Conflict, "somebody deletes the node group a"))),
        ];
        for (groups, expected) in cases {
            let found = readiness(&groups).err().map(|error| (error.condition, error.message));
            assert_eq!(found, expected.map(|(condition, message)| (condition, message.to_owned())));
        }
    }
}
