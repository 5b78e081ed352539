//! The account of a shop before its migration.

use super::{Yard, eks};
use domain::{
    Migration,
    plan::{
        Planned,
        compute::{
            AccessEntry, AccessPolicy, Addon, Cluster, ClusterStatus, Compute, Direction, Green, LaunchTemplate,
            LaunchTemplateData, NodeGroup, Peer, PodIdentity, Reference, Rule, Scaling, SecurityGroup, Subnet,
        },
    },
    ports::{clusters::AddonStatus, log_groups::LogGroup},
};

const BLUE: &str = "shop-blue";
const VPC: &str = "vpc-1";

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

impl Yard {
    /// The cluster `shop-blue` with two node groups on one launch template, groups that name each other and the load balancer's,
    /// add-ons, people with access and a Pod Identity association.
    #[must_use]
    pub fn shop() -> Self {
        let yard = Self::new();
        let mut grounds = yard.grounds();
        grounds.versions = ["1.33", "1.34", "1.35"].map(str::to_owned).into();
        grounds.subnets = [("subnet-a", "eu-central-1a"), ("subnet-b", "eu-central-1b")]
            .map(|(id, zone)| Subnet {
                id: id.to_owned(),
                vpc_id: VPC.to_owned(),
                availability_zone: zone.to_owned(),
                free_addresses: 200,
            })
            .into();
        grounds.clusters.insert(
            BLUE.to_owned(),
            ClusterStatus {
                cluster: blue(),
                status: "CREATING".to_owned(),
                created_at: jiff::Timestamp::UNIX_EPOCH,
                issues: Vec::new(),
            },
        );
        eks::finish(&mut grounds, BLUE);
        let own = "sg-cluster-shop-blue";
        if let Some(group) = grounds.security_groups.get_mut(own) {
            group.rules.push(ingress(30080, "sg-nlb"));
        }
        let groups = [
            group("sg-nodes", vec![ingress(10250, "sg-plane"), ingress(30080, "sg-nlb"), ingress(53, own)]),
            group("sg-plane", vec![ingress(443, "sg-nodes")]),
            group(
                "sg-nlb",
                vec![
                    Rule { direction: Direction::Egress, ..ingress(30080, "sg-nodes") },
                    Rule { direction: Direction::Egress, ..ingress(30080, own) },
                ],
            ),
        ];
        grounds.security_groups.extend(groups.map(|group| (group.id.clone(), group)));
        grounds.launch_templates.insert("lt-1".to_owned(), template());
        for name in ["general", "jobs"] {
            grounds.node_groups.insert((BLUE.to_owned(), name.to_owned()), node_group(name));
        }
        for name in ["vpc-cni", "kube-proxy", "coredns"] {
            let addon = addon(name);
            grounds.addon_versions.insert((name.to_owned(), "1.34".to_owned()), vec![(addon.version.clone(), true)]);
            grounds.addons.insert(
                (BLUE.to_owned(), name.to_owned()),
                AddonStatus {
                    arn: format!("arn:aws:eks:eu-central-1:123456789012:addon/{BLUE}/{name}/1"),
                    status: "ACTIVE".to_owned(),
                    created_at: jiff::Timestamp::UNIX_EPOCH,
                    issues: Vec::new(),
                    association_arns: Vec::new(),
                    addon,
                },
            );
        }
        let nodes = AccessEntry {
            principal_arn: "arn:aws:iam::123456789012:role/nodes".to_owned(),
            entry_type: "EC2_LINUX".to_owned(),
            ..AccessEntry::default()
        };
        for entry in [people(), nodes] {
            grounds.access_entries.insert((BLUE.to_owned(), entry.principal_arn.clone()), entry);
        }
        grounds.pod_identities.insert((BLUE.to_owned(), identity().key()), identity());
        grounds.log_groups.insert(logs().name, logs());
        drop(grounds);
        yard
    }

    /// What preflight finds of the shop, with green as `shop-green` of version 1.34.
    #[must_use]
    pub fn compute(&self) -> Compute {
        let grounds = self.grounds();
        let groups = |ids: [&str; 2]| ids.iter().filter_map(|&id| grounds.security_groups.get(id).cloned()).collect();
        let reference = |rule: &Rule| Reference { group_id: "sg-nlb".to_owned(), rule: rule.clone() };
        let mut addons = ["coredns", "kube-proxy", "vpc-cni"].map(addon);
        for addon in &mut addons {
            addon.blue_version.clone_from(&addon.version);
        }
        Compute {
            blue: grounds.clusters.get(BLUE).map(|found| found.cluster.clone()).unwrap_or_default(),
            green: Green {
                name: "shop-green".to_owned(),
                version: "1.34".to_owned(),
                subnet_ids: blue().subnet_ids,
                authentication_mode: "API".to_owned(),
                bootstrap_self_managed_addons: false,
            },
            node_groups: ["general", "jobs"].map(node_group).into(),
            launch_templates: vec![template()],
            addons: addons.into(),
            access_entries: vec![people()],
            pod_identities: vec![identity()],
            security_groups: groups(["sg-nodes", "sg-plane"]),
            cluster_group_rules: vec![ingress(30080, "sg-nlb")],
            references: grounds
                .security_groups
                .get("sg-nlb")
                .map(|group| group.rules.iter().map(reference).collect())
                .unwrap_or_default(),
        }
    }

    /// A migration of the shop, with its plan.
    ///
    /// # Errors
    /// Every problem of the input; there is none.
    pub fn migration(&self) -> Result<Migration, Vec<domain::Problem>> {
        let input = serde_json::json!({
            "blue": { "cluster": BLUE },
            "green": { "cluster": "shop-green", "version": "1.34" },
            "gateway": { "restApiId": "a1b2c3", "stage": "prod" },
            "workloads": { "manifests": ["s3://bucket/shop.yaml"] },
        });
        let mut migration = super::super::migration(&input)?;
        migration.plan.compute = self.compute();
        Ok(migration)
    }

    /// A list of deletions, as people approved it.
    #[must_use]
    pub fn approved(list: &[(domain::Kind, &str, &str)]) -> Vec<Planned> {
        list.iter().map(|(kind, name, id)| Planned::existing(*kind, *name, *id)).collect()
    }
}

fn blue() -> Cluster {
    Cluster {
        name: BLUE.to_owned(),
        arn: "arn:aws:eks:eu-central-1:123456789012:cluster/shop-blue".to_owned(),
        version: "1.33".to_owned(),
        role_arn: "arn:aws:iam::123456789012:role/cluster".to_owned(),
        vpc_id: VPC.to_owned(),
        subnet_ids: ["subnet-a", "subnet-b"].map(str::to_owned).into(),
        security_group_ids: vec!["sg-plane".to_owned()],
        endpoint_public_access: true,
        public_access_cidrs: vec!["0.0.0.0/0".to_owned()],
        authentication_mode: "API".to_owned(),
        service_cidr: Some("172.20.0.0/16".to_owned()),
        ip_family: "ipv4".to_owned(),
        logging: ["api", "audit"].map(str::to_owned).into(),
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
            security_group_ids: ["sg-nodes", "sg-cluster-shop-blue"].map(str::to_owned).into(),
            ..LaunchTemplateData::default()
        },
        ..LaunchTemplate::default()
    }
}

fn node_group(name: &str) -> NodeGroup {
    let subnets: Vec<_> = ["subnet-a", "subnet-b"].map(str::to_owned).into();
    NodeGroup {
        name: name.to_owned(),
        arn: format!("arn:aws:eks:eu-central-1:123456789012:nodegroup/{BLUE}/{name}/1"),
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
        kubernetes_groups: vec!["viewers".to_owned()],
        policies: vec![AccessPolicy {
            arn: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy".to_owned(),
            namespaces: vec!["shop".to_owned()],
        }],
        ..AccessEntry::default()
    }
}

fn identity() -> PodIdentity {
    PodIdentity {
        association_id: "a-1".to_owned(),
        arn: "arn:aws:eks:eu-central-1:123456789012:podidentityassociation/shop-blue/a-1".to_owned(),
        namespace: "shop".to_owned(),
        service_account: "checkout".to_owned(),
        role_arn: "arn:aws:iam::123456789012:role/checkout".to_owned(),
        ..PodIdentity::default()
    }
}
