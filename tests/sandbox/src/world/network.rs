//! The shared network: a VPC with three subnets in three zones, its route tables, and the nodes' security group.

use crate::aws::{Aws, REGION};
use crate::error::{Context, Result};
use crate::world::{BLUE, NODE_PORTS, ec2};

/// The VPC's range.
const RANGE: &str = "10.64.0.0/16";

/// What the cluster and the load balancer are put into.
#[derive(Clone, Debug)]
pub struct Network {
    /// The VPC.
    pub vpc: String,
    /// One subnet in each zone.
    pub subnets: Vec<String>,
    /// The security group of the nodes, named in their launch templates.
    pub nodes: String,
    /// The additional security group of the control plane.
    pub control_plane: String,
}

/// Makes the network.
///
/// # Errors
/// The first refusal of EC2.
pub async fn build(aws: &Aws) -> Result<Network> {
    let vpc = create(aws, "CreateVpc", "vpcId", &[("CidrBlock", RANGE)], "vpc", "shop").await?;
    for attribute in ["EnableDnsSupport.Value", "EnableDnsHostnames.Value"] {
        ec2(aws, "ModifyVpcAttribute", &[("VpcId", &vpc), (attribute, "true")]).await?;
    }
    let mut subnets = Vec::new();
    for (number, zone) in ["a", "b", "c"].iter().enumerate() {
        let range = format!("10.64.{}.0/20", number * 16);
        let zone = format!("{REGION}{zone}");
        let parameters = [("VpcId", vpc.as_str()), ("CidrBlock", &range), ("AvailabilityZone", &zone)];
        let subnet =
            create(aws, "CreateSubnet", "subnetId", &parameters, "subnet", &format!("shop-private-{zone}")).await?;
        let table = create(
            aws,
            "CreateRouteTable",
            "routeTableId",
            &[("VpcId", &vpc)],
            "route-table",
            &format!("shop-private-{zone}"),
        )
        .await?;
        ec2(aws, "AssociateRouteTable", &[("RouteTableId", &table), ("SubnetId", &subnet)]).await?;
        tag(aws, &subnet, &[("kubernetes.io/role/internal-elb", "1")]).await?;
        subnets.push(subnet);
    }
    of_cluster(aws, BLUE, vpc, subnets).await
}

/// The network for another cluster: the same subnets, with security groups of its own like blue's.
///
/// # Errors
/// The first refusal of EC2.
pub async fn like(aws: &Aws, cluster: &str, network: &Network) -> Result<Network> {
    of_cluster(aws, cluster, network.vpc.clone(), network.subnets.clone()).await
}

/// Gives blue's nodes' group the tag by which Karpenter finds it
/// (<https://karpenter.sh/docs/getting-started/getting-started-with-karpenter/>).
///
/// # Errors
/// The first refusal of EC2.
pub async fn discovered(aws: &Aws, network: &Network) -> Result<()> {
    tag(aws, &network.nodes, &[("karpenter.sh/discovery", BLUE)]).await
}

/// Takes away the nodes' security group, where the nodes have the cluster's.
///
/// # Errors
/// The first refusal of EC2.
pub async fn without_nodes(aws: &Aws, network: &Network) -> Result<()> {
    let rule = [
        ("GroupId", network.control_plane.as_str()),
        ("IpPermissions.1.IpProtocol", "tcp"),
        ("IpPermissions.1.FromPort", "443"),
        ("IpPermissions.1.ToPort", "443"),
        ("IpPermissions.1.Groups.1.GroupId", network.nodes.as_str()),
    ];
    ec2(aws, "RevokeSecurityGroupIngress", &rule).await?;
    ec2(aws, "DeleteSecurityGroup", &[("GroupId", &network.nodes)]).await.map(drop)
}

async fn of_cluster(aws: &Aws, cluster: &str, vpc: String, subnets: Vec<String>) -> Result<Network> {
    let control_plane =
        group(aws, &vpc, &format!("{cluster}-control-plane"), &format!("Control plane of {cluster}")).await?;
    let nodes = group(aws, &vpc, &format!("{cluster}-nodes"), &format!("Nodes of {cluster}")).await?;
    for port in NODE_PORTS {
        let port = port.to_string();
        let rule = [
            ("GroupId", nodes.as_str()),
            ("IpPermissions.1.IpProtocol", "tcp"),
            ("IpPermissions.1.FromPort", &port),
            ("IpPermissions.1.ToPort", &port),
            ("IpPermissions.1.IpRanges.1.CidrIp", RANGE),
            ("IpPermissions.1.IpRanges.1.Description", "Load balancer to the ingress controller"),
        ];
        ec2(aws, "AuthorizeSecurityGroupIngress", &rule).await?;
    }
    trust(aws, &nodes, &nodes, "-1", None).await?;
    trust(aws, &nodes, &control_plane, "tcp", Some(("1025", "65535"))).await?;
    trust(aws, &control_plane, &nodes, "tcp", Some(("443", "443"))).await?;
    Ok(Network { vpc, subnets, nodes, control_plane })
}

/// Lets `group` in from `source`.
pub(crate) async fn trust(
    aws: &Aws,
    group: &str,
    source: &str,
    protocol: &str,
    ports: Option<(&str, &str)>,
) -> Result<()> {
    let mut rule = vec![
        ("GroupId", group),
        ("IpPermissions.1.IpProtocol", protocol),
        ("IpPermissions.1.Groups.1.GroupId", source),
    ];
    if let Some((from, to)) = ports {
        rule.extend([("IpPermissions.1.FromPort", from), ("IpPermissions.1.ToPort", to)]);
    }
    ec2(aws, "AuthorizeSecurityGroupIngress", &rule).await.map(drop)
}

pub(crate) async fn group(aws: &Aws, vpc: &str, name: &str, description: &str) -> Result<String> {
    let parameters = [("VpcId", vpc), ("GroupName", name), ("GroupDescription", description)];
    create(aws, "CreateSecurityGroup", "groupId", &parameters, "security-group", name).await
}

/// Creates something with the tag `Name`, and answers its id.
pub(crate) async fn create(
    aws: &Aws,
    action: &str,
    id: &str,
    parameters: &[(&str, &str)],
    kind: &str,
    name: &str,
) -> Result<String> {
    let mut all = parameters.to_vec();
    all.extend([
        ("TagSpecification.1.ResourceType", kind),
        ("TagSpecification.1.Tag.1.Key", "Name"),
        ("TagSpecification.1.Tag.1.Value", name),
        ("TagSpecification.1.Tag.2.Key", "team"),
        ("TagSpecification.1.Tag.2.Value", "shop"),
    ]);
    ec2(aws, action, &all).await?.value(id).context(id)
}

async fn tag(aws: &Aws, resource: &str, tags: &[(&str, &str)]) -> Result<()> {
    for (key, value) in tags {
        ec2(aws, "CreateTags", &[("ResourceId.1", resource), ("Tag.1.Key", key), ("Tag.1.Value", value)]).await?;
    }
    Ok(())
}
