//! Control planes, nodes and their network, as preflight found them.

pub mod auto_mode;
pub mod cluster;
pub mod fargate;
pub mod network;
pub mod nodes;
pub mod rules;

pub use auto_mode::AutoMode;
pub use cluster::{
    AccessEntry, AccessPolicy, Addon, Cluster, ClusterStatus, Components, IdentityProvider, Issue, PodIdentity,
};
pub use fargate::{FargateProfile, FargateSelector};
pub use network::{Direction, Peer, Reference, Rule, SecurityGroup, Subnet};
pub use nodes::{Join, LaunchTemplate, LaunchTemplateData, NodeGroup, Scaling};

use super::{ExistingCluster, OWN_TAGS, Tags};
use serde::{Deserialize, Serialize};

/// Add-ons without which no node becomes ready: they come before the nodes, and every other add-on after them
/// (<https://docs.aws.amazon.com/eks/latest/userguide/eks-add-ons.html>). The Pod Identity agent is among them because vpc-cni may
/// get its credentials from it (terraform-aws-modules/terraform-aws-eks#3260, aws/amazon-vpc-cni-k8s#3840).
pub const BEFORE_NODES: [&str; 3] = [VPC_CNI, "kube-proxy", POD_IDENTITY_AGENT];

/// The add-on that gives Pods their addresses.
pub const VPC_CNI: &str = "vpc-cni";

/// The add-on that gives Pods the credentials of their Pod Identity associations.
pub const POD_IDENTITY_AGENT: &str = "eks-pod-identity-agent";

/// Control planes, nodes and their network.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Compute {
    /// Blue's control plane.
    pub blue: Cluster,
    /// What green differs in.
    pub green: Green,
    /// Blue's managed node groups, each cloned under its own name.
    pub node_groups: Vec<NodeGroup>,
    /// Blue's Fargate profiles, each cloned under its own name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fargate_profiles: Vec<FargateProfile>,
    /// Launch template versions that blue's node groups use.
    pub launch_templates: Vec<LaunchTemplate>,
    /// Blue's add-ons, with the versions that green gets.
    pub addons: Vec<Addon>,
    /// Blue's access entries that people made; those that EKS makes for managed nodes and for itself are not here.
    pub access_entries: Vec<AccessEntry>,
    /// Blue's Pod Identity associations, without those that belong to an add-on.
    pub pod_identities: Vec<PodIdentity>,
    /// The OIDC identity providers that blue's API server trusts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identity_providers: Vec<IdentityProvider>,
    /// Security groups of blue alone, which are cloned for green.
    pub security_groups: Vec<SecurityGroup>,
    /// Rules of blue's cluster security group that EKS did not make itself.
    pub cluster_group_rules: Vec<Rule>,
    /// Tags of blue's cluster security group.
    #[serde(default)]
    pub cluster_group_tags: Tags,
    /// Rules in groups of others that name one of blue's groups.
    pub references: Vec<Reference>,
    /// Green, where the user built it: then nothing above is made for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub existing: Option<ExistingCluster>,
}

/// What green differs in from blue.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Green {
    /// The name of the cluster.
    pub name: String,
    /// Its Kubernetes version, such as `1.34`.
    pub version: String,
    /// The subnets of its control plane, in blue's VPC.
    pub subnet_ids: Vec<String>,
    /// `API` or `API_AND_CONFIG_MAP`.
    pub authentication_mode: String,
}

impl Compute {
    /// The launch template of a node group, where it has one.
    #[must_use]
    pub fn launch_template(&self, group: &NodeGroup) -> Option<&LaunchTemplate> {
        let key = group.launch_template.as_ref()?;
        self.launch_templates.iter().find(|template| template.key() == *key)
    }

    /// The add-ons that come before the nodes, or those that come after.
    pub fn addons(&self, before_nodes: bool) -> impl Iterator<Item = &Addon> {
        self.addons.iter().filter(move |addon| BEFORE_NODES.contains(&addon.name.as_str()) == before_nodes)
    }

    /// Tags of something of blue as its clone gets them: without the prefixes that AWS reserves and without those by which an
    /// earlier migration knew what it made, and with green's name where blue's stood in a key (`kubernetes.io/cluster/<name>`,
    /// <https://docs.aws.amazon.com/eks/latest/userguide/creating-a-vpc.html>) or was the whole value.
    #[must_use]
    pub fn green_tags(&self, tags: &Tags) -> Tags {
        let suffix = format!("/{}", self.blue.name);
        tags.iter()
            .filter(|(key, _)| !["aws:", "eks:"].iter().any(|prefix| key.starts_with(prefix)))
            .filter(|(key, _)| !OWN_TAGS.contains(&key.as_str()))
            .map(|(key, value)| {
                let key =
                    key.strip_suffix(&suffix).map_or_else(|| key.clone(), |key| format!("{key}/{}", self.green.name));
                let value = if *value == self.blue.name { self.green.name.clone() } else { value.clone() };
                (key, value)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_a_clone_name_green_where_those_of_blue_named_blue() {
        let compute = Compute {
            blue: Cluster { name: "shop-blue".to_owned(), ..Cluster::default() },
            green: Green { name: "shop-green".to_owned(), ..Green::default() },
            ..Compute::default()
        };
        let tags = [
            ("kubernetes.io/cluster/shop-blue", "owned"),
            ("karpenter.sh/discovery", "shop-blue"),
            ("team", "shop"),
            ("aws:cloudformation:stack-name", "cluster"),
            ("eks:cluster-name", "shop-blue"),
            ("bascule:side", "green"),
            ("bascule:replaceable", "true"),
        ];
        let tags = tags.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let expected = [
            ("bascule:replaceable", "true"),
            ("karpenter.sh/discovery", "shop-green"),
            ("kubernetes.io/cluster/shop-green", "owned"),
            ("team", "shop"),
        ];
        assert_eq!(compute.green_tags(&tags), expected.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
    }
}
