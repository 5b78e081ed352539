//! The shop's edge before a migration.

use super::Gate;
use crate::migration;
use domain::plan::Planned;
use domain::plan::edge::{
    Api, Attached, Connection, Edge, HealthCheck, Integration, Listener, LoadBalancer, Quota, Stage, TargetGroup,
    Throttle, UsagePlan, VpcLink,
};
use domain::ports::gateway::{Deployment, Method};
use domain::ports::scaling::AutoScalingGroup;
use domain::{Kind, Migration, Problem};
use serde_json::json;
use std::collections::BTreeMap;

const API: &str = "shop1";
const LINK: &str = "blue1";

fn method(verb: &str, path: &str) -> Method {
    Method {
        resource_id: format!("r{path}"),
        path: path.to_owned(),
        method: verb.to_owned(),
        api_key_required: true,
        authorization: "NONE".to_owned(),
        integration: Some(Integration {
            kind: "HTTP_PROXY".to_owned(),
            http_method: verb.to_owned(),
            uri: format!("http://shop.example.com{path}"),
            connection: Connection::VpcLink(LINK.to_owned()),
            timeout_millis: 29_000,
            ..Integration::default()
        }),
    }
}

fn methods() -> Vec<Method> {
    let mock = Integration { kind: "MOCK".to_owned(), ..Integration::default() };
    vec![
        method("ANY", "/admin"),
        method("GET", "/cart"),
        Method { integration: Some(mock), ..method("OPTIONS", "/cart") },
        method("POST", "/cart"),
        method("GET", "/product/{id}"),
    ]
}

fn map(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
    entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

impl Gate {
    /// The shop: an API of four methods through a link to a load balancer with one target group, to which two node groups of
    /// `shop-blue` are attached; `shop-green` has nodes too.
    #[must_use]
    pub fn shop() -> Self {
        let gate = Self::new();
        let edge = edge();
        {
            let mut road = gate.road();
            let b = edge.stage.deployment_id.clone();
            let deployment = Deployment { id: b.clone(), ..Deployment::default() };
            road.apis.insert(API.to_owned(), edge.api);
            road.methods.insert(API.to_owned(), methods());
            road.deployments.insert((API.to_owned(), b), (deployment, methods()));
            road.stages.insert((API.to_owned(), edge.stage.name.clone()), edge.stage);
            road.links.insert(LINK.to_owned(), edge.vpc_link);
            road.listeners.insert(edge.load_balancer.arn.clone(), edge.listeners);
            road.flows.insert(edge.load_balancer.arn.clone(), 0.0);
            road.balancers.insert(edge.load_balancer.arn.clone(), edge.load_balancer);
            for plan in edge.usage_plans {
                road.plans.insert(plan.id.clone(), plan);
            }
            for group in edge.target_groups {
                road.groups.insert(group.arn.clone(), group);
            }
            for (cluster, arns) in [("shop-blue", vec!["arn:group-blue".to_owned()]), ("shop-green", Vec::new())] {
                for node_group in ["general", "jobs"] {
                    let name = format!("eks-{cluster}-{node_group}");
                    let group = AutoScalingGroup {
                        name: name.clone(),
                        cluster: cluster.to_owned(),
                        node_group: node_group.to_owned(),
                        target_group_arns: arns.clone(),
                        instance_ids: vec![format!("i-{cluster}-{node_group}")],
                    };
                    road.scaling.insert(name, group);
                }
            }
        }
        gate
    }

    /// A migration of the shop with these steps of the switch.
    ///
    /// # Errors
    /// Every problem of the input.
    pub fn migration(steps: &[u8]) -> Result<Migration, Vec<Problem>> {
        let input = json!({
            "blue": { "cluster": "shop-blue" },
            "green": { "cluster": "shop-green" },
            "gateway": { "restApiId": API, "stage": "prod" },
            "workloads": {
                "manifests": ["s3://bucket/shop.yaml"],
                "hosts": [{ "primary": "shop.example.com", "temporary": "green.example.com" }],
            },
            "cutover": { "steps": steps },
        });
        let mut migration = migration(&input)?;
        "eu-central-1".clone_into(&mut migration.plan.region);
        migration.plan.edge = edge();
        let delete = |kind: Kind, id: &str| Planned::existing(kind, id, id);
        migration.plan.deletes = vec![
            delete(Kind::VpcLink, LINK),
            delete(Kind::LoadBalancer, "arn:balancer-blue"),
            delete(Kind::TargetGroup, "arn:group-blue"),
        ];
        Ok(migration)
    }
}

fn edge() -> Edge {
    Edge {
        api: Api {
            id: API.to_owned(),
            name: "shop".to_owned(),
            endpoint_type: "REGIONAL".to_owned(),
            api_key_source: "HEADER".to_owned(),
            minimum_compression_size: Some(1024),
            binary_media_types: vec!["image/png".to_owned()],
            tags: map(&[("team", "shop")]),
            ..Api::default()
        },
        stage: Stage {
            name: "prod".to_owned(),
            deployment_id: "deployment-b".to_owned(),
            variables: map(&[("tier", "gold")]),
            ..Stage::default()
        },
        integrations: methods().iter().filter_map(Method::linked).collect(),
        vpc_link: VpcLink {
            id: LINK.to_owned(),
            name: "shop-blue".to_owned(),
            target_arns: vec!["arn:balancer-blue".to_owned()],
            status: "AVAILABLE".to_owned(),
            ..VpcLink::default()
        },
        load_balancer: LoadBalancer {
            arn: "arn:balancer-blue".to_owned(),
            name: "shop-blue".to_owned(),
            kind: "network".to_owned(),
            scheme: "internal".to_owned(),
            ip_address_type: "ipv4".to_owned(),
            vpc_id: "vpc-1".to_owned(),
            subnet_ids: vec!["subnet-a".to_owned(), "subnet-b".to_owned()],
            security_group_ids: vec!["sg-nlb".to_owned()],
            private_link_enforcement: Some("off".to_owned()),
            state: "active".to_owned(),
            attributes: map(&[("load_balancing.cross_zone.enabled", "true"), ("deletion_protection.enabled", "true")]),
            ..LoadBalancer::default()
        },
        target_groups: vec![TargetGroup {
            arn: "arn:group-blue".to_owned(),
            name: "shop-blue-http".to_owned(),
            protocol: "TCP".to_owned(),
            port: 30080,
            vpc_id: "vpc-1".to_owned(),
            target_type: "instance".to_owned(),
            ip_address_type: "ipv4".to_owned(),
            health_check: HealthCheck {
                protocol: "TCP".to_owned(),
                port: "traffic-port".to_owned(),
                ..HealthCheck::default()
            },
            attributes: map(&[("preserve_client_ip.enabled", "false")]),
            attached: ["general", "jobs"]
                .map(|node_group| Attached {
                    auto_scaling_group: format!("eks-shop-blue-{node_group}"),
                    node_group: node_group.to_owned(),
                })
                .into(),
            tags: map(&[]),
        }],
        listeners: vec![Listener {
            arn: "arn:listener-blue".to_owned(),
            port: 80,
            protocol: "TCP".to_owned(),
            target_group_arns: vec!["arn:group-blue".to_owned()],
            attributes: map(&[("tcp.idle_timeout.seconds", "350")]),
            ..Listener::default()
        }],
        usage_plans: vec![UsagePlan {
            id: "gold".to_owned(),
            name: "gold".to_owned(),
            stages: vec![(API.to_owned(), "prod".to_owned())],
            throttle: Some(Throttle { rate: 100.0, burst: 200 }),
            quota: Some(Quota { limit: 1000, offset: 0, period: "DAY".to_owned() }),
            key_ids: vec!["key1".to_owned(), "key2".to_owned()],
            tags: map(&[]),
        }],
        base_paths: Vec::new(),
        longest_timeout_millis: 29_000,
    }
}
