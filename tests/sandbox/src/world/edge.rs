//! From the public API to the nodes of a cluster: the Network Load Balancer of its name and the V1 VPC link to it.

use http::Method;
use serde_json::json;

use crate::aws::Aws;
use crate::error::{Context, Error, Result};
use crate::world::network::Network;
use crate::world::{NODE_PORTS, eventually};

const ELB: &str = "elasticloadbalancing";
const ELB_VERSION: &str = "2015-12-01";

/// The load balancer and its targets.
#[derive(Clone, Debug)]
pub struct LoadBalancer {
    /// The load balancer's ARN.
    pub arn: String,
    /// The target groups, in the order of the listeners on 80 and 443.
    pub target_groups: Vec<String>,
}

/// Makes the load balancer, two target groups on the node ports and their listeners.
///
/// # Errors
/// The first refusal of Elastic Load Balancing.
pub async fn build(aws: &Aws, name: &str, network: &Network) -> Result<LoadBalancer> {
    let arn = load_balancer(aws, name, network).await?;
    let cross_zone = [
        ("LoadBalancerArn", arn.as_str()),
        ("Attributes.member.1.Key", "load_balancing.cross_zone.enabled"),
        ("Attributes.member.1.Value", "true"),
    ];
    elb(aws, "ModifyLoadBalancerAttributes", &cross_zone).await?;
    let mut target_groups = Vec::new();
    for ((scheme, port), node_port) in [("http", "80"), ("https", "443")].into_iter().zip(NODE_PORTS) {
        let group = target_group(aws, network, &format!("{name}-{scheme}"), node_port, "instance").await?;
        let attributes = [
            ("TargetGroupArn", group.as_str()),
            ("Attributes.member.1.Key", "preserve_client_ip.enabled"),
            ("Attributes.member.1.Value", "false"),
        ];
        elb(aws, "ModifyTargetGroupAttributes", &attributes).await?;
        listener(aws, &arn, port, &group).await?;
        target_groups.push(group);
    }
    active(aws, &arn).await?;
    Ok(LoadBalancer { arn, target_groups })
}

/// Makes an internal Network Load Balancer in the network's subnets, and answers its ARN.
pub(crate) async fn load_balancer(aws: &Aws, name: &str, network: &Network) -> Result<String> {
    let mut parameters = vec![("Name", name), ("Type", "network"), ("Scheme", "internal"), ("IpAddressType", "ipv4")];
    let names: Vec<String> = (1..=network.subnets.len()).map(|number| format!("Subnets.member.{number}")).collect();
    parameters.extend(names.iter().map(String::as_str).zip(network.subnets.iter().map(String::as_str)));
    parameters.extend([("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "shop")]);
    elb(aws, "CreateLoadBalancer", &parameters).await?.value("LoadBalancerArn").context("LoadBalancerArn")
}

/// Has the load balancer forward what comes to this port to a target group.
pub(crate) async fn listener(aws: &Aws, balancer: &str, port: &str, group: &str) -> Result<()> {
    let listener = [
        ("LoadBalancerArn", balancer),
        ("Protocol", "TCP"),
        ("Port", port),
        ("DefaultActions.member.1.Type", "forward"),
        ("DefaultActions.member.1.TargetGroupArn", group),
    ];
    elb(aws, "CreateListener", &listener).await.map(drop)
}

/// Waits until the load balancer is active.
pub(crate) async fn active(aws: &Aws, balancer: &str) -> Result<()> {
    eventually("the load balancer", async || {
        let answer = elb(aws, "DescribeLoadBalancers", &[("LoadBalancerArns.member.1", balancer)]).await?;
        let state = answer.find("State").and_then(|state| state.value("Code")).unwrap_or_default();
        Ok((state == "active").then_some(()))
    })
    .await
}

/// Makes a target group of targets of this type, and answers its ARN.
pub(crate) async fn target_group(
    aws: &Aws,
    network: &Network,
    name: &str,
    port: u16,
    target_type: &str,
) -> Result<String> {
    let port = port.to_string();
    let parameters = [
        ("Name", name),
        ("Protocol", "TCP"),
        ("Port", &port),
        ("VpcId", &network.vpc),
        ("TargetType", target_type),
        ("HealthCheckProtocol", "TCP"),
        ("HealthCheckPort", "traffic-port"),
        ("HealthCheckIntervalSeconds", "10"),
        ("HealthyThresholdCount", "2"),
        ("UnhealthyThresholdCount", "2"),
    ];
    elb(aws, "CreateTargetGroup", &parameters).await?.value("TargetGroupArn").context("TargetGroupArn")
}

/// Attaches the Auto Scaling groups, which register their instances as targets.
///
/// # Errors
/// The first refusal of Auto Scaling.
pub async fn attach(aws: &Aws, balancer: &LoadBalancer, groups: &[String]) -> Result<()> {
    for group in groups {
        let mut parameters = vec![("AutoScalingGroupName".to_owned(), group.as_str())];
        for (number, arn) in balancer.target_groups.iter().enumerate() {
            parameters.push((format!("TargetGroupARNs.member.{}", number + 1), arn));
        }
        let parameters: Vec<(&str, &str)> = parameters.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        aws.query("autoscaling", "2011-01-01", "AttachLoadBalancerTargetGroups", &parameters).await?;
    }
    Ok(())
}

/// Waits until every target group has a healthy target.
///
/// # Errors
/// The first refusal, or that it took more than two minutes.
pub async fn healthy(aws: &Aws, balancer: &LoadBalancer) -> Result<()> {
    for group in &balancer.target_groups {
        eventually("a healthy target", async || {
            let answer = elb(aws, "DescribeTargetHealth", &[("TargetGroupArn", group)]).await?;
            let mut states = answer.list("TargetHealthDescriptions").iter().filter_map(|target| target.value("State"));
            Ok(states.any(|state| state == "healthy").then_some(()))
        })
        .await?;
    }
    Ok(())
}

/// Makes the V1 VPC link and waits until it is AVAILABLE.
///
/// # Errors
/// The first refusal of API Gateway, or the link's failure.
pub async fn link(aws: &Aws, name: &str, balancer: &LoadBalancer) -> Result<String> {
    let body = json!({"name": name, "targetArns": [balancer.arn]});
    let answer = aws.rest("apigateway", Method::POST, "/vpclinks", Some(&body)).await?;
    let id = answer["id"].as_str().context("the link's id")?.to_owned();
    eventually("the VPC link", async || {
        let answer = aws.rest("apigateway", Method::GET, &format!("/vpclinks/{id}"), None).await?;
        match answer["status"].as_str() {
            Some("AVAILABLE") => Ok(Some(())),
            Some("PENDING") => Ok(None),
            _ => Err(Error::new(format!("the VPC link is {answer}"))),
        }
    })
    .await?;
    Ok(id)
}

pub(crate) async fn elb(aws: &Aws, action: &str, parameters: &[(&str, &str)]) -> Result<crate::xml::Element> {
    aws.query(ELB, ELB_VERSION, action, parameters).await
}
