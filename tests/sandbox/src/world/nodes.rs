//! The nodes of the shop's clusters in its variants: AMIs of the shop's own, and what the input changes of node groups.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::aws::Aws;
use crate::error::Result;
use crate::world::cluster::{self, NODE_GROUPS};
use crate::world::front::Front;
use crate::world::network::Network;

/// Two AMIs that the emulator has: that of blue's nodes, and that of green's.
const IMAGES: [&str; 2] = ["ami-0c2023a1b2c3d4e5f", "ami-0abcdef1234567890"];

/// The instance type of a launch template.
pub const IN_TEMPLATE: &str = "m6i.large";

/// The launch template's parameters by which the nodes of a group of blue come to their instance type, AMI and cluster.
///
/// # Errors
/// When EKS does not tell where the cluster's API is.
pub async fn template(aws: &Aws, cluster: &str, front: Front, group: &str) -> Result<Vec<(&'static str, String)>> {
    let kind = ("LaunchTemplateData.InstanceType", IN_TEMPLATE.to_owned());
    match front {
        Front::Overrides => Ok(Vec::new()),
        Front::CustomAmi => {
            let endpoint = cluster::endpoint(aws, cluster).await?;
            let authority = STANDARD.encode(&endpoint.authority);
            let text = if group == NODE_GROUPS[0].0 {
                node_config(cluster, &endpoint.url, &authority)
            } else {
                settings(cluster, &endpoint.url, &authority)
            };
            let image = ("LaunchTemplateData.ImageId", IMAGES[0].to_owned());
            Ok(vec![kind, image, ("LaunchTemplateData.UserData", STANDARD.encode(text))])
        }
        _ => Ok(vec![kind]),
    }
}

/// What a node group says of its nodes beside the launch template.
#[must_use]
pub fn beside_template(front: Front) -> Value {
    match front {
        Front::Overrides => json!({ "amiType": "AL2023_x86_64_STANDARD", "instanceTypes": ["m5.large"] }),
        Front::CustomAmi => json!({}),
        _ => json!({ "amiType": "AL2023_x86_64_STANDARD" }),
    }
}

/// User data of Amazon Linux 2023, as <https://docs.aws.amazon.com/eks/latest/userguide/al2023.html> shows it.
fn node_config(name: &str, endpoint: &str, authority: &str) -> String {
    format!(
        "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"//\"\n\n--//\nContent-Type: text/x-shellscript\n\n#!/bin/bash\n\
         sysctl -w vm.max_map_count=262144\n\n--//\nContent-Type: application/node.eks.aws\n\n---\napiVersion: node.eks.aws/v1alpha1\n\
         kind: NodeConfig\nspec:\n  cluster:\n    name: {name}\n    apiServerEndpoint: {endpoint}\n    certificateAuthority: {authority}\n    \
         cidr: 172.20.0.0/16\n  kubelet:\n    config:\n      maxPods: 29\n\n--//--\n"
    )
}

/// User data of Bottlerocket, as <https://bottlerocket.dev/en/os/latest/#/api/settings/kubernetes/> shows it.
fn settings(name: &str, endpoint: &str, authority: &str) -> String {
    format!(
        "[settings.kubernetes]\ncluster-name = \"{name}\"\napi-server = \"{endpoint}\"\ncluster-certificate = \"{authority}\"\n\
         max-pods = 29\n"
    )
}

/// What the input says of green's node groups.
#[must_use]
pub fn changes(front: Front, network: &Network) -> Option<Value> {
    let [general, ingress] = NODE_GROUPS.map(|(name, ..)| name);
    match front {
        Front::CustomAmi => {
            Some(json!([{ "name": general, "imageId": IMAGES[1] }, { "name": ingress, "imageId": IMAGES[1] }]))
        }
        Front::Overrides => Some(json!([
            {
                "name": general, "instanceTypes": ["m5.xlarge", "c5.xlarge"], "amiType": "BOTTLEROCKET_x86_64",
                "scaling": { "min": 2, "max": 5, "desired": 3 }, "subnetIds": network.subnets[..2],
            },
            { "name": ingress, "instanceTypes": ["m5.xlarge"] },
        ])),
        _ => None,
    }
}
