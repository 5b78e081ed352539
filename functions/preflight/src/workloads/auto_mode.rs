//! NodePools and NodeClasses of EKS Auto Mode in the bundles: whether it will make green's nodes by them, and with nothing of blue's.
//!
//! EKS deletes their nodes with the cluster, so that they are objects like any other.

use super::{Around, manifest_path, selectors::Place};
use domain::{
    Input, Limit, PhaseError, Problem,
    manifest::Object,
    plan::{
        Found,
        compute::{
            AutoMode,
            auto_mode::{CLUSTER_TAG, NODE_POOL_TAG},
        },
        workloads::Workloads,
    },
    ports::Network,
    resources::node_pool::{is_auto_class, is_auto_pool},
};
use std::collections::BTreeMap;

/// The NodeClass of the built-in node pools, which EKS makes with them
/// (<https://docs.aws.amazon.com/eks/latest/userguide/set-builtin-node-pools.html>).
const BUILT_IN: &str = "default";

/// Holds what the bundles have of EKS Auto Mode against what green will have, and blue's nodes against the bundles.
///
/// # Errors
/// `Unavailable` and `Denied` only.
pub(super) async fn read<P: Network>(
    ports: &P,
    input: &Input,
    all: &[(usize, Object)],
    around: &Around,
    found: &mut Found<Workloads>,
) -> Result<(), PhaseError> {
    let its = |object: &Object| is_auto_class(&object.id) || is_auto_pool(&object.id, &object.value);
    let its: Vec<&(usize, Object)> = all.iter().filter(|(_, object)| its(object)).collect();
    if around.is_users {
        found.problems.extend(its.iter().map(|(index, object)| {
            refusal(*index, object, "makes nodes, and on a green of your own Bascule would not know them from yours. Bring it there yourself, and take it out of the bundles")
        }));
        return Ok(());
    }
    let Some(auto) = &around.auto_mode else {
        found.problems.extend(its.iter().map(|(index, object)| {
            let message =
                format!("is for EKS Auto Mode, which {} is not in, so that nothing would make its nodes", around.blue);
            refusal(*index, object, &message)
        }));
        return Ok(());
    };
    let nodes = ports.instances_tagged(CLUSTER_TAG, Some(&input.blue.cluster)).await?;
    let pools = nodes.iter().filter_map(|node| Some((node.tags.get(NODE_POOL_TAG)?.as_str(), node.id.as_str())));
    found.problems.extend(strange(pools, auto, &its));
    if its.is_empty() {
        return Ok(());
    }
    let place = Place::read(ports, around).await?;
    for (index, object) in &its {
        let messages =
            if is_auto_class(&object.id) { of_class(object, around, &place) } else { of_pool(object, auto, &its) };
        found.problems.extend(messages.iter().map(|message| refusal(*index, object, message)));
    }
    let names: Vec<String> = its.iter().map(|(_, object)| object.id.to_string()).collect();
    found.advice.push(format!(
        "EKS Auto Mode makes nodes in both clusters while both exist, for {}: what these cost and count in EC2's quotas is in this plan as far as blue has them now. Where a NodeClass has \
         tags, or security groups of its own, the cluster's role needs permissions for them, which Bascule does not read \
         (https://docs.aws.amazon.com/eks/latest/userguide/auto-learn-iam.html#tag-prop)",
        names.join(", ")
    ));
    Ok(())
}

fn refusal(index: usize, object: &Object, message: &str) -> Problem {
    Limit::AutoMode.refusal(manifest_path(index), format!("{} {message} (document {})", object.id, object.document))
}

/// Nodes of blue whose node pool green would not have.
fn strange<'a>(
    nodes: impl Iterator<Item = (&'a str, &'a str)>,
    auto: &AutoMode,
    its: &[&(usize, Object)],
) -> Vec<Problem> {
    let brought = |pool: &str| {
        let mut pools = its.iter().filter(|(_, object)| is_auto_pool(&object.id, &object.value));
        pools.any(|(_, object)| object.id.name == pool)
    };
    let has = |pool: &str| auto.node_pools.iter().any(|built_in| built_in == pool) || brought(pool);
    let mut strange: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (pool, node) in nodes.filter(|(pool, _)| !has(pool)) {
        strange.entry(pool).or_default().push(node);
    }
    let told = strange.into_iter().map(|(pool, nodes)| {
        let message = format!(
            "EKS Auto Mode made the nodes {} of blue for the NodePool {pool}, which is in no bundle: green would not have such nodes. Bring it with its NodeClass in the bundles, or \
             delete it on blue",
            nodes.join(", ")
        );
        Limit::UnmanagedNodes.refusal("$.workloads.manifests", message)
    });
    told.collect()
}

/// What keeps EKS from making green's nodes by this NodeClass.
fn of_class(class: &Object, around: &Around, place: &Place<'_>) -> Vec<String> {
    let spec = &class.value["spec"];
    let mut messages = place.problems(class);
    if !spec["podSubnetSelectorTerms"].is_null() {
        messages.extend(place.subnets(class, "podSubnetSelectorTerms"));
    }
    if !spec["podSecurityGroupSelectorTerms"].is_null() {
        messages.extend(place.groups(class, "podSecurityGroupSelectorTerms"));
    }
    let named = |role: &str| around.auto_roles.iter().any(|arn| arn.rsplit('/').next() == role.rsplit('/').next());
    match spec["role"].as_str() {
        Some(role) if named(role) => {}
        Some(role) => messages.push(format!(
            "gives its nodes the role {role}, which has no access entry of the type EC2 with AmazonEKSAutoNodePolicy on blue that Bascule could copy: green's nodes would not join. \
             `aws eks create-access-entry --cluster-name {0} --type EC2 --principal-arn <its ARN>`, then `aws eks associate-access-policy --cluster-name {0} --principal-arn <its ARN> \
             --policy-arn arn:aws:eks::aws:cluster-access-policy/AmazonEKSAutoNodePolicy --access-scope type=cluster`",
            around.blue
        )),
        None => messages.push(
            "says no role of its nodes (spec.role), so that it cannot be told whether green would let them in".to_owned(),
        ),
    }
    messages
}

/// What keeps EKS from making green's nodes by this NodePool.
fn of_pool(pool: &Object, auto: &AutoMode, its: &[&(usize, Object)]) -> Vec<String> {
    let name = pool.value["spec"]["template"]["spec"]["nodeClassRef"]["name"].as_str().unwrap_or_default();
    let is_built_in = name == BUILT_IN && !auto.node_pools.is_empty();
    if is_built_in || its.iter().any(|(_, object)| is_auto_class(&object.id) && object.id.name == name) {
        return Vec::new();
    }
    vec![format!("refers to the NodeClass {name:?}, which is in no bundle: bring it, or no node would be made")]
}

#[cfg(test)]
mod tests;
