//! Updates of clusters, node groups and add-ons: `DescribeUpdate`, `ListUpdates`.
//!
//! <https://docs.aws.amazon.com/eks/latest/APIReference/API_Update.html>

use serde_json::{Value, json};

use super::{
    Outcome, cluster,
    cluster::Cluster,
    fault::Fault,
    request::{Request, page},
};
use crate::{account::Account, identifier};

/// What an update is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// The cluster itself.
    Cluster,
    /// One of its node groups.
    Nodegroup(String),
    /// One of its add-ons.
    Addon(String),
}

/// An update, in its wire form, and what it is of.
#[derive(Clone, Debug)]
pub(crate) struct Update {
    /// What `DescribeUpdate` answers.
    pub(crate) resource: Value,
    /// What it is of.
    pub(crate) subject: Subject,
}

impl Update {
    fn in_progress(&self) -> bool {
        self.resource["status"] == "InProgress"
    }
}

/// Adds an update; its subject may have only one at a time.
pub(crate) fn begin(
    cluster: &mut Cluster,
    subject: Subject,
    kind: &str,
    parameters: &[(&str, String)],
) -> Result<Value, Fault> {
    if cluster.updates.iter().any(|update| update.subject == subject && update.in_progress()) {
        let name = cluster.stored.resource["name"].as_str().unwrap_or_default().to_owned();
        return Err(match &subject {
            Subject::Cluster => Fault::in_use(format!("Cluster {name} currently has an update in progress.")),
            Subject::Nodegroup(group) => {
                Fault::in_use(format!("Nodegroup {group} currently has an update in progress."))
                    .with("nodegroupName", group)
            }
            Subject::Addon(addon) => {
                Fault::in_use(format!("Addon {addon} currently has an update in progress.")).with("addonName", addon)
            }
        }
        .of(&name));
    }
    let parameters: Vec<Value> =
        parameters.iter().map(|(kind, value)| json!({ "type": kind, "value": value })).collect();
    let resource = json!({
        "id": identifier::uuid(),
        "status": "InProgress",
        "type": kind,
        "params": parameters,
        "createdAt": identifier::epoch_seconds(),
        "errors": [],
    });
    cluster.updates.push(Update { resource: resource.clone(), subject });
    Ok(resource)
}

/// Ends an update, with its error where it failed.
pub(crate) fn end(cluster: &mut Cluster, id: &str, error: Option<(&str, String)>) {
    if let Some(update) = cluster.updates.iter_mut().find(|update| update.resource["id"] == id) {
        update.resource["status"] = json!(if error.is_some() { "Failed" } else { "Successful" });
        if let Some((code, message)) = error {
            update.resource["errors"] = json!([{ "errorCode": code, "errorMessage": message, "resourceIds": [] }]);
        }
    }
}

fn wanted(request: &Request) -> Subject {
    match (request.parameter("nodegroupName"), request.parameter("addonName")) {
        (Some(group), _) => Subject::Nodegroup(group.to_owned()),
        (None, Some(addon)) => Subject::Addon(addon.to_owned()),
        (None, None) => Subject::Cluster,
    }
}

/// `DescribeUpdate`
pub(crate) fn describe(account: &Account, name: &str, id: &str, request: &Request) -> Outcome {
    let state = account.state();
    let subject = wanted(request);
    cluster::find(&state, name)?
        .updates
        .iter()
        .find(|update| update.resource["id"] == id && update.subject == subject)
        .map(|update| json!({ "update": update.resource }))
        .ok_or_else(|| Fault::not_found(format!("No update found for ID: {id}")).of(name))
}

/// `ListUpdates`
pub(crate) fn list(account: &Account, name: &str, request: &Request) -> Outcome {
    let state = account.state();
    let subject = wanted(request);
    let updates = cluster::find(&state, name)?.updates.iter().filter(|update| update.subject == subject);
    page(request, "updateIds", updates.map(|update| update.resource["id"].clone()).collect())
}
