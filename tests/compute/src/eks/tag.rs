//! Tags of EKS resources: `ListTagsForResource`.
//!
//! <https://docs.aws.amazon.com/eks/latest/userguide/eks-using-tags.html>

use serde_json::{Value, json};

use super::{Outcome, authorization::pairs, cluster::Cluster, fault::Fault};
use crate::account::{Account, State};

/// The resource with that ARN.
fn resource<'a>(state: &'a State, arn: &str) -> Option<&'a Value> {
    state.clusters.values().flat_map(resources).find(|resource| arn_of(resource).is_some_and(|own| own == arn))
}

fn resources(cluster: &Cluster) -> impl Iterator<Item = &Value> {
    std::iter::once(&cluster.stored.resource)
        .chain(cluster.nodegroups.values().map(|group| &group.stored.resource))
        .chain(cluster.fargate_profiles.values().map(|stored| &stored.resource))
        .chain(cluster.addons.values().map(|stored| &stored.resource))
        .chain(cluster.access_entries.values().map(|entry| &entry.stored.resource))
        .chain(cluster.pod_identities.values().map(|stored| &stored.resource))
        .chain(cluster.identity_providers.values().map(|stored| &stored.resource))
}

/// The tags of the resource with that ARN, none where there is no such resource.
pub(super) fn of<'a>(state: &'a State, arn: &str) -> Vec<(&'a str, &'a str)> {
    resource(state, arn).map(|resource| pairs(&resource["tags"])).unwrap_or_default()
}

/// A resource's ARN, whose member has another name in each kind. A pod identity's `ownerArn` is not its own.
pub(super) fn arn_of(resource: &Value) -> Option<&str> {
    let of_kinds = ["arn", "nodegroupArn", "fargateProfileArn", "addonArn", "accessEntryArn"];
    let mut members = of_kinds.into_iter().chain(["associationArn", "identityProviderConfigArn"]);
    members.find_map(|member| resource.get(member)?.as_str())
}

/// `ListTagsForResource`
pub(crate) fn list(account: &Account, arn: &str) -> Outcome {
    if !arn.starts_with("arn:") {
        return Err(Fault::bad_request(format!("Invalid resource ARN: {arn}")));
    }
    let state = account.state();
    let resource = resource(&state, arn).ok_or_else(|| Fault::tag_not_found(format!("Resource not found: {arn}")))?;
    Ok(json!({ "tags": resource.get("tags").cloned().unwrap_or_else(|| json!({})) }))
}
