//! The shop whose people built green themselves: cluster, nodes, security groups, access and identities, as their own code would, with other
//! names than blue's, and with objects of theirs on it. In one variant the load balancer and the VPC link are theirs too.

use super::green::link;
use super::{BLUE, GREEN, GREEN_BALANCER, GREEN_LINK, GREEN_TARGET_GROUP, compute, input_with};
use crate::Account;
use crate::account::{Aws, pair};
use domain::plan::compute::{
    Cluster, ClusterStatus, LaunchTemplate, LaunchTemplateData, NodeGroup, Peer, PodIdentity, Rule, SecurityGroup,
};
use domain::plan::edge::{Listener, LoadBalancer, TargetGroup};
use domain::ports::clusters::AddonStatus;
use domain::ports::log_groups::LogGroup;
use serde_json::{Value, json};

/// The group of green's nodes.
pub const NODES: &str = "sg-green-nodes";
/// Green's node groups.
pub const NODE_GROUPS: [&str; 2] = ["green-general", "green-jobs"];

/// What the shop's people ask for, with these fields more.
#[must_use]
pub fn input(fields: Value) -> Value {
    let mut input = input_with(fields);
    input["green"] = json!({ "cluster": GREEN, "existing": true });
    input
}

/// The same with the load balancer and the VPC link.
#[must_use]
pub fn input_with_edge(fields: Value) -> Value {
    let mut input = input(fields);
    input["green"]["loadBalancer"] = json!(GREEN_BALANCER);
    input["green"]["vpcLink"] = json!(GREEN_LINK);
    input
}

impl Account {
    /// The account of this shop before its migration.
    #[must_use]
    pub fn existing_shop() -> Self {
        let account = Self::shop();
        put(&mut account.aws());
        let metadata = |name: &str| json!({ "name": name, "namespace": "shop" });
        // One that the bundles have too, with a label of their people's, and one that they do not have.
        account.cluster(GREEN).put(json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "shop", "labels": { "made-by": "terraform" } },
        }));
        account.cluster(GREEN).put(json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata("of-the-user"), "data": { "a": "b" },
        }));
        account
    }

    /// The same with a load balancer, whose targets the shop's people registered in part, and a VPC link to it.
    #[must_use]
    pub fn existing_shop_with_edge() -> Self {
        let account = Self::existing_shop();
        put_edge(&mut account.aws());
        account
    }
}

fn put(aws: &mut Aws) {
    let blue = aws.clusters.get(BLUE).map(|found| found.cluster.clone()).unwrap_or_default();
    let cluster = Cluster {
        name: GREEN.to_owned(),
        arn: blue.arn.replace(BLUE, GREEN),
        version: "1.34".to_owned(),
        security_group_ids: vec![NODES.to_owned()],
        logging: vec!["audit".to_owned()],
        tags: [("made-by".to_owned(), "terraform".to_owned())].into(),
        cluster_security_group_id: String::new(),
        ..blue
    };
    let created_at = aws.now();
    let created = ClusterStatus { cluster, status: "CREATING".to_owned(), created_at, issues: Vec::new() };
    aws.clusters.insert(GREEN.to_owned(), created);
    aws.cluster_created(GREEN);
    let name = format!("/aws/eks/{GREEN}/cluster");
    aws.log_groups.insert(name.clone(), LogGroup { name, arn: "arn:logs-green".to_owned(), ..LogGroup::default() });
    groups(aws);
    let addons = aws.addons.iter().filter(|((cluster, _), _)| cluster == BLUE);
    let addons = addons.map(|((_, name), found)| {
        let arn = found.arn.replace(BLUE, GREEN);
        (pair(GREEN, name), AddonStatus { arn, ..found.clone() })
    });
    let addons: Vec<_> = addons.collect();
    aws.addons.extend(addons);
    let template = LaunchTemplate {
        id: "lt-green".to_owned(),
        name: "green-nodes".to_owned(),
        version: "1".to_owned(),
        data: LaunchTemplateData {
            instance_type: Some("m7g.large".to_owned()),
            security_group_ids: vec![NODES.to_owned(), format!("sg-cluster-{GREEN}")],
            ..LaunchTemplateData::default()
        },
        ..LaunchTemplate::default()
    };
    aws.launch_templates.insert(template.id.clone(), template);
    for name in NODE_GROUPS {
        let like = compute::node_group("general");
        let arn = like.arn.replace(BLUE, GREEN).replace("general", name);
        let template = Some("lt-green@1".to_owned());
        let status = "CREATING".to_owned();
        let group = NodeGroup { name: name.to_owned(), arn, launch_template: template, status, ..like };
        aws.node_groups.insert(pair(GREEN, name), group);
        aws.node_group_created(GREEN, name);
    }
    let entries = aws.access_entries.iter().filter(|((cluster, _), _)| cluster == BLUE);
    let entries: Vec<_> = entries.map(|((_, principal), entry)| (pair(GREEN, principal), entry.clone())).collect();
    aws.access_entries.extend(entries);
    let blues = aws.pod_identities.iter().filter(|((cluster, _), _)| cluster == BLUE);
    let greens = blues.map(|((_, key), identity)| {
        let arn = identity.arn.replace(BLUE, GREEN);
        (pair(GREEN, key), PodIdentity { arn, association_id: "a-2".to_owned(), ..identity.clone() })
    });
    let greens: Vec<_> = greens.collect();
    aws.pod_identities.extend(greens);
}

/// One group for all nodes, which lets in what blue's groups let in, and which what is in front of them knows.
fn groups(aws: &mut Aws) {
    let of_blue = |rule: &Rule| {
        rule.peer_group().is_some_and(|peer| peer.ends_with(BLUE) || peer == "sg-nodes" || peer == "sg-plane")
    };
    let greens = |rule: &Rule| {
        let peer = if of_blue(rule) { Peer::Group(NODES.to_owned()) } else { rule.peer.clone() };
        Rule { peer, ..rule.clone() }
    };
    let blues = ["sg-nodes", "sg-plane"].iter().filter_map(|id| aws.security_groups.get(*id));
    let mut rules: Vec<Rule> = blues.flat_map(|group| group.rules.iter().map(greens)).collect();
    rules.sort();
    rules.dedup();
    let group = SecurityGroup {
        id: NODES.to_owned(),
        name: "green-nodes".to_owned(),
        description: "of green's nodes".to_owned(),
        vpc_id: "vpc-1".to_owned(),
        rules,
        tags: domain::Tags::new(),
    };
    aws.security_groups.insert(NODES.to_owned(), group);
    if let Some(balancers) = aws.security_groups.get_mut("sg-nlb") {
        let mut rules: Vec<Rule> = balancers.rules.iter().map(greens).collect();
        rules.dedup();
        balancers.rules.extend(rules);
    }
}

fn put_edge(aws: &mut Aws) {
    let blue = aws.balancers.get("arn:balancer-blue").cloned().unwrap_or_default();
    let name = "terraform-green".to_owned();
    let balancer = LoadBalancer { arn: GREEN_BALANCER.to_owned(), name: name.clone(), ..blue };
    aws.balancers.insert(balancer.arn.clone(), balancer);
    let group = aws.target_groups.get("arn:group-blue").cloned().unwrap_or_default();
    let group = TargetGroup { arn: GREEN_TARGET_GROUP.to_owned(), name: "terraform-green-http".to_owned(), ..group };
    aws.target_groups.insert(group.arn.clone(), group);
    let listeners = aws.listeners.get("arn:balancer-blue").cloned().unwrap_or_default();
    let listeners = listeners.into_iter().map(|listener| Listener {
        arn: "arn:listener-green".to_owned(),
        target_group_arns: vec![GREEN_TARGET_GROUP.to_owned()],
        ..listener
    });
    let listeners = listeners.collect();
    aws.listeners.insert(GREEN_BALANCER.to_owned(), listeners);
    // One of the two is attached by their own code; the other is left to Bascule.
    if let Some(scaling) = aws.scaling.values_mut().find(|scaling| scaling.node_group == NODE_GROUPS[0]) {
        scaling.target_group_arns.push(GREEN_TARGET_GROUP.to_owned());
    }
    link(aws, name);
}
