//! `UpdateClusterConfig`, for deletion protection and for the authentication mode.
//!
//! <https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateClusterConfig.html>. The cluster is UPDATING for
//! [`crate::Delays::update`]; meanwhile other updates are refused, and the change shows afterwards.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    Outcome,
    cluster::{self, Cluster},
    fault::Fault,
    request::Request,
};
use crate::{account::Account, identifier};

/// What an update changes: one thing, as EKS takes one at a time.
struct Change {
    /// The type of the update, and that of its parameter.
    of: (&'static str, &'static str),
    /// Where it stands in the cluster.
    place: &'static str,
    value: Value,
}

/// `UpdateClusterConfig`
pub(crate) fn update(account: &Arc<Account>, name: &str, request: &Request) -> Outcome {
    let mut state = account.state();
    let cluster = cluster::find_mut(&mut state, name)?;
    cluster.require_active()?;
    let Change { of: (update, parameter), place, value } = change(cluster, name, request)?;
    cluster.stored.set("status", json!("UPDATING"));
    drop(state);

    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let cluster_name = name.to_owned();
    account.later(account.delays().update, move |account| async move {
        if let Ok(cluster) = cluster::find_mut(&mut account.state(), &cluster_name) {
            if let Some(member) = cluster.stored.resource.pointer_mut(place) {
                *member = value;
            }
            cluster.stored.set("status", json!("ACTIVE"));
        }
    });
    Ok(json!({ "update": {
        "id": identifier::uuid(),
        "status": "InProgress",
        "type": update,
        "params": [{ "type": parameter, "value": text }],
        "createdAt": identifier::epoch_seconds(),
        "errors": [],
    } }))
}

fn change(cluster: &Cluster, name: &str, request: &Request) -> Result<Change, Fault> {
    if let Some(protection) = request.body["deletionProtection"].as_bool() {
        if cluster.stored.resource["deletionProtection"] == json!(protection) {
            let message = "Cluster is already at the desired configuration with deletionProtection set to that value";
            return Err(Fault::invalid_request(message).of(name));
        }
        let of = ("DeletionProtectionUpdate", "DeletionProtection");
        return Ok(Change { of, place: "/deletionProtection", value: json!(protection) });
    }
    let Some(to) = request.body["accessConfig"]["authenticationMode"].as_str() else {
        return Err(Fault::unknown_operation(request));
    };
    // One step at a time and none back: pulumi/pulumi-eks#1493, aws/aws-cdk#31032.
    let from = cluster.authentication_mode();
    if !matches!((from, to), ("CONFIG_MAP", "API_AND_CONFIG_MAP") | ("API_AND_CONFIG_MAP", "API")) {
        return Err(
            Fault::invalid_parameter(format!("Unsupported authentication mode update from {from} to {to}")).of(name)
        );
    }
    let of = ("AccessConfigUpdate", "AuthenticationMode");
    Ok(Change { of, place: "/accessConfig/authenticationMode", value: json!(to) })
}
