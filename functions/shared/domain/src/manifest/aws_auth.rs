//! The ConfigMap by which blue lets people in beside its access entries, and which EKS has deprecated
//! (<https://docs.aws.amazon.com/eks/latest/userguide/auth-configmap.html>). Green lets in whom access entries name.

use super::ObjectId;
use crate::plan::compute::Compute;
use serde_json::Value;
use std::collections::BTreeSet;

/// The ConfigMap.
#[must_use]
pub fn id() -> ObjectId {
    ObjectId {
        api_version: "v1".to_owned(),
        kind: "ConfigMap".to_owned(),
        namespace: Some("kube-system".to_owned()),
        name: "aws-auth".to_owned(),
    }
}

/// Whom it lets in and green would not: ARNs, and accounts whose every identity may come. Roles of managed node groups
/// and of Fargate profiles are let in by EKS.
#[must_use]
pub fn only_there(config: &Value, compute: &Compute) -> BTreeSet<String> {
    let entries = compute.access_entries.iter().map(|entry| entry.principal_arn.as_str());
    let nodes = compute.node_groups.iter().map(|group| group.role_arn.as_str());
    let fargate = compute.fargate_profiles.iter().map(|profile| profile.pod_execution_role_arn.as_str());
    let known: BTreeSet<String> = entries.chain(nodes).chain(fargate).map(without_path).collect();
    let words = |member: &str| {
        let text = config["data"][member].as_str().unwrap_or_default();
        let words = text.split(|letter: char| letter.is_whitespace() || "'\",[]{}".contains(letter));
        words.filter(|word| !word.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    let named = ["mapRoles", "mapUsers"].into_iter().flat_map(words).filter(|word| word.starts_with("arn:"));
    let is_account = |word: &String| word.len() == 12 && word.bytes().all(|digit| digit.is_ascii_digit());
    let accounts = words("mapAccounts").into_iter().filter(is_account);
    named.filter(|arn| !known.contains(&without_path(arn))).chain(accounts).collect()
}

/// The ConfigMap names roles without their paths
/// (<https://github.com/kubernetes-sigs/aws-iam-authenticator/issues/268>).
fn without_path(arn: &str) -> String {
    match (arn.split_once(":role/"), arn.rsplit_once('/')) {
        (Some((account, _)), Some((_, name))) => format!("{account}:role/{name}"),
        _ => arn.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::compute::{AccessEntry, NodeGroup};
    use serde_json::json;

    // As in https://docs.aws.amazon.com/eks/latest/userguide/auth-configmap.html.
    #[test]
    fn who_has_an_access_entry_or_is_a_node_is_let_in_and_the_others_are_named() {
        let compute = Compute {
            access_entries: vec![AccessEntry {
                principal_arn: "arn:aws:iam::111122223333:role/team/my-console-viewer-role".to_owned(),
                ..AccessEntry::default()
            }],
            node_groups: vec![NodeGroup {
                role_arn: "arn:aws:iam::111122223333:role/my-role".to_owned(),
                ..NodeGroup::default()
            }],
            ..Compute::default()
        };
        let config = json!({ "data": {
            "mapRoles": "- groups:\n  - system:bootstrappers\n  - system:nodes\n  rolearn: arn:aws:iam::111122223333:role/my-role\n  username: system:node:{{EC2PrivateDNSName}}\n\
                         - groups:\n  - eks-console-dashboard-full-access-group\n  rolearn: arn:aws:iam::111122223333:role/my-console-viewer-role\n  username: my-console-viewer-role\n\
                         - {rolearn: \"arn:aws:iam::111122223333:role/deployer\", groups: [system:masters]}\n",
            "mapUsers": "- groups:\n  - system:masters\n  userarn: arn:aws:iam::111122223333:user/admin\n  username: admin\n",
            "mapAccounts": "- \"444455556666\"\n",
        } });
        let expected =
            ["444455556666", "arn:aws:iam::111122223333:role/deployer", "arn:aws:iam::111122223333:user/admin"];
        assert_eq!(only_there(&config, &compute), expected.map(str::to_owned).into());
        assert!(only_there(&json!({}), &compute).is_empty());
    }
}
