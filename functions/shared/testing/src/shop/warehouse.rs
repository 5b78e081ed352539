//! What is beside the shop's cluster: some methods of its API go through a VPC link of their own to another cluster, which nobody replaces.

use super::edge::method;
use super::front::change_methods;
use crate::account::Aws;
use domain::manifest::Object;
use domain::plan::edge::{Connection, Integration, Listener, LoadBalancer, TargetGroup, VpcLink};
use domain::ports::gateway::Method;
use domain::ports::scaling::AutoScalingGroup;
use serde_json::json;

/// The other cluster.
pub const WAREHOUSE: &str = "warehouse";
/// The path of the methods that go there.
pub const PATH: &str = "/stock";
/// The VPC link that they go through.
pub const LINK: &str = "stock1";
/// The target group behind it.
pub const GROUP: &str = "arn:group-stock";
const BALANCER: &str = "arn:balancer-stock";
const VPC: &str = "vpc-1";
const HOST: &str = "stock.example.com";

fn through_the_link(verb: &str) -> Method {
    let plain = method(verb, PATH);
    let integration = plain.integration.map(|integration| Integration {
        connection: Connection::VpcLink(LINK.to_owned()),
        uri: format!("http://{HOST}{PATH}"),
        ..integration
    });
    Method { integration, ..plain }
}

pub(super) fn put(aws: &mut Aws) {
    change_methods(aws, |methods| methods.extend([through_the_link("GET"), through_the_link("PUT")]));
    let link = VpcLink {
        id: LINK.to_owned(),
        name: "stock".to_owned(),
        target_arns: vec![BALANCER.to_owned()],
        status: "AVAILABLE".to_owned(),
        ..VpcLink::default()
    };
    let balancer = LoadBalancer {
        arn: BALANCER.to_owned(),
        name: "stock".to_owned(),
        kind: "network".to_owned(),
        scheme: "internal".to_owned(),
        vpc_id: VPC.to_owned(),
        state: "active".to_owned(),
        ..LoadBalancer::default()
    };
    let listener = Listener {
        arn: "arn:listener-stock".to_owned(),
        port: 80,
        protocol: "TCP".to_owned(),
        target_group_arns: vec![GROUP.to_owned()],
        ..Listener::default()
    };
    let group = TargetGroup {
        arn: GROUP.to_owned(),
        name: "stock".to_owned(),
        vpc_id: VPC.to_owned(),
        target_type: "instance".to_owned(),
        ..TargetGroup::default()
    };
    let scaling = AutoScalingGroup {
        name: "eks-all-warehouse".to_owned(),
        cluster: WAREHOUSE.to_owned(),
        target_group_arns: vec![GROUP.to_owned()],
        instance_ids: vec!["i-warehouse".to_owned()],
        ..AutoScalingGroup::default()
    };
    aws.links.insert(LINK.to_owned(), link);
    aws.balancers.insert(BALANCER.to_owned(), balancer);
    aws.listeners.insert(BALANCER.to_owned(), vec![listener]);
    aws.target_groups.insert(GROUP.to_owned(), group);
    aws.health.insert(GROUP.to_owned(), "healthy".to_owned());
    aws.scaling.insert(scaling.name.clone(), scaling);
    let route = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": { "name": "stock", "namespace": "stock" },
        "spec": { "rules": [{ "host": HOST }] },
    });
    let objects = aws.objects.entry(WAREHOUSE.to_owned()).or_default();
    objects.extend(Object::new(0, 0, route).map(|object| (object.id, object.value)));
}
