//! Amazon EKS as phases use it: control planes, node groups, add-ons, access.

use crate::plan::compute::{
    AccessEntry, AccessPolicy, Addon, Cluster, ClusterStatus, FargateProfile, Green, IdentityProvider, Issue,
    NodeGroup, PodIdentity, Scaling,
};
use crate::{PhaseError, Tags};
use std::future::Future;

/// EKS control planes.
pub trait Clusters: Sync {
    /// The cluster of this name, in whatever status.
    fn cluster(&self, name: &str) -> impl Future<Output = Result<Option<ClusterStatus>, PhaseError>> + Send;

    /// The names of all clusters of the account in this Region.
    fn cluster_names(&self) -> impl Future<Output = Result<Vec<String>, PhaseError>> + Send;

    /// The Kubernetes versions that EKS offers for new clusters.
    fn offered_versions(&self) -> impl Future<Output = Result<Vec<String>, PhaseError>> + Send;

    /// Asks for a cluster like `blue`, and gives its ARN; `Conflict` where the name is taken.
    fn create_cluster(&self, request: &NewCluster) -> impl Future<Output = Result<String, PhaseError>> + Send;

    /// Asks for the authentication mode `API_AND_CONFIG_MAP`, which nothing changes back to `CONFIG_MAP`; `NotReady` while EKS has something else
    /// to do with the cluster, which is `UPDATING` until it is done.
    fn let_access_entries_in(&self, name: &str, token: &str) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Lets the cluster be deleted; does nothing where it is gone.
    fn drop_deletion_protection(&self, name: &str) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Asks for the deletion of the cluster; does nothing where it is gone, `NotReady` while EKS has something else
    /// to do with it.
    fn delete_cluster(&self, name: &str) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// EKS Capabilities of a cluster, each with its type.
    fn capabilities(&self, cluster: &str) -> impl Future<Output = Result<Vec<String>, PhaseError>> + Send;
}

/// What a new cluster is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCluster {
    /// Everything that green does not differ in.
    pub blue: Cluster,
    /// What it differs in.
    pub green: Green,
    /// Additional security groups of the control plane.
    pub security_group_ids: Vec<String>,
    /// Its tags.
    pub tags: Tags,
    /// Makes a repeated request harmless.
    pub token: String,
}

/// The identity providers of people whose tokens the API server of an EKS cluster takes.
pub trait IdentityProviders: Sync {
    /// The configurations of a cluster, name and type.
    fn identity_providers(
        &self,
        cluster: &str,
    ) -> impl Future<Output = Result<Vec<(String, String)>, PhaseError>> + Send;

    /// One configuration of type `oidc`, in whatever status; none where it, or the cluster, does not exist.
    fn identity_provider(
        &self,
        cluster: &str,
        name: &str,
    ) -> impl Future<Output = Result<Option<IdentityProviderStatus>, PhaseError>> + Send;

    /// Asks for a configuration; `NotReady` while EKS has something else to do with the cluster, which is `UPDATING` until it is done.
    fn associate_identity_provider(
        &self,
        cluster: &str,
        provider: &IdentityProvider,
        tags: &Tags,
        token: &str,
    ) -> impl Future<Output = Result<(), PhaseError>> + Send;
}

/// The configuration of an identity provider at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityProviderStatus {
    /// What it is.
    pub provider: IdentityProvider,
    /// `CREATING`, `ACTIVE` or `DELETING`.
    pub status: String,
}

/// EKS managed node groups.
pub trait NodeGroups: Sync {
    /// The names of a cluster's node groups; none where the cluster does not exist.
    fn node_groups(&self, cluster: &str) -> impl Future<Output = Result<Vec<String>, PhaseError>> + Send;

    /// One node group, in whatever status.
    fn node_group(
        &self,
        cluster: &str,
        name: &str,
    ) -> impl Future<Output = Result<Option<NodeGroup>, PhaseError>> + Send;

    /// Asks for a node group, and gives its ARN.
    fn create_node_group(&self, request: &NewNodeGroup) -> impl Future<Output = Result<String, PhaseError>> + Send;

    /// Asks for another number of nodes; `NotReady` while EKS has something else to do with the node group.
    fn scale_node_group(
        &self,
        cluster: &str,
        name: &str,
        scaling: Scaling,
    ) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Asks for the deletion of a node group; does nothing where it is gone, `NotReady` while EKS has something else to
    /// do with it.
    fn delete_node_group(&self, cluster: &str, name: &str) -> impl Future<Output = Result<(), PhaseError>> + Send;
}

/// What a new node group is made from.
#[derive(Debug, Clone, PartialEq)]
pub struct NewNodeGroup {
    /// The cluster.
    pub cluster: String,
    /// Blue's; its `green_subnet_ids` are taken.
    pub like: NodeGroup,
    /// The Kubernetes version.
    pub version: String,
    /// The launch template: id and version.
    pub launch_template: Option<(String, String)>,
    /// Groups that may use SSH, where remote access is on.
    pub ssh_source_groups: Vec<String>,
    /// Its tags.
    pub tags: Tags,
    /// Makes a repeated request harmless.
    pub token: String,
}

/// EKS Fargate profiles.
pub trait FargateProfiles: Sync {
    /// The names of a cluster's Fargate profiles.
    fn fargate_profiles(&self, cluster: &str) -> impl Future<Output = Result<Vec<String>, PhaseError>> + Send;

    /// One Fargate profile, in whatever status.
    fn fargate_profile(
        &self,
        cluster: &str,
        name: &str,
    ) -> impl Future<Output = Result<Option<FargateProfile>, PhaseError>> + Send;

    /// Asks for a Fargate profile like this one, and gives its ARN; `NotReady` while EKS makes or deletes another one of the cluster.
    fn create_fargate_profile(
        &self,
        cluster: &str,
        like: &FargateProfile,
        tags: &Tags,
        token: &str,
    ) -> impl Future<Output = Result<String, PhaseError>> + Send;

    /// Asks for the deletion of a Fargate profile, with which its Pods go; does nothing where it is gone, `NotReady` while EKS makes or
    /// deletes another one of the cluster.
    fn delete_fargate_profile(&self, cluster: &str, name: &str) -> impl Future<Output = Result<(), PhaseError>> + Send;
}

/// EKS add-ons.
pub trait Addons: Sync {
    /// The names of a cluster's add-ons.
    fn addon_names(&self, cluster: &str) -> impl Future<Output = Result<Vec<String>, PhaseError>> + Send;

    /// One add-on, in whatever status.
    fn addon(&self, cluster: &str, name: &str) -> impl Future<Output = Result<Option<AddonStatus>, PhaseError>> + Send;

    /// What EKS offers of an add-on for a Kubernetes version.
    fn addon_versions(
        &self,
        name: &str,
        kubernetes_version: &str,
    ) -> impl Future<Output = Result<AddonOffer, PhaseError>> + Send;

    /// What the configuration of one version of an add-on may hold; `None` where EKS tells nothing of it.
    fn addon_schema(
        &self,
        name: &str,
        version: &str,
    ) -> impl Future<Output = Result<Option<AddonSchema>, PhaseError>> + Send;

    /// Asks for an add-on, which replaces what is there under its name, and gives its ARN.
    fn create_addon(
        &self,
        cluster: &str,
        addon: &Addon,
        tags: &Tags,
        token: &str,
    ) -> impl Future<Output = Result<String, PhaseError>> + Send;
}

/// What EKS offers of an add-on for one Kubernetes version.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AddonOffer {
    /// Where it goes unless it is told otherwise; only some add-ons can be told.
    pub default_namespace: Option<String>,
    /// Its versions, newest first, and whether each is the default one.
    pub versions: Vec<(String, bool)>,
}

/// What the configuration of one version of an add-on may hold
/// (<https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeAddonConfiguration.html>).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AddonSchema {
    /// A JSON schema, as text; empty where there is none.
    pub schema: String,
    /// The service accounts that may have a Pod Identity association.
    pub service_accounts: Vec<String>,
}

/// An add-on at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddonStatus {
    /// What it is; `version` is the one it has.
    pub addon: Addon,
    /// Its ARN.
    pub arn: String,
    /// `CREATING`, `ACTIVE`, `CREATE_FAILED`, `UPDATING`, `DEGRADED`, …
    pub status: String,
    /// Since when it exists.
    pub created_at: jiff::Timestamp,
    /// What EKS complains of.
    pub issues: Vec<Issue>,
    /// ARNs of the Pod Identity associations that belong to it.
    pub association_arns: Vec<String>,
}

/// EKS access entries and Pod Identity associations.
pub trait Access: Sync {
    /// The principals of a cluster's access entries.
    fn access_entries(&self, cluster: &str) -> impl Future<Output = Result<Vec<String>, PhaseError>> + Send;

    /// One access entry with its policies; none where the cluster does not exist.
    fn access_entry(
        &self,
        cluster: &str,
        principal_arn: &str,
    ) -> impl Future<Output = Result<Option<AccessEntry>, PhaseError>> + Send;

    /// Makes an access entry without its policies, and gives its ARN.
    fn create_access_entry(
        &self,
        cluster: &str,
        entry: &AccessEntry,
        tags: &Tags,
        token: &str,
    ) -> impl Future<Output = Result<String, PhaseError>> + Send;

    /// Gives a principal an access policy; again is harmless.
    fn associate_access_policy(
        &self,
        cluster: &str,
        principal_arn: &str,
        policy: &AccessPolicy,
    ) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Deletes an access entry; does nothing where it, or its cluster, is gone.
    fn delete_access_entry(
        &self,
        cluster: &str,
        principal_arn: &str,
    ) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// A cluster's Pod Identity associations, with those of add-ons.
    fn pod_identities(&self, cluster: &str) -> impl Future<Output = Result<Vec<PodIdentity>, PhaseError>> + Send;

    /// Makes a Pod Identity association, and gives its ARN.
    fn create_pod_identity(
        &self,
        cluster: &str,
        association: &PodIdentity,
        tags: &Tags,
        token: &str,
    ) -> impl Future<Output = Result<String, PhaseError>> + Send;
}
