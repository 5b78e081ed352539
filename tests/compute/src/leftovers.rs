//! What exists at a moment: for a report that compares it with a ledger.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{account::Account, eks};

/// A resource that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// What it is, as CloudFormation writes types: `AWS::EKS::Cluster`.
    pub kind: &'static str,
    /// Its ARN, or its id where it has no ARN.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

fn of_eks(kind: &'static str, name: &str, resource: &Value) -> Leftover {
    let tags = resource.get("tags").and_then(Value::as_object).into_iter().flatten();
    Leftover {
        kind,
        id: eks::arn_of(resource).unwrap_or_default().to_owned(),
        name: name.to_owned(),
        tags: tags.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect(),
    }
}

/// Everything there is, by kind and name.
pub(crate) fn all(account: &Account) -> Vec<Leftover> {
    let state = account.state();
    let mut found = Vec::new();
    for (name, cluster) in &state.clusters {
        found.push(of_eks("AWS::EKS::Cluster", name, &cluster.stored.resource));
        found.extend(
            cluster.nodegroups.iter().map(|(name, group)| of_eks("AWS::EKS::Nodegroup", name, &group.stored.resource)),
        );
        found.extend(cluster.addons.iter().map(|(name, addon)| of_eks("AWS::EKS::Addon", name, &addon.resource)));
        found.extend(
            cluster
                .access_entries
                .iter()
                .map(|(name, entry)| of_eks("AWS::EKS::AccessEntry", name, &entry.stored.resource)),
        );
        found.extend(
            cluster
                .pod_identities
                .iter()
                .map(|(name, identity)| of_eks("AWS::EKS::PodIdentityAssociation", name, &identity.resource)),
        );
    }
    for group in state.groups.values() {
        let tags: BTreeMap<_, _> = group.tags.iter().map(|(key, (value, _))| (key.clone(), value.clone())).collect();
        for instance in group.instances.keys() {
            found.push(Leftover {
                kind: "AWS::EC2::Instance",
                id: instance.clone(),
                name: instance.clone(),
                tags: tags.clone(),
            });
        }
        found.push(Leftover {
            kind: "AWS::AutoScaling::AutoScalingGroup",
            id: group.arn.clone(),
            name: group.name.clone(),
            tags,
        });
    }
    for balancer in state.load_balancers.values() {
        found.push(Leftover {
            kind: "AWS::ElasticLoadBalancingV2::LoadBalancer",
            id: balancer.arn.clone(),
            name: balancer.name.clone(),
            tags: balancer.tags.clone(),
        });
    }
    for group in state.target_groups.values() {
        found.push(Leftover {
            kind: "AWS::ElasticLoadBalancingV2::TargetGroup",
            id: group.arn.clone(),
            name: group.name.clone(),
            tags: group.tags.clone(),
        });
    }
    for listener in state.listeners.values() {
        found.push(Leftover {
            kind: "AWS::ElasticLoadBalancingV2::Listener",
            id: listener.arn.clone(),
            name: format!("{}:{}", listener.protocol, listener.port),
            tags: listener.tags.clone(),
        });
    }
    found
}
