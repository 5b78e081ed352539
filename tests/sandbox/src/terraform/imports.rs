//! What each of the shop's projects manages of the account, with the id by which the provider imports it: the section "Import" of each
//! resource in <https://registry.terraform.io/providers/hashicorp/aws/5.100.0/docs>.

use http::Method;
use serde_json::Value;

use crate::aws::Aws;
use crate::error::{Context, Result};
use crate::snapshot::items;
use crate::world::ec2;
use crate::world::edge::elb;
use crate::world::gateway::STAGE;
use crate::xml::Element;

/// An address of the code and an import id.
pub(super) type Import = (String, String);

/// The keys of the module `nodes` in terraform/cluster/main.tf.
const NODE_GROUPS: [&str; 2] = ["general", "ingress"];

/// Of the project `network`.
pub(super) async fn network(aws: &Aws) -> Result<Vec<Import>> {
    let mut all = vec![("aws_vpc.shop".to_owned(), named(aws, "DescribeVpcs", "vpcSet", "vpcId", "shop").await?)];
    for zone in ["a", "b", "c"] {
        let name = format!("shop-private-{}{zone}", crate::aws::REGION);
        let subnet = named(aws, "DescribeSubnets", "subnetSet", "subnetId", &name).await?;
        let table = named(aws, "DescribeRouteTables", "routeTableSet", "routeTableId", &name).await?;
        let association = format!("{subnet}/{table}");
        for (kind, id) in
            [("aws_subnet", subnet), ("aws_route_table", table), ("aws_route_table_association", association)]
        {
            all.push((format!("{kind}.private[\"{zone}\"]"), id));
        }
    }
    Ok(all)
}

/// Of the project `cluster`, for the cluster of this name, which names everything that is made for it.
pub(super) async fn cluster(aws: &Aws, cluster: &str) -> Result<Vec<Import>> {
    let balancer = elb(aws, "DescribeLoadBalancers", &[("Names.member.1", cluster)]).await?;
    cluster_with(aws, cluster, cluster, balancer.value("LoadBalancerArn").context("the load balancer")?).await
}

/// The same for a cluster whose security groups have the tag `Name` as those of the cluster `like`, with the load balancer before it.
pub(super) async fn cluster_with(aws: &Aws, cluster: &str, like: &str, balancer_arn: String) -> Result<Vec<Import>> {
    let operator = format!("arn:aws:iam::{}:role/shop-operator", crate::aws::ACCOUNT);
    let group = async |what: &str| {
        let name = format!("{like}-{what}");
        named(aws, "DescribeSecurityGroups", "securityGroupInfo", "groupId", &name).await
    };
    let (plane, nodes) = (group("control-plane").await?, group("nodes").await?);
    let mut all: Vec<(&str, String)> = vec![
        ("aws_security_group.control_plane", plane.clone()),
        ("aws_security_group.nodes", nodes.clone()),
        ("aws_security_group_rule.nodes_from_nodes", format!("{nodes}_ingress_all_0_0_self")),
        ("aws_security_group_rule.nodes_from_control_plane", format!("{nodes}_ingress_tcp_1025_65535_{plane}")),
        ("aws_security_group_rule.control_plane_from_nodes", format!("{plane}_ingress_tcp_443_443_{nodes}")),
        ("aws_eks_cluster.shop", cluster.to_owned()),
        ("aws_eks_access_entry.operator", format!("{cluster}:{operator}")),
        (
            "aws_eks_access_policy_association.operator",
            format!("{cluster}#{operator}#arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"),
        ),
    ];
    for (name, addon) in [
        ("aws_eks_addon.vpc_cni", "vpc-cni"),
        ("aws_eks_addon.kube_proxy", "kube-proxy"),
        ("aws_eks_addon.coredns", "coredns"),
        ("aws_eks_addon.pod_identity", "eks-pod-identity-agent"),
    ] {
        all.push((name, format!("{cluster}:{addon}")));
    }
    let mut all: Vec<Import> = all.into_iter().map(|(address, id)| (address.to_owned(), id)).collect();
    for (key, port) in [("http", "30080"), ("https", "30443")] {
        let rule = format!("aws_vpc_security_group_ingress_rule.web[{key:?}]");
        all.push((rule, rule_into(aws, &nodes, port).await?));
    }
    for name in NODE_GROUPS {
        let found = aws.rest("eks", Method::GET, &format!("/clusters/{cluster}/node-groups/{name}"), None).await?;
        let template = found["nodegroup"]["launchTemplate"]["id"].as_str().context("a launch template")?;
        let module = format!("module.nodes[{name:?}]");
        all.push((format!("{module}.aws_launch_template.this"), template.to_owned()));
        all.push((format!("{module}.aws_eks_node_group.this"), format!("{cluster}:{name}")));
    }
    all.extend(balancer(aws, balancer_arn).await?);
    Ok(all)
}

/// The id of the rule that lets something into this port of a group.
async fn rule_into(aws: &Aws, group: &str, port: &str) -> Result<String> {
    let filter = [("Filter.1.Name", "group-id"), ("Filter.1.Value.1", group)];
    let found = ec2(aws, "DescribeSecurityGroupRules", &filter).await?;
    let is_it = |rule: &&Element| {
        let value = |name: &str| rule.value(name).unwrap_or_default();
        value("isEgress") == "false" && value("fromPort") == port && value("toPort") == port
    };
    let rule = found.list("securityGroupRuleSet").iter().find(is_it).and_then(|rule| rule.value("securityGroupRuleId"));
    rule.context(format!("a rule of {group} for the port {port}"))
}

async fn balancer(aws: &Aws, arn: String) -> Result<Vec<Import>> {
    let listeners = elb(aws, "DescribeListeners", &[("LoadBalancerArn", &arn)]).await?;
    let mut all = Vec::new();
    for (scheme, port) in [("http", "80"), ("https", "443")] {
        let listener = listeners.list("Listeners").iter().find(|one| one.value("Port").as_deref() == Some(port));
        let value = |name: &str| listener.and_then(|one| one.value(name)).context(format!("{name} of a listener"));
        all.push((format!("aws_lb_target_group.{scheme}"), value("TargetGroupArn")?));
        all.push((format!("aws_lb_listener.{scheme}"), value("ListenerArn")?));
    }
    all.push(("aws_lb.shop".to_owned(), arn));
    Ok(all)
}

/// Of the project `gateway`: the API's methods of the first level, and what is around them; of links an address and a name each.
pub(super) async fn gateway(aws: &Aws, api: &str, links_of: &[(&str, &str)]) -> Result<Vec<Import>> {
    let get = async |path: &str| aws.rest("apigateway", Method::GET, path, None).await;
    let stage = get(&format!("/restapis/{api}/stages/{STAGE}")).await?;
    let mut all = vec![
        ("aws_api_gateway_rest_api.shop".to_owned(), api.to_owned()),
        ("aws_api_gateway_stage.prod".to_owned(), format!("{api}/{STAGE}")),
        ("aws_api_gateway_deployment.shop".to_owned(), format!("{api}/{}", text(&stage, "deploymentId"))),
    ];
    let resources = get(&format!("/restapis/{api}/resources?limit=500")).await?;
    for resource in items(&resources) {
        let (path, id) = (text(&resource, "path"), text(&resource, "id"));
        let Some(path) = PATHS.into_iter().find(|known| path == format!("/{known}")) else { continue };
        all.push((format!("aws_api_gateway_resource.route[{path:?}]"), format!("{api}/{id}")));
        for verb in resource["resourceMethods"].as_object().into_iter().flatten().map(|(verb, _)| verb) {
            for kind in ["aws_api_gateway_method", "aws_api_gateway_integration"] {
                all.push((format!("{kind}.route[\"{verb} {path}\"]"), format!("{api}/{id}/{verb}")));
            }
        }
    }
    let links = items(&get("/vpclinks").await?);
    for (address, name) in links_of {
        let link = links.iter().find(|link| link["name"] == *name).context(format!("the VPC link {name}"))?;
        all.push(((*address).to_owned(), text(link, "id")));
    }
    let plan = items(&get("/usageplans").await?).first().map(|plan| text(plan, "id")).context("the usage plan")?;
    for key in items(&get("/apikeys").await?) {
        let (name, id) = (text(&key, "name"), text(&key, "id"));
        all.push((format!("aws_api_gateway_api_key.shop[{name:?}]"), id.clone()));
        all.push((format!("aws_api_gateway_usage_plan_key.shop[{name:?}]"), format!("{plan}/{id}")));
    }
    all.push(("aws_api_gateway_usage_plan.shop".to_owned(), plan));
    Ok(all)
}

/// The paths of `local.methods` in terraform/gateway/main.tf.
const PATHS: [&str; 7] = ["account", "cart", "checkout", "orders", "products", "search", "recommendations"];

/// `import` blocks.
pub(super) fn written(imports: &[Import]) -> String {
    let blocks: Vec<String> =
        imports.iter().map(|(to, id)| format!("import {{\n  to = {to}\n  id = {id:?}\n}}\n\n")).collect();
    blocks.concat()
}

/// The id of what has this name in the tag `Name`.
async fn named(aws: &Aws, action: &str, set: &str, id: &str, name: &str) -> Result<String> {
    let found = ec2(aws, action, &[("Filter.1.Name", "tag:Name"), ("Filter.1.Value.1", name)]).await?;
    let mut found = found.list(set).iter().filter_map(|one: &Element| one.value(id));
    found.next().context(format!("{name} of {action}"))
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().to_owned()
}
