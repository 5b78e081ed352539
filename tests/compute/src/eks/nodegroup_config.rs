//! `UpdateNodegroupConfig`, for the number of nodes.
//!
//! <https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateNodegroupConfig.html>. The node group is UPDATING for
//! [`crate::Delays::update`]; meanwhile other updates are refused, and the change shows afterwards. EKS says nowhere whether the
//! update waits for the nodes; here it does not.

use std::sync::Arc;

use serde_json::json;

use super::{Outcome, cluster, fault::Fault, nodegroup, request::Request};
use crate::{account::Account, identifier, node};

/// `UpdateNodegroupConfig`
pub(crate) fn update(account: &Arc<Account>, name: &str, group: &str, request: &Request) -> Outcome {
    let Some(asked) = request.body["scalingConfig"].as_object() else {
        return Err(Fault::unknown_operation(request));
    };
    let mut state = account.state();
    let found = nodegroup::find_mut(cluster::find_mut(&mut state, name)?, name, group)?;
    if found.stored.status() != "ACTIVE" {
        // The text of aws/karpenter-provider-aws#133.
        let busy = Fault::in_use("Nodegroup cannot be updated as it is currently not in Active State");
        return Err(busy.of(name).with("nodegroupName", group));
    }
    let mut wanted = found.stored.resource["scalingConfig"].clone();
    for (member, size) in asked {
        wanted[member] = size.clone();
    }
    let sizes = nodegroup::scaling(&wanted).map_err(|fault| fault.of(name).with("nodegroupName", group))?;
    found.stored.set("status", json!("UPDATING"));
    drop(state);

    let (cluster_name, group_name) = (name.to_owned(), group.to_owned());
    account.later(account.delays().update, move |account| async move {
        let scaling_group = {
            let mut state = account.state();
            let found = cluster::find_mut(&mut state, &cluster_name)
                .and_then(|cluster| nodegroup::find_mut(cluster, &cluster_name, &group_name));
            let Ok(found) = found else { return };
            found.stored.set("scalingConfig", wanted);
            found.stored.set("modifiedAt", json!(identifier::epoch_seconds()));
            found.stored.set("status", json!("ACTIVE"));
            let scaling_group = found.group.clone();
            if let Some(group) = state.groups.get_mut(&scaling_group) {
                group.set_sizes(sizes);
            }
            scaling_group
        };
        node::reconcile(&account, &scaling_group);
    });
    let params = [("MinSize", sizes.0), ("MaxSize", sizes.2), ("DesiredSize", sizes.1)];
    Ok(json!({ "update": {
        "id": identifier::uuid(),
        "status": "InProgress",
        "type": "ConfigUpdate",
        "params": params.map(|(kind, value)| json!({ "type": kind, "value": value.to_string() })),
        "createdAt": identifier::epoch_seconds(),
        "errors": [],
    } }))
}
