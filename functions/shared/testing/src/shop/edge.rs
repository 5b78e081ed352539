//! API, VPC link and load balancer.

use super::API;
use crate::account::Aws;
use domain::Kind;
use domain::plan::Planned;
use domain::plan::edge::{
    Api, Attached, Connection, Edge, HealthCheck, Integration, Listener, LoadBalancer, Quota, Stage, TargetGroup,
    Throttle, UsagePlan, VpcLink,
};
use domain::ports::gateway::{Deployment, Method};
use std::collections::BTreeMap;

const LINK: &str = "blue1";
const BALANCER: &str = "arn:balancer-blue";
const GROUP: &str = "arn:group-blue";

fn map(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
    entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

pub(super) fn method(verb: &str, path: &str) -> Method {
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

pub(super) fn put(aws: &mut Aws) {
    let edge = found();
    let b = edge.stage.deployment_id.clone();
    let deployment = Deployment { id: b.clone(), ..Deployment::default() };
    let prod = (API.to_owned(), edge.stage.name.clone());
    aws.apis.insert(API.to_owned(), edge.api);
    aws.methods.insert(API.to_owned(), methods());
    aws.deployments.insert((API.to_owned(), b), (deployment, methods()));
    aws.stages.insert(prod.clone(), edge.stage);
    aws.traffic.insert(prod);
    aws.links.insert(LINK.to_owned(), edge.vpc_link);
    aws.listeners.insert(edge.load_balancer.arn.clone(), edge.listeners);
    aws.balancers.insert(edge.load_balancer.arn.clone(), edge.load_balancer);
    aws.plans.extend(edge.usage_plans.into_iter().map(|plan| (plan.id.clone(), plan)));
    for group in edge.target_groups {
        for attached in &group.attached {
            if let Some(scaling) = aws.scaling.get_mut(&attached.auto_scaling_group) {
                scaling.target_group_arns.push(group.arn.clone());
            }
        }
        aws.target_groups.insert(group.arn.clone(), TargetGroup { attached: Vec::new(), ..group });
    }
}

pub(super) fn deletes() -> Vec<Planned> {
    vec![
        Planned::existing(Kind::VpcLink, "shop-blue", LINK),
        Planned::existing(Kind::LoadBalancer, "shop-blue", BALANCER),
        Planned::existing(Kind::TargetGroup, "shop-blue-http", GROUP),
    ]
}

pub(super) fn found() -> Edge {
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
            client_certificate_id: Some("certificate-1".to_owned()),
            ..Stage::default()
        },
        integrations: methods().iter().filter_map(Method::linked).collect(),
        vpc_endpoint: None,
        functions: Vec::new(),
        vpc_link: VpcLink {
            id: LINK.to_owned(),
            name: "shop-blue".to_owned(),
            target_arns: vec![BALANCER.to_owned()],
            status: "AVAILABLE".to_owned(),
            ..VpcLink::default()
        },
        load_balancer: load_balancer(),
        service: None,
        target_groups: vec![target_group()],
        listeners: vec![Listener {
            arn: "arn:listener-blue".to_owned(),
            port: 80,
            protocol: "TCP".to_owned(),
            target_group_arns: vec![GROUP.to_owned()],
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
        longest_timeout_millis: 29_000,
        others: Vec::new(),
        existing: None,
    }
}

fn load_balancer() -> LoadBalancer {
    LoadBalancer {
        arn: BALANCER.to_owned(),
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
    }
}

fn target_group() -> TargetGroup {
    TargetGroup {
        arn: GROUP.to_owned(),
        name: "shop-blue-http".to_owned(),
        protocol: "TCP".to_owned(),
        port: 30_080,
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
                auto_scaling_group: format!("eks-{node_group}-shop-blue"),
                node_group: node_group.to_owned(),
            })
            .into(),
        tags: map(&[]),
    }
}
