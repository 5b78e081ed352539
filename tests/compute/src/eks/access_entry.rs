//! Access entries: the IAM principals with access to a cluster, and their Kubernetes user and groups.
//!
//! <https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html>

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Value, json};

use super::{
    Outcome, access_policy,
    cluster::{self, Cluster},
    fault::Fault,
    request::{Request, page},
    stored::{Stored, texts},
};
use crate::{account::Account, identifier};

/// An entry and the access policies associated with it.
#[derive(Clone, Debug, Default)]
pub(crate) struct AccessEntry {
    /// The entry in the format of `DescribeAccessEntry`.
    pub(crate) stored: Stored,
    /// Associated policies by ARN, in the format of `ListAssociatedAccessPolicies`.
    pub(crate) policies: BTreeMap<String, Value>,
}

/// The entry of a cluster's creator, with the cluster admin policy.
pub(crate) fn of_creator(account: &Account, cluster: &str, creator: &str) -> AccessEntry {
    let mut entry = AccessEntry {
        stored: Stored {
            resource: resource(
                account,
                cluster,
                creator,
                "STANDARD",
                &default_username(creator),
                &json!([]),
                &json!({}),
            ),
            ..Stored::default()
        },
        policies: BTreeMap::new(),
    };
    let policy = access_policy::CLUSTER_ADMIN;
    entry
        .policies
        .insert(policy.to_owned(), access_policy::association(policy, &json!({ "type": "cluster", "namespaces": [] })));
    entry
}

/// The entry of a node role, which EKS creates with the managed node group:
/// <https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html>
pub(crate) fn of_nodes(account: &Account, cluster: &str, role: &str) -> AccessEntry {
    let groups = json!(["system:nodes"]);
    let resource = resource(account, cluster, role, "EC2_LINUX", NODE_USERNAME, &groups, &json!({}));
    AccessEntry { stored: Stored { resource, ..Stored::default() }, policies: BTreeMap::new() }
}

/// The entry of the role of EKS Auto Mode's node pools, which EKS creates with the cluster
/// (<https://docs.aws.amazon.com/eks/latest/userguide/auto-learn-iam.html>).
pub(crate) fn of_auto_nodes(account: &Account, cluster: &str, role: &str) -> AccessEntry {
    let groups = json!(["system:nodes"]);
    let resource = resource(account, cluster, role, "EC2", NODE_USERNAME, &groups, &json!({}));
    AccessEntry { stored: Stored { resource, ..Stored::default() }, policies: BTreeMap::new() }
}

/// The entry of a Pod execution role, which EKS creates with the Fargate profile, of the same page.
pub(crate) fn of_fargate(account: &Account, cluster: &str, role: &str) -> AccessEntry {
    let groups = json!(["system:bootstrappers", "system:nodes", "system:node-proxier"]);
    let username = "system:node:{{SessionName}}";
    let resource = resource(account, cluster, role, "FARGATE_LINUX", username, &groups, &json!({}));
    AccessEntry { stored: Stored { resource, ..Stored::default() }, policies: BTreeMap::new() }
}

/// The user name of nodes.
const NODE_USERNAME: &str = "system:node:{{EC2PrivateDNSName}}";

/// The default user name: for roles the session's ARN with its session name, for users and root their ARN.
fn default_username(principal: &str) -> String {
    match principal.split_once(":role/") {
        Some((head, path)) => {
            let name = path.rsplit('/').next().unwrap_or(path);
            format!("{}:assumed-role/{name}/{{{{SessionName}}}}", head.replacen(":iam:", ":sts:", 1))
        }
        None => principal.to_owned(),
    }
}

fn resource(
    account: &Account,
    cluster: &str,
    principal: &str,
    kind: &str,
    username: &str,
    groups: &Value,
    tags: &Value,
) -> Value {
    let (class, name) = principal.rsplit_once(':').map_or(("role", principal), |(_, resource)| {
        resource
            .split_once('/')
            .map_or((resource, resource), |(class, path)| (class, path.rsplit('/').next().unwrap_or(path)))
    });
    let id = identifier::uuid();
    let arn = account.arn("eks", &format!("access-entry/{cluster}/{class}/{}/{name}/{id}", account.options.account));
    let now = identifier::epoch_seconds();
    json!({
        "clusterName": cluster, "principalArn": principal, "kubernetesGroups": groups, "accessEntryArn": arn,
        "createdAt": now, "modifiedAt": now, "tags": tags, "username": username, "type": kind,
    })
}

/// Refuses operations on access entries in `CONFIG_MAP` mode.
pub(crate) fn require_mode(cluster: &Cluster, name: &str) -> Result<(), Fault> {
    if cluster.authentication_mode() == "CONFIG_MAP" {
        return Err(Fault::invalid_request(
            "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation.",
        )
        .of(name));
    }
    Ok(())
}

/// An entry by principal ARN.
pub(crate) fn find_mut<'a>(
    cluster: &'a mut Cluster,
    name: &str,
    principal: &str,
) -> Result<&'a mut AccessEntry, Fault> {
    require_mode(cluster, name)?;
    cluster.access_entries.get_mut(principal).ok_or_else(|| {
        Fault::not_found(format!(
            "The specified principalArn could not be found. You can view your available access entries with \
             'aws eks list-access-entries --cluster-name {name}'."
        ))
        .of(name)
    })
}

/// `CreateAccessEntry`
pub(crate) fn create(account: &Arc<Account>, name: &str, request: &Request) -> Outcome {
    let principal = request.required("principalArn")?.to_owned();
    let mut state = account.state();
    let cluster = cluster::find_mut(&mut state, name)?;
    require_mode(cluster, name)?;
    if let Some(entry) = cluster.access_entries.get(&principal) {
        return match entry.stored.repeated(request) {
            Some(resource) => Ok(json!({ "accessEntry": resource })),
            None => {
                Err(Fault::in_use("The specified access entry resource is already in use on this cluster.").of(name))
            }
        };
    }
    if !is_principal(&principal) {
        return Err(Fault::invalid_parameter("The principalArn parameter format is not valid").of(name));
    }
    let kind = request.text("type").unwrap_or("STANDARD");
    let groups = request.member_or("kubernetesGroups", json!([]));
    let mut username = request.text("username").map_or_else(|| default_username(&principal), str::to_owned);
    match kind {
        "STANDARD" => refuse_reserved(&texts(&groups), &username).map_err(|fault| fault.of(name))?,
        "EC2_LINUX" | "EC2_WINDOWS" | "EC2" | "FARGATE_LINUX" | "HYBRID_LINUX" => {
            if !texts(&groups).is_empty() || request.text("username").is_some() {
                return Err(Fault::invalid_parameter(format!(
                    "kubernetesGroups and username can't be specified for an access entry of type {kind}."
                ))
                .of(name));
            }
            NODE_USERNAME.clone_into(&mut username);
        }
        other => return Err(Fault::invalid_parameter(format!("The access entry type {other} is not valid.")).of(name)),
    }
    let groups = if kind == "STANDARD" { groups } else { json!(["system:nodes"]) };
    let resource = resource(account, name, &principal, kind, &username, &groups, &request.tags()?);
    let answer = json!({ "accessEntry": resource });
    let stored = Stored { resource, request: request.body.clone() };
    cluster.access_entries.insert(principal, AccessEntry { stored, policies: BTreeMap::new() });
    Ok(answer)
}

fn is_principal(arn: &str) -> bool {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    matches!(parts.as_slice(), ["arn", _, "iam", "", account, resource]
        if account.len() == 12 && (resource.starts_with("role/") || resource.starts_with("user/") || *resource == "root"))
}

/// Refuses groups and user names with reserved prefixes:
/// <https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAccessEntry.html>
fn refuse_reserved(groups: &[String], username: &str) -> Result<(), Fault> {
    let reserved = ["system:", "eks:", "aws:", "amazon:", "iam:"];
    if let Some(group) = groups.iter().find(|group| reserved.iter().any(|prefix| group.starts_with(prefix))) {
        return Err(Fault::invalid_parameter(format!(
            "The kubernetes group name {group} is invalid, it cannot start with system:, eks:, aws:, amazon: or iam:"
        )));
    }
    if reserved.iter().any(|prefix| username.starts_with(prefix)) {
        return Err(Fault::invalid_parameter("The username cannot start with system:, eks:, aws:, amazon: or iam:"));
    }
    Ok(())
}

/// `DescribeAccessEntry`
pub(crate) fn describe(account: &Account, name: &str, principal: &str) -> Outcome {
    let mut state = account.state();
    let entry = find_mut(cluster::find_mut(&mut state, name)?, name, principal)?;
    Ok(json!({ "accessEntry": entry.stored.resource }))
}

/// `ListAccessEntries`
pub(crate) fn list(account: &Account, name: &str, request: &Request) -> Outcome {
    let state = account.state();
    let cluster = cluster::find(&state, name)?;
    require_mode(cluster, name)?;
    let policy = request.parameter("associatedPolicyArn");
    let entries = cluster
        .access_entries
        .iter()
        .filter(|(_, entry)| policy.is_none_or(|policy| entry.policies.contains_key(policy)));
    page(request, "accessEntries", entries.map(|(principal, _)| json!(principal)).collect())
}

/// `DeleteAccessEntry`
pub(crate) fn delete(account: &Account, name: &str, principal: &str) -> Outcome {
    let mut state = account.state();
    let cluster = cluster::find_mut(&mut state, name)?;
    find_mut(cluster, name, principal)?;
    cluster.access_entries.remove(principal);
    Ok(json!({}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_username_of_a_role_keeps_its_session_name_and_loses_its_path() {
        assert_eq!(
            default_username("arn:aws:iam::000000000000:role/team/deployer"),
            "arn:aws:sts::000000000000:assumed-role/deployer/{{SessionName}}"
        );
        assert_eq!(default_username("arn:aws:iam::000000000000:user/ann"), "arn:aws:iam::000000000000:user/ann");
    }

    #[test]
    fn groups_that_kubernetes_reserves_cannot_be_given_by_an_entry() {
        assert!(refuse_reserved(&["system:masters".into()], "ann").is_err());
        assert!(refuse_reserved(&["developers".into()], "ann").is_ok());
    }
}
