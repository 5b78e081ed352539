//! EKS managed node groups of green, under the names that blue's have
//! (<https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html>).

use super::launch_template;
use crate::{
    Kind, Migration, PhaseError, ResourceKey, Side,
    names::client_token,
    ownership::clone_tags,
    plan::{
        Whose,
        compute::{Issue, NodeGroup, Scaling, rules::Clones},
    },
    ports::{Ledger, NodeGroups, clusters::NewNodeGroup},
    reconcile,
};
use serde_json::Value;

/// The IAM actions of the calls made here.
pub const ACTIONS: &[&str] =
    &["eks:CreateNodegroup", "eks:DeleteNodegroup", "eks:DescribeNodegroup", "eks:UpdateNodegroupConfig"];

/// Green's node group of this name.
#[must_use]
pub fn key(name: &str) -> ResourceKey {
    ResourceKey::new(Side::Green, Kind::NodeGroup, name)
}

/// Asks for green's node group like one of blue's, on the launch template with this id where blue's has one. `clones` are
/// taken for the groups that may use SSH.
///
/// # Errors
/// `NotReady` while EKS does not know the launch template or one of the clones yet.
pub async fn ensure<P: Ledger + NodeGroups>(
    ports: &P,
    migration: &Migration,
    like: &NodeGroup,
    template: Option<&String>,
    clones: &Clones,
) -> Result<(), PhaseError> {
    let green = &migration.plan.compute.green;
    let key = key(&like.name);
    let request = NewNodeGroup {
        cluster: green.name.clone(),
        like: like.clone(),
        version: green.version.clone(),
        launch_template: template.map(|id| (id.clone(), launch_template::VERSION.to_owned())),
        ssh_source_groups: like.ssh_source_groups.iter().map(|id| clones.get(id).unwrap_or(id).clone()).collect(),
        tags: clone_tags(migration, &like.tags),
        token: client_token(&migration.id, key.side, key.kind, &key.name),
    };
    let find = || async { Ok(ports.node_group(&green.name, &like.name).await?.map(|found| found.arn)) };
    let create = || async {
        let created = ports.create_node_group(&request).await;
        created.map_err(|error| reconcile::unless_new(error, clones.values().chain(template)))
    };
    reconcile::ensure(ports, migration, &key, Value::Null, find, create).await.map(drop)
}

/// Ends once every one of green's node groups is there.
///
/// # Errors
/// `NotReady` while EKS creates; `Unhealthy`, with EKS's reasons, where it failed; `Conflict` where somebody deletes one.
pub async fn all_ready<P: NodeGroups>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let compute = &migration.plan.compute;
    let (names, unseen): (Vec<&String>, _) = match &compute.existing {
        Some(existing) => (existing.node_groups.iter().collect(), "DELETING"),
        None => (compute.node_groups.iter().map(|like| &like.name).collect(), "CREATING"),
    };
    let mut found = Vec::new();
    for name in names {
        found.push(ports.node_group(&compute.green.name, name).await?.unwrap_or_else(|| NodeGroup {
            name: name.clone(),
            status: unseen.to_owned(),
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

/// Gives green's node groups as many nodes as blue's have now, where those are more: blue may have grown since the plan. What is more
/// on green stays, and so does a group whose size is the input's, or the user's own. Answers what was asked for.
///
/// # Errors
/// `NotReady` while EKS is busy with one of them.
pub async fn grow_like_blue<P: NodeGroups>(ports: &P, migration: &Migration) -> Result<Vec<String>, PhaseError> {
    let compute = &migration.plan.compute;
    let mut grown = Vec::new();
    let sized = |name: &str| {
        let is_users = matches!(migration.plan.whose(&key(name)), Whose::Users(_));
        is_users || migration.input.green.change_of(name).is_some_and(|(_, change)| change.scaling.is_some())
    };
    for NodeGroup { name, .. } in compute.node_groups.iter().filter(|group| !sized(&group.name)) {
        let blue = ports.node_group(&compute.blue.name, name).await?;
        let green = ports.node_group(&compute.green.name, name).await?;
        let (Some(blue), Some(green)) = (blue, green) else { continue };
        let Some(wanted) = grown_to(blue.scaling, green.scaling) else { continue };
        if green.status != "ACTIVE" {
            return Err(PhaseError::not_ready(format!("node group {name} of green is {}", green.status)));
        }
        ports.scale_node_group(&compute.green.name, name, wanted).await?;
        grown.push(format!("node group {name} from {} to {} nodes", green.scaling.desired, wanted.desired));
    }
    Ok(grown)
}

fn grown_to(blue: Scaling, green: Scaling) -> Option<Scaling> {
    (blue.desired > green.desired).then(|| Scaling { desired: blue.desired, max: green.max.max(blue.desired), ..green })
}

/// The ARN of a node group of a cluster, in whatever status.
///
/// # Errors
/// Only what the calls answer.
pub async fn find<P: NodeGroups>(ports: &P, cluster: &str, name: &str) -> Result<Option<String>, PhaseError> {
    Ok(ports.node_group(cluster, name).await?.map(|found| found.arn))
}

/// Makes green's node group of this name absent.
///
/// # Errors
/// `NotReady` while EKS drains and deletes it.
pub async fn remove<P: Ledger + NodeGroups>(ports: &P, migration: &Migration, name: &str) -> Result<(), PhaseError> {
    let cluster = &migration.plan.compute.green.name;
    let find = || find(ports, cluster, name);
    reconcile::ensure_absent(ports, migration, &key(name), find, async |_| delete(ports, cluster, name).await).await
}

/// Asks for the deletion of a node group; nothing where it is gone or being deleted.
///
/// # Errors
/// `NotReady` while EKS has something else to do with it.
pub async fn delete<P: NodeGroups>(ports: &P, cluster: &str, name: &str) -> Result<(), PhaseError> {
    match ports.node_group(cluster, name).await? {
        Some(found) if found.status != "DELETING" => ports.delete_node_group(cluster, name).await,
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Condition;

    #[test]
    fn green_grows_to_what_blue_has_and_does_not_shrink() {
        let of = |desired, max| Scaling { min: 1, max, desired };
        for (blue, green, expected) in [
            (of(3, 6), of(3, 6), None),
            (of(2, 6), of(3, 6), None),
            (of(5, 6), of(3, 6), Some(of(5, 6))),
            (of(9, 9), of(3, 6), Some(of(9, 9))),
        ] {
            assert_eq!(grown_to(blue, green), expected);
        }
    }

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
