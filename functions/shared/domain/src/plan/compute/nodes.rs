//! Managed node groups and their launch templates.

use super::{Issue, Tags};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The AMI type of a node group whose launch template names an AMI.
pub const CUSTOM: &str = "CUSTOM";

/// A managed node group, in the words of
/// <https://docs.aws.amazon.com/eks/latest/APIReference/API_Nodegroup.html>.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeGroup {
    /// Its name, unique in its cluster: green's has the same.
    pub name: String,
    /// ARN of the node group.
    pub arn: String,
    /// The IAM role of the nodes.
    pub role_arn: String,
    /// Its Kubernetes version.
    pub version: String,
    /// Its subnets.
    pub subnet_ids: Vec<String>,
    /// The subnets that its clone gets.
    pub green_subnet_ids: Vec<String>,
    /// Number of nodes.
    pub scaling: Scaling,
    /// Such as `AL2023_x86_64_STANDARD`; `CUSTOM` where the launch template names an AMI.
    pub ami_type: String,
    /// `ON_DEMAND`, `SPOT` or `CAPACITY_BLOCK`.
    pub capacity_type: String,
    /// Instance types; empty where the launch template names one.
    pub instance_types: Vec<String>,
    /// Size of the root volume in GiB, where no launch template says.
    pub disk_size: Option<i32>,
    /// Kubernetes labels.
    pub labels: Tags,
    /// Kubernetes taints: key, value, effect as EKS writes it (`NO_SCHEDULE`, …).
    pub taints: Vec<(String, Option<String>, String)>,
    /// How many nodes may be replaced at once.
    pub max_unavailable: Option<i32>,
    /// The same in percent.
    pub max_unavailable_percentage: Option<i32>,
    /// `DEFAULT` or `MINIMAL`.
    pub update_strategy: Option<String>,
    /// Whether EKS replaces nodes that are not well.
    pub node_repair: bool,
    /// When and how fast it does so.
    #[serde(default)]
    pub repair_limits: RepairLimits,
    /// The key pair for SSH, where remote access is on.
    pub ssh_key: Option<String>,
    /// Groups that may use SSH; everybody where empty and a key is named.
    pub ssh_source_groups: Vec<String>,
    /// Which launch template version: `<id>@<version>`.
    pub launch_template: Option<String>,
    /// The names of its Auto Scaling groups.
    pub auto_scaling_groups: Vec<String>,
    /// Tags of the node group.
    pub tags: Tags,
    /// `CREATING`, `ACTIVE`, `UPDATING`, `DELETING`, `CREATE_FAILED`, `DELETE_FAILED` or `DEGRADED`.
    pub status: String,
    /// What EKS complains of.
    pub issues: Vec<Issue>,
    /// Settings that Bascule cannot copy, in the words of the API.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_copied: Vec<String>,
}

/// Above how many unhealthy nodes EKS repairs none, and how many it repairs at once, each as a number or in percent
/// (<https://docs.aws.amazon.com/eks/latest/APIReference/API_NodeRepairConfig.html>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RepairLimits {
    /// Unhealthy nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unhealthy: Option<i32>,
    /// The same in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unhealthy_percentage: Option<i32>,
    /// Nodes that are repaired at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallel: Option<i32>,
    /// The same in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallel_percentage: Option<i32>,
}

/// How many nodes a group has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Scaling {
    /// Smallest number of nodes.
    pub min: i32,
    /// Largest number of nodes.
    pub max: i32,
    /// Desired number of nodes.
    pub desired: i32,
}

/// One version of an EC2 launch template. Versions never change
/// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/manage-launch-template-versions.html>), so id and version pin
/// what is copied.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LaunchTemplate {
    /// Id of the launch template.
    pub id: String,
    /// Name of the launch template.
    pub name: String,
    /// The version's number.
    pub version: String,
    /// What it says.
    pub data: LaunchTemplateData,
    /// Tags of the template itself.
    pub tags: Tags,
}

impl LaunchTemplate {
    /// What distinguishes this version, as in [`NodeGroup::launch_template`].
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}@{}", self.id, self.version)
    }
}

/// The part of a launch template that managed node groups can use and that is cloned
/// (<https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html>).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LaunchTemplateData {
    /// The instance type.
    pub instance_type: Option<String>,
    /// A custom AMI: green's, where the input names another than blue's.
    pub image_id: Option<String>,
    /// The key pair for SSH.
    pub key_name: Option<String>,
    /// Whether instances are EBS-optimised.
    pub ebs_optimized: Option<bool>,
    /// Whether detailed monitoring is on.
    pub monitoring: Option<bool>,
    /// Security groups, where no network interface names them.
    pub security_group_ids: Vec<String>,
    /// Volumes.
    pub volumes: Vec<Volume>,
    /// Network interfaces.
    pub network_interfaces: Vec<NetworkInterface>,
    /// Options of the instance metadata service.
    pub metadata: Option<Metadata>,
    /// Placement group name.
    pub placement_group: Option<String>,
    /// Tags of what is launched, by resource type (`instance`, `volume`, …).
    pub tag_specifications: Vec<(String, Tags)>,
    /// SHA-256 of the user data, which may hold secrets and therefore stays in EC2: the clone reads it from the version itself.
    pub user_data_sha256: Option<String>,
    /// Whether the user data names blue's cluster or endpoint, but for where nodes of a custom AMI join it.
    pub user_data_names_blue: bool,
    /// How nodes of a custom AMI join their cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub join: Option<Join>,
    /// Fields that cannot be cloned, in the words of the API.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_copied: Vec<String>,
}

/// How nodes of a custom AMI join their cluster: EKS adds nothing to their user data
/// (<https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html#launch-template-custom-ami>).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Join {
    /// By nodeadm's `NodeConfig`, of Amazon Linux 2023.
    NodeConfig,
    /// By Bottlerocket's settings.
    Settings,
    /// By `/etc/eks/bootstrap.sh`, of Amazon Linux 2.
    #[serde(rename_all = "camelCase")]
    Script {
        /// Why no `NodeConfig` says the same, where none does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        untranslatable: Option<String>,
    },
    /// By that script on blue, and on green by a `NodeConfig` that says the same.
    Translated,
    /// Bascule cannot tell, for this reason.
    Unclear(String),
}

impl LaunchTemplateData {
    /// Every security group that it names.
    #[must_use]
    pub fn groups(&self) -> Vec<String> {
        self.security_group_ids
            .iter()
            .chain(self.network_interfaces.iter().flat_map(|interface| &interface.groups))
            .cloned()
            .collect()
    }
}

/// A volume of a launch template.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Volume {
    /// Device name, such as `/dev/xvda`.
    pub device_name: String,
    /// Size in GiB.
    pub size: Option<i32>,
    /// Volume type, such as `gp3`.
    pub volume_type: Option<String>,
    /// I/O operations per second.
    pub iops: Option<i32>,
    /// Throughput in MiB per second.
    pub throughput: Option<i32>,
    /// Whether it is encrypted.
    pub encrypted: Option<bool>,
    /// ARN or id of the KMS key that encrypts the volume.
    pub kms_key_id: Option<String>,
    /// Id of the snapshot that the volume is created from.
    pub snapshot_id: Option<String>,
    /// Whether EC2 deletes the volume with its instance.
    pub delete_on_termination: Option<bool>,
}

/// A network interface of a launch template.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkInterface {
    /// Device index; 0 is the primary network interface.
    pub device_index: Option<i32>,
    /// Ids of the security groups.
    pub groups: Vec<String>,
    /// Whether it gets a public address.
    pub associate_public_ip_address: Option<bool>,
    /// Whether EC2 deletes the network interface with its instance.
    pub delete_on_termination: Option<bool>,
    /// Description of the network interface.
    pub description: Option<String>,
}

/// Options of the instance metadata service.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// `optional` or `required`.
    pub http_tokens: Option<String>,
    /// Largest number of network hops of a metadata answer, 1 to 64.
    pub http_put_response_hop_limit: Option<i32>,
    /// `enabled` or `disabled`.
    pub http_endpoint: Option<String>,
    /// `enabled` or `disabled`.
    pub http_protocol_ipv6: Option<String>,
    /// `enabled` or `disabled`.
    pub instance_metadata_tags: Option<String>,
}

impl NodeGroup {
    /// What the ledger's audit keeps of it when it is deleted.
    #[must_use]
    pub fn evidence(&self) -> Value {
        serde_json::json!({ "arn": self.arn, "autoScalingGroups": self.auto_scaling_groups })
    }
}
