//! Amazon EC2 as phases use it: subnets, security groups, network interfaces, launch templates.

use crate::input::Replacement;
use crate::plan::compute::{Cluster, LaunchTemplate, LaunchTemplateData, Rule, SecurityGroup, Subnet};
use crate::plan::ebs::EbsDriver;
use crate::{PhaseError, Tags};
use std::future::Future;

/// The rules of security groups as things of their own.
pub trait SecurityGroupRules: Sync {
    /// The rules of these groups, each with the id that EC2 gave it.
    fn identified_rules(
        &self,
        group_ids: &[String],
    ) -> impl Future<Output = Result<Vec<IdentifiedRule>, PhaseError>> + Send;
}

/// Security groups, subnets and network interfaces.
pub trait Network: Sync {
    /// Those of these subnets that exist.
    fn subnets(&self, ids: &[String]) -> impl Future<Output = Result<Vec<Subnet>, PhaseError>> + Send;

    /// Every subnet of a VPC.
    fn vpc_subnets(&self, vpc_id: &str) -> impl Future<Output = Result<Vec<Subnet>, PhaseError>> + Send;

    /// Every security group of a VPC, with its rules.
    fn security_groups(&self, vpc_id: &str) -> impl Future<Output = Result<Vec<SecurityGroup>, PhaseError>> + Send;

    /// Makes a security group and gives its id. EC2 lets everything out of a new group: that rule is in it.
    fn create_security_group(&self, group: &SecurityGroup) -> impl Future<Output = Result<String, PhaseError>> + Send;

    /// Adds tags to a security group.
    fn tag_security_group(&self, id: &str, tags: &Tags) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Deletes a security group; does nothing where it is gone, `NotReady` while something uses it.
    fn delete_security_group(&self, id: &str) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Adds a rule; a rule that is there already is no error.
    fn authorize(
        &self,
        group_id: &str,
        rule: &Rule,
        tags: &Tags,
    ) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Removes a rule; a rule or group that is gone is no error.
    fn revoke(&self, group_id: &str, rule: &Rule) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// The network interfaces of a VPC.
    fn network_interfaces(&self, vpc_id: &str) -> impl Future<Output = Result<Vec<Interface>, PhaseError>> + Send;

    /// Deletes a network interface that nothing uses; does nothing where it is gone.
    fn delete_network_interface(&self, id: &str) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// The instances, not yet terminated, that carry a tag, with this value where one is given.
    fn instances_tagged(
        &self,
        key: &str,
        value: Option<&str>,
    ) -> impl Future<Output = Result<Vec<Instance>, PhaseError>> + Send;

    /// Every instance of the account in this Region that runs or is about to: what quotas count.
    fn running_instances(&self) -> impl Future<Output = Result<Vec<Instance>, PhaseError>> + Send;

    /// Those of these instance types that the Region has.
    fn instance_types(&self, names: &[String]) -> impl Future<Output = Result<Vec<InstanceType>, PhaseError>> + Send;

    /// Those of these AMIs that the account sees, deprecated ones too.
    fn images(&self, ids: &[String]) -> impl Future<Output = Result<Vec<Image>, PhaseError>> + Send;

    /// The volumes of Amazon EBS that were made for claims of a cluster and exist, whether their claims do or not: told by the tags that their
    /// drivers give them (<https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/tagging.md>; for EKS Auto Mode, the keys in
    /// <https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEKSBlockStoragePolicyV2.html>).
    fn claimed_volumes(&self, cluster: &str) -> impl Future<Output = Result<Vec<ClaimedVolume>, PhaseError>> + Send;

    /// What the account's volumes of a type, such as `gp3`, have together in this Region.
    fn stored(&self, volume_type: &str) -> impl Future<Output = Result<Stored, PhaseError>> + Send;

    /// Groups of VPCs that are peered with this one and that name one of these groups: the group that is named, and the VPC of the
    /// one that names it.
    fn named_by_peers(
        &self,
        vpc_id: &str,
        group_ids: &[String],
    ) -> impl Future<Output = Result<Vec<(String, String)>, PhaseError>> + Send;
}

/// A rule of a security group, as EC2 knows it by an id
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SecurityGroupRule.html>). The id changes when the rule is added again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentifiedRule {
    /// Such as `sgr-02108b27edd666983`.
    pub id: String,
    /// Its group.
    pub group_id: String,
    /// What it allows.
    pub rule: Rule,
    /// Tags of the rule.
    pub tags: Tags,
}

/// The tags of a volume that name the claim that it was made for: namespace and name.
pub const CLAIM_TAGS: [&str; 2] = ["kubernetes.io/created-for/pvc/namespace", "kubernetes.io/created-for/pvc/name"];

/// A volume of Amazon EBS that was made for a claim.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClaimedVolume {
    /// The id.
    pub id: String,
    /// Its size, in GiB.
    pub gib: i32,
    /// Such as `gp3`.
    pub volume_type: String,
    /// Its claim, as `namespace/name`.
    pub claim: String,
    /// Its Availability Zone.
    pub zone: String,
    /// Whether it is attached to an instance.
    pub is_attached: bool,
    /// Operations a second, where its type has them provisioned or shows them.
    pub iops: Option<i32>,
    /// The ARN of the KMS key that it is encrypted with, AWS's own or the user's.
    pub key_arn: Option<String>,
    /// The drivers of the cluster that may have it, by its tags ([`EbsDriver::having`]).
    pub drivers: Vec<EbsDriver>,
    /// Whether several instances may have it at once
    /// (<https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volumes-multi.html>).
    pub is_multi_attach: bool,
}

/// What all volumes of a type have together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stored {
    /// GiB.
    pub gib: i64,
    /// Operations a second, where the type has them provisioned or shows them.
    pub iops: i64,
}

/// Tags of network interfaces that hold the name of their cluster
/// (<https://github.com/aws/amazon-vpc-cni-k8s#cluster_name>, and what it copies from the node).
const OF_CLUSTER: [&str; 2] = ["cluster.k8s.amazonaws.com/name", "eks:eks-cluster-name"];

/// A tag that holds the maker of a network interface: `amazon-vpc-cni` or `eks-vpc-resource-controller`
/// (<https://github.com/aws/amazon-vpc-resource-controller-k8s/blob/master/pkg/config/type.go>).
const MADE_BY: &str = "eks:eni:owner";

/// A network interface.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Interface {
    /// The id.
    pub id: String,
    /// `available` where nothing uses it.
    pub status: String,
    /// What its maker says it is for.
    pub description: String,
    /// The instance that it is attached to.
    pub instance_id: Option<String>,
    /// Its subnet.
    pub subnet_id: String,
    /// Its private IPv4 addresses, and its prefixes such as `10.0.1.16/28`.
    pub addresses: Vec<String>,
    /// How many addresses of the subnet it holds, those of its prefixes among them.
    pub held: i32,
    /// Its security groups.
    pub groups: Vec<String>,
    /// Tags.
    pub tags: Tags,
}

impl Interface {
    /// Whether it was made for a node or a Pod of this cluster, whose own security groups these are: by the Amazon VPC CNI or by the
    /// VPC resource controller. Not every version tags it with the cluster's name (aws/amazon-vpc-cni-k8s#2854): one that only
    /// says who made it belongs to the cluster where it is in no group of anybody else.
    #[must_use]
    pub fn is_of(&self, cluster: &str, own_groups: &[String]) -> bool {
        let named = OF_CLUSTER.iter().any(|key| self.tags.get(*key).is_some_and(|name| name == cluster));
        let made = self.tags.contains_key(MADE_BY);
        let own = !self.groups.is_empty() && self.groups.iter().all(|group| own_groups.contains(group));
        named || (made && (own || self.tags.contains_key(&format!("kubernetes.io/cluster/{cluster}"))))
    }

    /// Whether it was made for a node or a Pod of this cluster and left behind.
    #[must_use]
    pub fn is_left_by(&self, cluster: &str, own_groups: &[String]) -> bool {
        self.status == "available" && self.is_of(cluster, own_groups)
    }
}

/// An instance type
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceTypeInfo.html>).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InstanceType {
    /// Such as `m7g.large`.
    pub name: String,
    /// Its virtual processors.
    pub vcpus: i32,
    /// The architectures that its processor has: `x86_64`, `arm64` and others.
    pub architectures: Vec<String>,
}

/// An AMI (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Image.html>).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Image {
    /// The id.
    pub id: String,
    /// `available`, `pending`, `failed`, …
    pub state: String,
    /// `x86_64`, `arm64` or another.
    pub architecture: String,
}

/// An EC2 instance.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Instance {
    /// The id.
    pub id: String,
    /// Such as `m7g.large`.
    pub instance_type: String,
    /// Its virtual processors.
    pub vcpus: i32,
    /// Whether it is a Spot Instance.
    pub spot: bool,
    /// Tags.
    pub tags: Tags,
}

/// The cluster whose nodes' user data is read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserDataOf {
    /// What names it, but for the words that the input replaces.
    pub names: Vec<String>,
    /// The cluster.
    pub cluster: Cluster,
}

/// Launch templates.
pub trait LaunchTemplates: Sync {
    /// One version (a number, `$Latest` or `$Default`) of a launch template; its user data is held against `blue`.
    fn launch_template(
        &self,
        id: &str,
        version: &str,
        blue: &UserDataOf,
    ) -> impl Future<Output = Result<Option<LaunchTemplate>, PhaseError>> + Send;

    /// The id of the launch template of this name, whose tag `bascule:migration` has this value.
    fn own_launch_template(
        &self,
        name: &str,
        migration: &str,
    ) -> impl Future<Output = Result<Option<String>, PhaseError>> + Send;

    /// Makes a launch template and gives its id.
    fn create_launch_template(
        &self,
        request: &NewLaunchTemplate,
    ) -> impl Future<Output = Result<String, PhaseError>> + Send;

    /// Deletes a launch template with all its versions; does nothing where it is gone.
    fn delete_launch_template(&self, id: &str) -> impl Future<Output = Result<(), PhaseError>> + Send;
}

/// What a new launch template is made from.
#[derive(Debug, Clone, PartialEq)]
pub struct NewLaunchTemplate {
    /// Its name.
    pub name: String,
    /// What its one version says.
    pub data: LaunchTemplateData,
    /// The version that its user data is read from: id and number.
    pub user_data_of: Option<(String, String)>,
    /// What names blue in that user data, and what it becomes.
    pub replace: Vec<Replacement>,
    /// The cluster that nodes of a custom AMI join on blue, and the one that they join by the clone.
    pub clusters: Option<(Cluster, Cluster)>,
    /// Its tags.
    pub tags: Tags,
    /// Makes a repeated request harmless.
    pub token: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_interface_is_told_by_the_tags_of_every_version_of_the_vpc_cni() {
        let interface = |tags: &[(&str, &str)], groups: &[&str]| Interface {
            status: "available".to_owned(),
            tags: tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            groups: groups.iter().map(|&group| group.to_owned()).collect(),
            ..Interface::default()
        };
        let cni = ("eks:eni:owner", "amazon-vpc-cni");
        let branch = ("eks:eni:owner", "eks-vpc-resource-controller");
        let own = ["sg-own".to_owned()];
        for (interface, expected) in [
            (interface(&[("cluster.k8s.amazonaws.com/name", "shop")], &["sg-x"]), true),
            (interface(&[("cluster.k8s.amazonaws.com/name", "shop-2")], &["sg-own"]), false),
            (interface(&[cni, ("node.k8s.amazonaws.com/instance_id", "i-1")], &["sg-own"]), true),
            (interface(&[cni], &["sg-own", "sg-x"]), false),
            (interface(&[cni], &[]), false),
            (interface(&[branch, ("kubernetes.io/cluster/shop", "owned")], &["sg-x"]), true),
            (interface(&[branch, ("kubernetes.io/cluster/shop-2", "owned")], &["sg-x"]), false),
            (interface(&[], &["sg-own"]), false),
        ] {
            assert_eq!(interface.is_left_by("shop", &own), expected, "{interface:?}");
            let in_use = Interface { status: "in-use".to_owned(), ..interface };
            assert!(!in_use.is_left_by("shop", &own));
        }
    }
}
