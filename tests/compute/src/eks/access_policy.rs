//! Access policies: permissions of an access entry that need no RBAC objects in the cluster.
//!
//! <https://docs.aws.amazon.com/eks/latest/userguide/access-policies.html>. EKS evaluates them in its own
//! authorizer. Here they are mapped to groups; `system:masters` is the one to which an API server grants everything.

use serde_json::{Value, json};

use super::{
    Outcome, access_entry, cluster,
    fault::Fault,
    request::{Request, page},
    stored::texts,
};
use crate::{account::Account, identifier};

const PREFIX: &str = "arn:aws:eks::aws:cluster-access-policy/";

/// The policy that grants all permissions.
pub(crate) const CLUSTER_ADMIN: &str = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy";

/// The group that has all permissions.
pub(crate) const MASTERS: &str = "system:masters";

/// Policies that can be associated with an access entry of type STANDARD.
const NAMES: [&str; 7] = [
    "AmazonEKSAdminPolicy",
    "AmazonEKSAdminViewPolicy",
    "AmazonEKSClusterAdminPolicy",
    "AmazonEKSEditPolicy",
    "AmazonEKSSecretReaderPolicy",
    "AmazonEKSViewPolicy",
    "AmazonEMRJobPolicy",
];

/// The groups of an associated policy: one for the whole cluster, or one for each namespace.
pub(crate) fn group_of(association: &Value) -> Vec<String> {
    let arn = association["policyArn"].as_str().unwrap_or_default();
    let name = arn.strip_prefix(PREFIX).unwrap_or(arn);
    let scope = &association["accessScope"];
    match (scope["type"].as_str(), arn) {
        (Some("cluster"), CLUSTER_ADMIN) => vec![MASTERS.to_owned()],
        (Some("cluster"), _) => vec![format!("eks:access-policy:{name}")],
        _ => texts(&scope["namespaces"])
            .iter()
            .map(|namespace| format!("eks:access-policy:{name}:{namespace}"))
            .collect(),
    }
}

/// An association in the format of `ListAssociatedAccessPolicies`.
pub(crate) fn association(policy: &str, scope: &Value) -> Value {
    let now = identifier::epoch_seconds();
    json!({ "policyArn": policy, "accessScope": scope, "associatedAt": now, "modifiedAt": now })
}

/// `AssociateAccessPolicy`; associating again changes the scope.
pub(crate) fn associate(account: &Account, name: &str, principal: &str, request: &Request) -> Outcome {
    let policy = request.required("policyArn")?;
    if !policy.strip_prefix(PREFIX).is_some_and(|name| NAMES.contains(&name)) {
        return Err(Fault::invalid_parameter(format!("The policyArn parameter format is not valid: {policy}")).of(name));
    }
    let mut scope = request.member_or("accessScope", Value::Null);
    match (scope["type"].as_str(), texts(&scope["namespaces"]).is_empty()) {
        (Some("cluster"), true) => scope = json!({ "type": "cluster", "namespaces": [] }),
        (Some("namespace"), false) => {}
        _ => {
            return Err(Fault::invalid_parameter(
                "accessScope must be cluster without namespaces, or namespace with at least one.",
            )
            .of(name));
        }
    }
    let mut state = account.state();
    let entry = access_entry::find_mut(cluster::find_mut(&mut state, name)?, name, principal)?;
    if entry.stored.resource["type"] != "STANDARD" {
        return Err(Fault::invalid_request(
            "Access policies can only be associated with access entries of type STANDARD.",
        )
        .of(name));
    }
    let mut associated = association(policy, &scope);
    if let Some(before) = entry.policies.get(policy) {
        associated["associatedAt"] = before["associatedAt"].clone();
    }
    entry.policies.insert(policy.to_owned(), associated.clone());
    Ok(json!({ "clusterName": name, "principalArn": principal, "associatedAccessPolicy": associated }))
}

/// `DisassociateAccessPolicy`
pub(crate) fn disassociate(account: &Account, name: &str, principal: &str, policy: &str) -> Outcome {
    let mut state = account.state();
    let entry = access_entry::find_mut(cluster::find_mut(&mut state, name)?, name, principal)?;
    let gone = || Fault::not_found(format!("The policyArn {policy} is not associated with {principal}.")).of(name);
    entry.policies.remove(policy).map(|_| json!({})).ok_or_else(gone)
}

/// `ListAssociatedAccessPolicies`
pub(crate) fn list_associated(account: &Account, name: &str, principal: &str, request: &Request) -> Outcome {
    let mut state = account.state();
    let entry = access_entry::find_mut(cluster::find_mut(&mut state, name)?, name, principal)?;
    let mut answer = page(request, "associatedAccessPolicies", entry.policies.values().cloned().collect())?;
    answer["clusterName"] = json!(name);
    answer["principalArn"] = json!(principal);
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_cluster_admin_on_the_whole_cluster_becomes_masters() {
        let whole = json!({ "type": "cluster", "namespaces": [] });
        assert_eq!(group_of(&association(CLUSTER_ADMIN, &whole)), [MASTERS]);
        let one = json!({ "type": "namespace", "namespaces": ["shop"] });
        assert_eq!(group_of(&association(CLUSTER_ADMIN, &one)), ["eks:access-policy:AmazonEKSClusterAdminPolicy:shop"]);
    }
}
