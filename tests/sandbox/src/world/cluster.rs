//! An EKS cluster as the shop's people build them, `shop-blue` and perhaps `shop-green`: control plane, access entries, add-ons, and two managed node groups with launch templates.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::{Value, json};

use crate::aws::Aws;
use crate::error::{Context, Error, Result};
use crate::world::front::Front;
use crate::world::irsa;
use crate::world::network::Network;
use crate::world::roles::{self, Roles};
use crate::world::{BLUE, ec2, eventually, nodes};

/// The add-ons, those that nodes need before they are ready first.
const ADD_ONS: [&str; 4] = ["vpc-cni", "kube-proxy", "coredns", "eks-pod-identity-agent"];

/// The add-on of the driver that makes volumes.
const EBS: &str = "aws-ebs-csi-driver";

/// Where a cluster's Kubernetes API is.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// The cluster's name.
    pub name: String,
    /// The URL of its API server.
    pub url: String,
    /// The certificate of its authority, in PEM.
    pub authority: Vec<u8>,
}

/// The two node groups: name, desired size, label.
pub(super) const NODE_GROUPS: [(&str, u32, &str); 2] = [("general", 2, "general"), ("ingress", 1, "ingress")];

/// The Fargate profiles, each for the namespace of its name.
const FARGATE_PROFILES: [&str; 2] = ["batch", "reports"];

/// Makes the control plane of this name, waits until it is ACTIVE, and lets the operators in where it has access entries. `behind` is how many minor versions it is older
/// than the newest that EKS offers.
///
/// # Errors
/// The first refusal of EKS.
pub async fn control_plane(
    aws: &Aws,
    name: &str,
    behind: usize,
    front: Front,
    network: &Network,
    roles: &Roles,
) -> Result<()> {
    let version = version(aws, behind).await?;
    let mut cluster = json!({
        "name": name,
        "version": version,
        "roleArn": roles.cluster,
        "resourcesVpcConfig": {
            "subnetIds": network.subnets,
            "securityGroupIds": [network.control_plane],
            "endpointPublicAccess": true,
            "endpointPrivateAccess": true,
            "publicAccessCidrs": ["0.0.0.0/0"],
        },
        "kubernetesNetworkConfig": {"serviceIpv4Cidr": "172.20.0.0/16", "ipFamily": "ipv4"},
        "accessConfig": {"authenticationMode": "API_AND_CONFIG_MAP", "bootstrapClusterCreatorAdminPermissions": false},
        "tags": {"team": "shop"},
    });
    if front == Front::AutoMode {
        // As https://docs.aws.amazon.com/eks/latest/userguide/automode-get-started-cli.html has them.
        let role = roles::auto_nodes(aws).await?;
        cluster["computeConfig"] =
            json!({"enabled": true, "nodePools": ["general-purpose", "system"], "nodeRoleArn": role});
        cluster["kubernetesNetworkConfig"]["elasticLoadBalancing"] = json!({"enabled": true});
        cluster["storageConfig"] = json!({"blockStorage": {"enabled": true}});
        cluster["bootstrapSelfManagedAddons"] = json!(false);
    }
    if front == Front::ConfigMap {
        cluster["accessConfig"] =
            json!({"authenticationMode": "CONFIG_MAP", "bootstrapClusterCreatorAdminPermissions": true});
    }
    aws.rest("eks", Method::POST, "/clusters", Some(&cluster)).await?;
    let path = format!("/clusters/{name}");
    active(aws, &path, "cluster").await?;
    if front == Front::ConfigMap { Ok(()) } else { grant(aws, &path, &roles.operator).await }
}

/// Makes another control plane on blue's subnets and waits until it is ACTIVE.
///
/// # Errors
/// The first refusal of EKS.
pub async fn like_blue(aws: &Aws, name: &str) -> Result<()> {
    let answer = aws.rest("eks", Method::GET, &format!("/clusters/{BLUE}"), None).await?;
    let blue = &answer["cluster"];
    let cluster = json!({
        "name": name,
        "version": blue["version"],
        "roleArn": blue["roleArn"],
        "resourcesVpcConfig": {"subnetIds": blue["resourcesVpcConfig"]["subnetIds"]},
        "accessConfig": {"authenticationMode": "API_AND_CONFIG_MAP", "bootstrapClusterCreatorAdminPermissions": false},
    });
    aws.rest("eks", Method::POST, "/clusters", Some(&cluster)).await?;
    active(aws, &format!("/clusters/{name}"), "cluster").await.map(drop)
}

/// Makes add-ons and node groups, and answers the names of the Auto Scaling groups.
///
/// # Errors
/// The first refusal of EKS or EC2.
pub async fn nodes(aws: &Aws, cluster: &str, front: Front, network: &Network, roles: &Roles) -> Result<Vec<String>> {
    // EKS makes them, with network and DNS within.
    if front == Front::AutoMode {
        return Ok(Vec::new());
    }
    let path = format!("/clusters/{cluster}");
    for name in &ADD_ONS[..2] {
        let role = (front.has_roles_for_pods() && *name == "vpc-cni").then(|| irsa::role_arn(irsa::PLUGIN));
        add_on(aws, &path, name, role).await?;
    }
    for (name, size, label) in NODE_GROUPS {
        node_group(aws, cluster, front, network, roles, (name, size, label)).await?;
    }
    if front == Front::Fargate {
        fargate(aws, cluster, network).await?;
    }
    let mut groups = Vec::new();
    for (name, ..) in NODE_GROUPS {
        let group = active(aws, &format!("{path}/node-groups/{name}"), "nodegroup").await?;
        let scaling =
            group["resources"]["autoScalingGroups"].as_array().context("the node group's Auto Scaling groups")?;
        groups.extend(scaling.iter().filter_map(|group| group["name"].as_str().map(str::to_owned)));
    }
    let after: Vec<&str> = ADD_ONS[2..].iter().copied().chain((front == Front::Volumes).then_some(EBS)).collect();
    for name in &after {
        add_on(aws, &path, name, None).await?;
    }
    for name in ADD_ONS[..2].iter().chain(&after) {
        active(aws, &format!("{path}/addons/{name}"), "addon").await?;
    }
    Ok(groups)
}

/// The Kubernetes version that is so many minor versions behind the newest that EKS offers.
/// <https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeClusterVersions.html>
async fn version(aws: &Aws, behind: usize) -> Result<String> {
    let answer = aws.rest("eks", Method::GET, "/cluster-versions", None).await?;
    let offered = answer["clusterVersions"].as_array().context("the versions that EKS offers")?;
    let mut minors: Vec<u32> = offered
        .iter()
        .filter_map(|version| version["clusterVersion"].as_str()?.strip_prefix("1.")?.parse().ok())
        .collect();
    minors.sort_unstable();
    minors.dedup();
    let minor = minors.iter().rev().nth(behind).context("a version so far behind the newest")?;
    Ok(format!("1.{minor}"))
}

/// The endpoint that EKS tells of a cluster.
///
/// # Errors
/// When EKS does not know the cluster, or it is not far enough to have an endpoint.
pub async fn endpoint(aws: &Aws, name: &str) -> Result<Endpoint> {
    let answer = aws.rest("eks", Method::GET, &format!("/clusters/{name}"), None).await?;
    let cluster = &answer["cluster"];
    let authority = cluster["certificateAuthority"]["data"].as_str().context("the cluster's authority")?;
    Ok(Endpoint {
        name: name.to_owned(),
        url: cluster["endpoint"].as_str().context("the cluster's endpoint")?.to_owned(),
        authority: STANDARD.decode(authority).context("the cluster's authority")?,
    })
}

/// Waits until what `path` describes is ACTIVE.
async fn active(aws: &Aws, path: &str, field: &str) -> Result<Value> {
    eventually(path, async || {
        let answer = aws.rest("eks", Method::GET, path, None).await?;
        let found = &answer[field];
        match found["status"].as_str() {
            Some("ACTIVE") => Ok(Some(found.clone())),
            Some("CREATING") => Ok(None),
            _ => Err(Error::new(format!("{path} is {}", found["status"]))),
        }
    })
    .await
}

/// The operators' access entry, with the policy that makes them cluster administrators.
/// <https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html>
async fn grant(aws: &Aws, path: &str, role: &str) -> Result<()> {
    let entry = json!({"principalArn": role, "type": "STANDARD"});
    aws.rest("eks", Method::POST, &format!("{path}/access-entries"), Some(&entry)).await?;
    let policy = json!({
        "policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
        "accessScope": {"type": "cluster"},
    });
    let role = crate::aws::percent(role);
    aws.rest("eks", Method::POST, &format!("{path}/access-entries/{role}/access-policies"), Some(&policy))
        .await
        .map(drop)
}

async fn add_on(aws: &Aws, path: &str, name: &str, role: Option<String>) -> Result<()> {
    let mut body = json!({"addonName": name, "resolveConflicts": "OVERWRITE"});
    if let Some(role) = role {
        body["serviceAccountRoleArn"] = role.into();
    }
    aws.rest("eks", Method::POST, &format!("{path}/addons"), Some(&body)).await.map(drop)
}

/// Two Fargate profiles, one after the other since EKS makes one at a time.
async fn fargate(aws: &Aws, cluster: &str, network: &Network) -> Result<()> {
    let role = roles::fargate(aws).await?;
    for name in FARGATE_PROFILES {
        let body = json!({
            "fargateProfileName": name,
            "podExecutionRoleArn": role,
            "subnets": network.subnets,
            "selectors": [{"namespace": name, "labels": {"compute": "fargate"}}],
            "tags": {"team": "shop"},
        });
        aws.rest("eks", Method::POST, &format!("/clusters/{cluster}/fargate-profiles"), Some(&body)).await?;
        active(aws, &format!("/clusters/{cluster}/fargate-profiles/{name}"), "fargateProfile").await?;
    }
    Ok(())
}

async fn node_group(
    aws: &Aws,
    cluster: &str,
    front: Front,
    network: &Network,
    roles: &Roles,
    (name, size, label): (&str, u32, &str),
) -> Result<()> {
    let template_name = format!("{cluster}-{name}");
    let mut template = vec![
        ("LaunchTemplateName", template_name.as_str()),
        ("LaunchTemplateData.SecurityGroupId.1", network.nodes.as_str()),
        ("LaunchTemplateData.BlockDeviceMapping.1.DeviceName", "/dev/xvda"),
        ("LaunchTemplateData.BlockDeviceMapping.1.Ebs.VolumeSize", "40"),
        ("LaunchTemplateData.BlockDeviceMapping.1.Ebs.VolumeType", "gp3"),
        ("LaunchTemplateData.BlockDeviceMapping.1.Ebs.Encrypted", "true"),
        ("LaunchTemplateData.MetadataOptions.HttpTokens", "required"),
        ("LaunchTemplateData.MetadataOptions.HttpPutResponseHopLimit", "2"),
    ];
    let of_front = nodes::template(aws, cluster, front, name).await?;
    template.extend(of_front.iter().map(|(key, value)| (*key, value.as_str())));
    let answer = ec2(aws, "CreateLaunchTemplate", &template).await?;
    let id = answer.value("launchTemplateId").context("the launch template's id")?;
    let mut body = json!({
        "nodegroupName": name,
        "subnets": network.subnets,
        "nodeRole": roles.node,
        "capacityType": "ON_DEMAND",
        "scalingConfig": {"minSize": 1, "maxSize": 4, "desiredSize": size},
        "updateConfig": {"maxUnavailable": 1},
        "labels": {"shop.example.com/pool": label},
        "launchTemplate": {"id": id, "version": "1"},
        "tags": {"team": "shop"},
    });
    if let (Some(body), Value::Object(of_front)) = (body.as_object_mut(), nodes::beside_template(front)) {
        body.extend(of_front);
    }
    aws.rest("eks", Method::POST, &format!("/clusters/{cluster}/node-groups"), Some(&body)).await.map(drop)
}
