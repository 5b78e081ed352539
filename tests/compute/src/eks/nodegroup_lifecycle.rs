//! Creation and deletion of node groups, which wait for the instances of the Auto Scaling group.

use std::{sync::Arc, time::Duration};

use serde_json::json;

use super::cluster;
use crate::{account::Account, identifier, node};

/// Interval between two looks at the instances.
const LOOK: Duration = Duration::from_millis(50);

/// Time in addition to the boot delay after which a creation fails.
const PATIENCE: Duration = Duration::from_mins(1);

/// The result of waiting for instances: code and message of the health issue on failure.
type Settled = Result<(), (&'static str, String)>;

fn scaling_group(account: &Account, name: &str, group: &str) -> Option<String> {
    Some(account.state().clusters.get(name)?.nodegroups.get(group)?.group.clone())
}

/// Waits until exactly the desired instances are in service.
async fn settled(account: &Account, scaling_group: &str) -> Settled {
    let deadline = tokio::time::Instant::now() + account.delays().node_boot + PATIENCE;
    loop {
        {
            let state = account.state();
            match state.groups.get(scaling_group) {
                None => return Err(("AutoScalingGroupNotFound", format!("{scaling_group} is gone"))),
                Some(group) if group.is_settled() => return Ok(()),
                Some(group) => {
                    if let Some(failure) = &group.failure {
                        return Err(failure.clone());
                    }
                }
            }
        }
        if tokio::time::Instant::now() > deadline {
            return Err(("NodeCreationFailure", "Instances failed to join the kubernetes cluster".to_owned()));
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn finish(account: &Account, name: &str, group: &str, outcome: &Settled) {
    let mut state = account.state();
    let Ok(cluster) = cluster::find_mut(&mut state, name) else { return };
    if let Some(nodegroup) = cluster.nodegroups.get_mut(group) {
        let issues = match outcome {
            Ok(()) => json!([]),
            Err((code, message)) => json!([{ "code": code, "message": message, "resourceIds": [nodegroup.group] }]),
        };
        nodegroup.stored.set("status", json!(if outcome.is_ok() { "ACTIVE" } else { "CREATE_FAILED" }));
        nodegroup.stored.set("health", json!({ "issues": issues }));
        nodegroup.stored.set("modifiedAt", json!(identifier::epoch_seconds()));
    }
}

/// Launches the instances and brings the group to ACTIVE or `CREATE_FAILED`.
pub(crate) fn create(account: &Arc<Account>, name: &str, group: &str) {
    let Some(scaling) = scaling_group(account, name, group) else { return };
    node::reconcile(account, &scaling);
    let (task, name, group) = (Arc::clone(account), name.to_owned(), group.to_owned());
    account.spawn(async move {
        let outcome = settled(&task, &scaling).await;
        tokio::time::sleep(task.delays().nodegroup).await;
        finish(&task, &name, &group, &outcome);
    });
}

/// Drains and terminates the instances, then removes the Auto Scaling group and the node group.
pub(crate) fn delete(account: &Arc<Account>, name: &str, group: &str) {
    let Some(scaling) = scaling_group(account, name, group) else { return };
    if let Some(group) = account.state().groups.get_mut(&scaling) {
        group.set_sizes((0, 0, 0));
        group.deleting = true;
    }
    node::reconcile(account, &scaling);
    let (task, name, group) = (Arc::clone(account), name.to_owned(), group.to_owned());
    account.spawn(async move {
        while task.state().groups.get(&scaling).is_some_and(|group| !group.is_empty()) {
            tokio::time::sleep(LOOK).await;
        }
        tokio::time::sleep(task.delays().nodegroup).await;
        let mut state = task.state();
        state.groups.remove(&scaling);
        if let Ok(cluster) = cluster::find_mut(&mut state, &name) {
            cluster.nodegroups.remove(&group);
        }
    });
}
