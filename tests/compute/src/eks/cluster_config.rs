//! `UpdateClusterConfig`, for deletion protection.
//!
//! <https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateClusterConfig.html>. The cluster is UPDATING for
//! [`crate::Delays::update`]; meanwhile other updates are refused, and the change shows afterwards.

use std::sync::Arc;

use serde_json::json;

use super::{Outcome, cluster, fault::Fault, request::Request};
use crate::{account::Account, identifier};

/// `UpdateClusterConfig`
pub(crate) fn update(account: &Arc<Account>, name: &str, request: &Request) -> Outcome {
    let Some(protection) = request.body["deletionProtection"].as_bool() else {
        return Err(Fault::unknown_operation(request));
    };
    let mut state = account.state();
    let cluster = cluster::find_mut(&mut state, name)?;
    cluster.require_active()?;
    if cluster.stored.resource["deletionProtection"] == json!(protection) {
        return Err(Fault::invalid_request(
            "Cluster is already at the desired configuration with deletionProtection set to that value",
        )
        .of(name));
    }
    cluster.stored.set("status", json!("UPDATING"));
    drop(state);

    let cluster_name = name.to_owned();
    account.later(account.delays().update, move |account| async move {
        if let Ok(cluster) = cluster::find_mut(&mut account.state(), &cluster_name) {
            cluster.stored.set("deletionProtection", json!(protection));
            cluster.stored.set("status", json!("ACTIVE"));
        }
    });
    Ok(json!({ "update": {
        "id": identifier::uuid(),
        "status": "InProgress",
        "type": "DeletionProtectionUpdate",
        "params": [{ "type": "DeletionProtection", "value": protection.to_string() }],
        "createdAt": identifier::epoch_seconds(),
        "errors": [],
    } }))
}
