//! The kinds of resources that Bascule creates, changes and deletes: one file a kind, with all that is true of it.

pub mod access_entry;
pub mod addon;
pub mod authentication_mode;
pub mod bundle;
pub mod cluster;
pub mod deployment;
pub mod fargate_profile;
pub mod identity_provider;
pub mod integration;
pub mod lambda_permission;
pub mod launch_template;
pub mod listener;
pub mod load_balancer;
pub mod log_group;
pub mod node_group;
pub mod node_pool;
pub mod oidc_provider;
pub mod pod_identity_association;
pub mod rest_api;
pub mod schedule;
pub mod security_group;
pub mod security_group_rule;
pub mod service;
pub mod snapshot;
pub mod stage;
pub mod stage_shift;
pub mod target_group;
pub mod target_group_attachment;
pub mod trust_statement;
pub mod usage_plan;
pub mod volume;
pub mod volume_copy;
pub mod vpc_link;
pub mod workload;

use serde::{Deserialize, Serialize};

/// The kind of a resource, in AWS's and Kubernetes' own words.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
pub enum Kind {
    /// An EC2 security group.
    SecurityGroup,
    /// A rule that Bascule added to a security group that it did not create.
    SecurityGroupRule,
    /// An EC2 launch template.
    LaunchTemplate,
    /// An EKS control plane.
    Cluster,
    /// The authentication mode of an EKS control plane.
    AuthenticationMode,
    /// The CloudWatch log group of an EKS control plane.
    LogGroup,
    /// An EKS access entry.
    AccessEntry,
    /// An EKS add-on.
    Addon,
    /// An EKS Pod Identity association.
    PodIdentityAssociation,
    /// The configuration of an OIDC identity provider of a cluster's users.
    IdentityProvider,
    /// The IAM OIDC provider of a cluster.
    OidcProvider,
    /// The statements of an IAM role's trust policy by which Pods of a cluster take the role.
    TrustStatement,
    /// An EKS managed node group.
    NodeGroup,
    /// An EKS Fargate profile.
    FargateProfile,
    /// A NodePool or an EC2NodeClass, with the nodes that Karpenter makes for it.
    NodePool,
    /// A Network Load Balancer.
    LoadBalancer,
    /// A target group.
    TargetGroup,
    /// A listener of a load balancer.
    Listener,
    /// An Auto Scaling group attached to a target group.
    TargetGroupAttachment,
    /// An API Gateway VPC link.
    VpcLink,
    /// An API of API Gateway: a REST API or an HTTP API.
    RestApi,
    /// An API Gateway deployment.
    Deployment,
    /// An API Gateway stage of Bascule's own.
    Stage,
    /// What the user's stage pointed at before Bascule moved it.
    StageShift,
    /// The original of an integration while Bascule has it patched.
    Integration,
    /// An API Gateway usage plan.
    UsagePlan,
    /// A statement in the resource policy of a Lambda function.
    LambdaPermission,
    /// A Kubernetes object whose replicas or suspension Bascule changed; its original is in the entry.
    Workload,
    /// A bundle of manifests applied to a cluster.
    Bundle,
    /// What an object of the bundles keeps in volumes on a cluster.
    Volume,
    /// A snapshot of a volume of Amazon EBS.
    Snapshot,
    /// A volume of Amazon EBS that was made from a snapshot of one of blue's.
    VolumeCopy,
    /// A Kubernetes Service whose load balancer stands before the API: the load balancer goes with it.
    Service,
    /// An EventBridge Scheduler schedule.
    Schedule,
}

impl Kind {
    /// As in keys and messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The kind of the resource with which AWS deletes this one: nothing deletes it on its own.
    #[must_use]
    pub const fn goes_with(self) -> Option<Self> {
        match self {
            Self::Addon
            | Self::AccessEntry
            | Self::AuthenticationMode
            | Self::PodIdentityAssociation
            | Self::IdentityProvider
            | Self::Workload
            | Self::Bundle => Some(Self::Cluster),
            Self::Listener => Some(Self::LoadBalancer),
            _ => None,
        }
    }

    /// Whether the entry holds the original of something that Bascule changed for the switch, so that traffic can go back to
    /// blue. Nothing is deleted for it: it is void once there is no blue.
    #[must_use]
    pub const fn is_way_back(self) -> bool {
        matches!(self, Self::StageShift | Self::Integration)
    }

    /// Whether green keeps it once blue is deleted. What does not stay only served the switch and the way back.
    #[must_use]
    pub const fn stays_with_green(self) -> bool {
        !self.is_way_back() && !matches!(self, Self::Schedule)
    }
}
