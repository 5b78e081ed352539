//! What is in the account.

use super::belongings::blue_issuer;
use domain::Kind;
use domain::manifest::ObjectId;
use domain::plan::compute::auto_mode::CLUSTER_TAG;
use domain::resources::node_pool;
use serde_json::Value;
use std::collections::BTreeMap;
use testing::shop::irsa;
use testing::{Aws, Permission};

/// Kind, and id or ARN as the ledger has it.
pub(crate) type Thing = (Kind, String);

/// What is there, each with the thing that it goes with, where there is one.
pub(crate) type Things = BTreeMap<Thing, Option<Thing>>;

/// Everything in the account.
pub(super) fn everything(aws: &Aws) -> Things {
    let cluster = |name: &str| {
        let arn = aws.clusters.get(name).map(|found| found.cluster.arn.clone());
        Some((Kind::Cluster, arn.unwrap_or_default()))
    };
    let mut all = BTreeMap::new();
    let mut put = |kind: Kind, id: &str, with: Option<Thing>| {
        all.insert((kind, id.to_owned()), with);
    };
    for found in aws.clusters.values() {
        put(Kind::Cluster, &found.cluster.arn, None);
    }
    for group in aws.node_groups.values() {
        put(Kind::NodeGroup, &group.arn, None);
    }
    for (id, with) in of_karpenter(aws) {
        put(Kind::NodePool, &id, with);
    }
    for profile in aws.fargate_profiles.values() {
        put(Kind::FargateProfile, &profile.arn, None);
    }
    for ((of, _), addon) in &aws.addons {
        put(Kind::Addon, &addon.arn, cluster(of));
    }
    for (of, principal) in aws.access_entries.keys() {
        put(Kind::AccessEntry, principal, cluster(of));
    }
    for ((of, _), identity) in &aws.pod_identities {
        put(Kind::PodIdentityAssociation, &identity.arn, cluster(of));
    }
    for (of, name) in aws.identity_providers.keys() {
        put(Kind::IdentityProvider, name, cluster(of));
    }
    for group in aws.security_groups.values() {
        let of = aws.clusters.values().find(|found| found.cluster.cluster_security_group_id == group.id);
        let of = of.map(|found| (Kind::Cluster, found.cluster.arn.clone()));
        // EKS Auto Mode makes one for each load balancer.
        let of_auto = group.tags.get(CLUSTER_TAG).and_then(|name| cluster(name));
        put(Kind::SecurityGroup, &group.id, of.or_else(|| of_auto.clone()));
        for rule in &group.rules {
            let with = of_auto.clone().or_else(|| Some((Kind::SecurityGroup, group.id.clone())));
            put(Kind::SecurityGroupRule, &format!("{}/{rule}", group.id), with);
        }
    }
    for template in aws.launch_templates.keys() {
        put(Kind::LaunchTemplate, template, None);
    }
    for arn in aws.balancers.keys() {
        put(Kind::LoadBalancer, arn, None);
    }
    for (balancer, listeners) in &aws.listeners {
        for listener in listeners {
            put(Kind::Listener, &listener.arn, Some((Kind::LoadBalancer, balancer.clone())));
        }
    }
    for arn in aws.target_groups.keys() {
        put(Kind::TargetGroup, arn, None);
    }
    for scaling in aws.scaling.values() {
        let group = aws.node_groups.get(&(scaling.cluster.clone(), scaling.node_group.clone()));
        let with = group.map(|group| (Kind::NodeGroup, group.arn.clone()));
        for arn in &scaling.target_group_arns {
            put(Kind::TargetGroupAttachment, &format!("{} {arn}", scaling.name), with.clone());
        }
    }
    for id in aws.links.keys() {
        put(Kind::VpcLink, id, None);
    }
    for id in aws.apis.keys() {
        put(Kind::RestApi, id, None);
    }
    let is_public = |api: &str| aws.traffic.iter().any(|(of, _)| of == api);
    let of_api = |api: &str| (!is_public(api)).then(|| (Kind::RestApi, api.to_owned()));
    for (api, id) in aws.deployments.keys() {
        put(Kind::Deployment, id, of_api(api));
    }
    for (api, name) in aws.stages.keys() {
        let temporary = format!("{name} of {api}");
        put(Kind::Stage, if is_public(api) { name } else { &temporary }, of_api(api));
    }
    for id in aws.plans.keys() {
        put(Kind::UsagePlan, id, None);
    }
    for permission in permissions(aws) {
        put(Kind::LambdaPermission, &permission, None);
    }
    for name in aws.schedules.keys() {
        put(Kind::Schedule, name, None);
    }
    put_single(aws, &mut put);
    all
}

/// What belongs to nothing else in the account.
fn put_single(aws: &Aws, mut put: impl FnMut(Kind, &str, Option<Thing>)) {
    for group in aws.log_groups.values() {
        put(Kind::LogGroup, &group.arn, None);
    }
    for arn in aws.oidc_providers.keys() {
        put(Kind::OidcProvider, arn, None);
    }
    // What roles say of blue's provider, which is approved with the role's ARN; what they say of green's is looked at below.
    for name in aws.roles.iter().filter(|(_, policy)| policy.contains(blue_issuer())).map(|(name, _)| name) {
        put(Kind::TrustStatement, &irsa::role_arn(name), None);
    }
    // Each with the object for which it was made, which the ledger has.
    for (handle, maker) in &aws.volumes {
        put(Kind::Volume, handle, Some((Kind::Volume, maker.clone())));
    }
    for id in aws.snapshots.keys() {
        put(Kind::Snapshot, id, None);
    }
    for id in aws.copies.keys() {
        put(Kind::VolumeCopy, id, None);
    }
}

/// The statements of the functions' policies, each as the ledger has it.
fn permissions(aws: &Aws) -> Vec<String> {
    let all = aws.functions.iter().flat_map(|(arn, policy)| policy.iter().map(move |of| (arn, of)));
    let id = |(arn, (statement, permission)): (&String, (&String, &Permission))| {
        let qualifier = permission.qualifier.as_ref().map(|qualifier| format!(":{qualifier}")).unwrap_or_default();
        format!("{arn}{qualifier} {statement}")
    };
    all.map(id).collect()
}

/// NodePools and `EC2NodeClasses`, and Karpenter's nodes, each with the `NodePool` for which it was made.
fn of_karpenter(aws: &Aws) -> Vec<(String, Option<Thing>)> {
    let objects = aws.objects.iter().flat_map(|(of, objects)| objects.iter().map(move |(id, value)| (of, id, value)));
    let is_pool = |id: &ObjectId, value: &Value| node_pool::is_pool(id) && !node_pool::is_auto_pool(id, value);
    let pools = objects.filter(|(_, id, value)| is_pool(id, value) || node_pool::is_class(id));
    let nodes = aws.instances.iter().filter_map(|node| Some((node, node_pool::pool_of(node)?)));
    let nodes = nodes.map(|(node, pool)| {
        let of = node.tags.get("eks:eks-cluster-name").cloned().unwrap_or_default();
        (node.id.clone(), Some((Kind::NodePool, format!("{of}/NodePool/{pool}"))))
    });
    pools.map(|(of, id, _)| (format!("{of}/{id}"), None)).chain(nodes).collect()
}
