//! Tags of EKS resources: `ListTagsForResource`.
//!
//! <https://docs.aws.amazon.com/eks/latest/userguide/eks-using-tags.html>

use serde_json::{Value, json};

use super::{Outcome, cluster::Cluster, fault::Fault};
use crate::account::{Account, State};

/// The resource with that ARN.
fn resource<'a>(state: &'a mut State, arn: &str) -> Result<&'a mut Value, Fault> {
    if !arn.starts_with("arn:") {
        return Err(Fault::bad_request(format!("Invalid resource ARN: {arn}")));
    }
    state
        .clusters
        .values_mut()
        .flat_map(resources)
        .find(|resource| arn_of(resource).is_some_and(|own| own == arn))
        .ok_or_else(|| Fault::tag_not_found(format!("Resource not found: {arn}")))
}

fn resources(cluster: &mut Cluster) -> impl Iterator<Item = &mut Value> {
    std::iter::once(&mut cluster.stored.resource)
        .chain(cluster.nodegroups.values_mut().map(|group| &mut group.stored.resource))
        .chain(cluster.addons.values_mut().map(|stored| &mut stored.resource))
        .chain(cluster.access_entries.values_mut().map(|entry| &mut entry.stored.resource))
        .chain(cluster.pod_identities.values_mut().map(|stored| &mut stored.resource))
}

/// A resource's ARN, whose member has another name in each kind. A pod identity's `ownerArn` is not its own.
fn arn_of(resource: &Value) -> Option<&str> {
    ["arn", "nodegroupArn", "addonArn", "accessEntryArn", "associationArn"]
        .iter()
        .find_map(|member| resource.get(*member)?.as_str())
}

/// `ListTagsForResource`
pub(crate) fn list(account: &Account, arn: &str) -> Outcome {
    Ok(json!({ "tags": resource(&mut account.state(), arn)?.get("tags").cloned().unwrap_or_else(|| json!({})) }))
}
