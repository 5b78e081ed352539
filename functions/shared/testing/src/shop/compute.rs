//! Control plane, nodes and network.

use super::{BLUE, GREEN};
use crate::account::Aws;
use domain::Kind;
use domain::plan::Planned;
use domain::plan::compute::{
    AccessEntry, AccessPolicy, Addon, Cluster, ClusterStatus, Compute, Direction, Green, LaunchTemplate,
    LaunchTemplateData, NodeGroup, Peer, PodIdentity, Reference, Rule, Scaling, SecurityGroup, Subnet,
};
use domain::ports::clusters::AddonStatus;
use domain::ports::log_groups::LogGroup;
use serde_json::json;

const VPC: &str = "vpc-1";
const OWN_GROUP: &str = "sg-cluster-shop-blue";

fn strings<const N: usize>(items: [&str; N]) -> Vec<String> {
    items.map(str::to_owned).into()
}

fn arn(kind: &str, name: &str) -> String {
    format!("arn:aws:eks:eu-central-1:123456789012:{kind}/{name}")
}

fn ingress(port: i32, group: &str) -> Rule {
    Rule {
        direction: Direction::Ingress,
        protocol: "tcp".to_owned(),
        from_port: Some(port),
        to_port: Some(port),
        peer: Peer::Group(group.to_owned()),
        description: None,
    }
}

fn group(id: &str, rules: Vec<Rule>) -> SecurityGroup {
    SecurityGroup {
        id: id.to_owned(),
        name: format!("shop-{id}"),
        description: "of the shop".to_owned(),
        vpc_id: VPC.to_owned(),
        rules,
        tags: [("kubernetes.io/cluster/shop-blue".to_owned(), "owned".to_owned())].into(),
    }
}

pub(super) fn put(aws: &mut Aws) {
    for name in ["cluster", "nodes", "people", "checkout"] {
        aws.roles.insert(name.to_owned(), "{}".to_owned());
    }
    aws.versions = strings(["1.33", "1.34", "1.35"]);
    aws.subnets = [("subnet-a", "eu-central-1a"), ("subnet-b", "eu-central-1b")]
        .map(|(id, zone)| Subnet {
            id: id.to_owned(),
            vpc_id: VPC.to_owned(),
            availability_zone: zone.to_owned(),
            free_addresses: 200,
            ..Subnet::default()
        })
        .into();
    let created_at = aws.now();
    let status = |cluster| ClusterStatus { cluster, status: "CREATING".to_owned(), created_at, issues: Vec::new() };
    aws.clusters.insert(BLUE.to_owned(), status(blue()));
    aws.cluster_created(BLUE);
    if let Some(group) = aws.security_groups.get_mut(OWN_GROUP) {
        group.rules.push(ingress(30_080, "sg-nlb"));
    }
    let out = |group| Rule { direction: Direction::Egress, ..ingress(30_080, group) };
    let groups = [
        group("sg-nodes", vec![ingress(10_250, "sg-plane"), ingress(30_080, "sg-nlb"), ingress(53, OWN_GROUP)]),
        group("sg-plane", vec![ingress(443, "sg-nodes")]),
        group("sg-nlb", vec![out("sg-nodes"), out(OWN_GROUP)]),
    ];
    aws.security_groups.extend(groups.map(|group| (group.id.clone(), group)));
    aws.launch_templates.insert("lt-1".to_owned(), template());
    for name in ["vpc-cni", "kube-proxy", "coredns"] {
        add_on(aws, name);
    }
    for name in ["general", "jobs"] {
        let group = NodeGroup { status: "CREATING".to_owned(), ..node_group(name) };
        aws.node_groups.insert((BLUE.to_owned(), name.to_owned()), group);
        aws.node_group_created(BLUE, name);
    }
    let nodes = AccessEntry {
        principal_arn: "arn:aws:iam::123456789012:role/nodes".to_owned(),
        entry_type: "EC2_LINUX".to_owned(),
        ..AccessEntry::default()
    };
    for entry in [people(), nodes] {
        aws.access_entries.insert((BLUE.to_owned(), entry.principal_arn.clone()), entry);
    }
    aws.pod_identities.insert((BLUE.to_owned(), identity().key()), identity());
    aws.log_groups.insert(logs().name, logs());
}

/// An add-on of blue's.
pub(super) fn add_on(aws: &mut Aws, name: &str) {
    let addon = addon(name);
    aws.addon_versions.insert((name.to_owned(), "1.34".to_owned()), vec![(addon.version.clone(), true)]);
    let status = AddonStatus {
        arn: arn("addon", &format!("{BLUE}/{name}/1")),
        status: "ACTIVE".to_owned(),
        created_at: aws.now(),
        issues: Vec::new(),
        association_arns: Vec::new(),
        addon,
    };
    aws.addons.insert((BLUE.to_owned(), name.to_owned()), status);
}

pub(super) fn found(aws: &Aws) -> Compute {
    let groups = |ids: [&str; 2]| ids.iter().filter_map(|&id| aws.security_groups.get(id).cloned()).collect();
    let reference = |rule: &Rule| Reference { group_id: "sg-nlb".to_owned(), rule: rule.clone() };
    let balancers = aws.security_groups.get("sg-nlb");
    Compute {
        blue: aws.clusters.get(BLUE).map(|found| found.cluster.clone()).unwrap_or_default(),
        green: Green {
            name: GREEN.to_owned(),
            version: "1.34".to_owned(),
            subnet_ids: blue().subnet_ids,
            authentication_mode: "API".to_owned(),
        },
        node_groups: ["general", "jobs"].map(node_group).into(),
        fargate_profiles: Vec::new(),
        launch_templates: vec![template()],
        addons: ["coredns", "kube-proxy", "vpc-cni"].map(addon).into(),
        access_entries: vec![people()],
        pod_identities: vec![identity()],
        identity_providers: Vec::new(),
        security_groups: groups(["sg-nodes", "sg-plane"]),
        cluster_group_tags: aws.security_groups.get(OWN_GROUP).map(|group| group.tags.clone()).unwrap_or_default(),
        cluster_group_rules: vec![ingress(30_080, "sg-nlb")],
        references: balancers.map(|group| group.rules.iter().map(reference).collect()).unwrap_or_default(),
        existing: None,
    }
}

/// Of what green gets, only what says what it is like: the rest of the plan says so of the others.
pub(super) fn creates() -> Vec<Planned> {
    vec![Planned::new(Kind::LogGroup, format!("/aws/eks/{GREEN}/cluster")).with(json!(logs()))]
}

pub(super) fn deletes(compute: &Compute) -> Vec<Planned> {
    let mut deletes = vec![
        Planned::existing(Kind::NodeGroup, "general", arn("nodegroup", "shop-blue/general/1")),
        Planned::existing(Kind::NodeGroup, "jobs", arn("nodegroup", "shop-blue/jobs/1")),
    ];
    for reference in &compute.references {
        let id = format!("{}/{}", reference.group_id, reference.rule);
        deletes.push(Planned::existing(Kind::SecurityGroupRule, &id, &id));
    }
    deletes.extend([
        Planned::existing(Kind::Cluster, BLUE, arn("cluster", BLUE)),
        Planned::existing(Kind::SecurityGroup, "cluster security group of shop-blue", OWN_GROUP),
        Planned::existing(Kind::SecurityGroup, "shop-sg-nodes", "sg-nodes"),
        Planned::existing(Kind::SecurityGroup, "shop-sg-plane", "sg-plane"),
        Planned::existing(Kind::LaunchTemplate, "shop-nodes", "lt-1"),
        Planned::existing(Kind::LogGroup, logs().name, logs().arn).with(json!(logs())),
    ]);
    deletes
}

fn blue() -> Cluster {
    Cluster {
        name: BLUE.to_owned(),
        arn: arn("cluster", BLUE),
        version: "1.33".to_owned(),
        role_arn: "arn:aws:iam::123456789012:role/cluster".to_owned(),
        vpc_id: VPC.to_owned(),
        subnet_ids: strings(["subnet-a", "subnet-b"]),
        security_group_ids: strings(["sg-plane"]),
        endpoint_public_access: true,
        public_access_cidrs: strings(["0.0.0.0/0"]),
        authentication_mode: "API".to_owned(),
        service_cidr: Some("172.20.0.0/16".to_owned()),
        ip_family: "ipv4".to_owned(),
        logging: strings(["api", "audit"]),
        deletion_protection: true,
        tags: [("team".to_owned(), "shop".to_owned())].into(),
        ..Cluster::default()
    }
}

fn logs() -> LogGroup {
    let name = format!("/aws/eks/{BLUE}/cluster");
    LogGroup {
        arn: format!("arn:aws:logs:eu-central-1:123456789012:log-group:{name}"),
        name,
        created_at: 1_735_689_600_000,
        retention_in_days: Some(90),
        kms_key_arn: Some("arn:aws:kms:eu-central-1:123456789012:key/logs".to_owned()),
        class: Some("STANDARD".to_owned()),
        tags: [("team".to_owned(), "shop".to_owned()), ("cluster".to_owned(), BLUE.to_owned())].into(),
        ..LogGroup::default()
    }
}

fn template() -> LaunchTemplate {
    LaunchTemplate {
        id: "lt-1".to_owned(),
        name: "shop-nodes".to_owned(),
        version: "3".to_owned(),
        data: LaunchTemplateData {
            instance_type: Some("m7g.large".to_owned()),
            security_group_ids: strings(["sg-nodes", OWN_GROUP]),
            ..LaunchTemplateData::default()
        },
        ..LaunchTemplate::default()
    }
}

pub(super) fn node_group(name: &str) -> NodeGroup {
    let subnets = strings(["subnet-a", "subnet-b"]);
    NodeGroup {
        name: name.to_owned(),
        arn: arn("nodegroup", &format!("{BLUE}/{name}/1")),
        role_arn: "arn:aws:iam::123456789012:role/nodes".to_owned(),
        version: "1.33".to_owned(),
        subnet_ids: subnets.clone(),
        green_subnet_ids: subnets,
        scaling: Scaling { min: 2, max: 6, desired: 3 },
        ami_type: "AL2023_ARM_64_STANDARD".to_owned(),
        capacity_type: "ON_DEMAND".to_owned(),
        launch_template: Some("lt-1@3".to_owned()),
        auto_scaling_groups: vec![format!("eks-{name}-{BLUE}")],
        status: "ACTIVE".to_owned(),
        ..NodeGroup::default()
    }
}

fn addon(name: &str) -> Addon {
    Addon { name: name.to_owned(), blue_version: "v1".to_owned(), version: "v1".to_owned(), ..Addon::default() }
}

fn people() -> AccessEntry {
    AccessEntry {
        principal_arn: "arn:aws:iam::123456789012:role/people".to_owned(),
        entry_type: "STANDARD".to_owned(),
        kubernetes_groups: strings(["viewers"]),
        policies: vec![AccessPolicy {
            arn: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy".to_owned(),
            namespaces: strings(["shop"]),
        }],
        ..AccessEntry::default()
    }
}

fn identity() -> PodIdentity {
    PodIdentity {
        association_id: "a-1".to_owned(),
        arn: arn("podidentityassociation", "shop-blue/a-1"),
        namespace: "shop".to_owned(),
        service_account: "checkout".to_owned(),
        role_arn: "arn:aws:iam::123456789012:role/checkout".to_owned(),
        ..PodIdentity::default()
    }
}
