//! What the ledger holds: entries for everything that Bascule created, intends to create or has deleted.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{fmt, str::FromStr};

/// Whose a resource is; also the value of the tag `bascule:side`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The cluster that serves when the migration starts.
    Blue,
    /// The cluster that replaces it.
    Green,
    /// What exists only for qualification and switching.
    Temporary,
}

impl Side {
    /// As in keys and tags.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Blue => "blue",
            Self::Green => "green",
            Self::Temporary => "temporary",
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Side {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Blue, Self::Green, Self::Temporary]
            .into_iter()
            .find(|side| side.name() == text)
            .ok_or_else(|| format!("{text:?} is no side"))
    }
}

/// What kind of thing an entry stands for, in AWS's and Kubernetes' own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Kind {
    /// An EC2 security group.
    SecurityGroup,
    /// A rule that Bascule added to a security group that it did not create.
    SecurityGroupRule,
    /// An EC2 launch template.
    LaunchTemplate,
    /// An EKS control plane.
    Cluster,
    /// An EKS access entry.
    AccessEntry,
    /// An EKS add-on.
    Addon,
    /// An EKS Pod Identity association.
    PodIdentityAssociation,
    /// An EKS managed node group.
    NodeGroup,
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
    /// An API Gateway REST API.
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
    /// An API key in a usage plan of Bascule's own.
    UsagePlanKey,
    /// A permission on a Lambda authorizer.
    LambdaPermission,
    /// A Kubernetes object whose replicas or suspension Bascule changed; its original is in the entry.
    Workload,
    /// A bundle of manifests applied to a cluster.
    Bundle,
    /// An EventBridge Scheduler schedule.
    Schedule,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 24] = [
        Self::SecurityGroup,
        Self::SecurityGroupRule,
        Self::LaunchTemplate,
        Self::Cluster,
        Self::AccessEntry,
        Self::Addon,
        Self::PodIdentityAssociation,
        Self::NodeGroup,
        Self::LoadBalancer,
        Self::TargetGroup,
        Self::Listener,
        Self::TargetGroupAttachment,
        Self::VpcLink,
        Self::RestApi,
        Self::Deployment,
        Self::Stage,
        Self::StageShift,
        Self::Integration,
        Self::UsagePlan,
        Self::UsagePlanKey,
        Self::LambdaPermission,
        Self::Workload,
        Self::Bundle,
        Self::Schedule,
    ];

    /// As in keys and messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SecurityGroup => "SecurityGroup",
            Self::SecurityGroupRule => "SecurityGroupRule",
            Self::LaunchTemplate => "LaunchTemplate",
            Self::Cluster => "Cluster",
            Self::AccessEntry => "AccessEntry",
            Self::Addon => "Addon",
            Self::PodIdentityAssociation => "PodIdentityAssociation",
            Self::NodeGroup => "NodeGroup",
            Self::LoadBalancer => "LoadBalancer",
            Self::TargetGroup => "TargetGroup",
            Self::Listener => "Listener",
            Self::TargetGroupAttachment => "TargetGroupAttachment",
            Self::VpcLink => "VpcLink",
            Self::RestApi => "RestApi",
            Self::Deployment => "Deployment",
            Self::Stage => "Stage",
            Self::StageShift => "StageShift",
            Self::Integration => "Integration",
            Self::UsagePlan => "UsagePlan",
            Self::UsagePlanKey => "UsagePlanKey",
            Self::LambdaPermission => "LambdaPermission",
            Self::Workload => "Workload",
            Self::Bundle => "Bundle",
            Self::Schedule => "Schedule",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or_else(|| format!("{text:?} is no kind"))
    }
}

/// Names one thing within a migration: `RESOURCE#side#kind#name` in the table.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ResourceKey {
    /// Whose it is.
    pub side: Side,
    /// What it is.
    pub kind: Kind,
    /// What distinguishes it, stable over retries: usually the name of what it is a clone of.
    pub name: String,
}

impl ResourceKey {
    /// A key.
    pub fn new(side: Side, kind: Kind, name: impl Into<String>) -> Self {
        Self { side, kind, name: name.into() }
    }
}

impl fmt::Display for ResourceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RESOURCE#{}#{}#{}", self.side, self.kind, self.name)
    }
}

impl FromStr for ResourceKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.splitn(4, '#');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some("RESOURCE"), Some(side), Some(kind), Some(name)) => Ok(Self::new(side.parse()?, kind.parse()?, name)),
            _ => Err(format!("{text:?} is no resource key")),
        }
    }
}

/// How far a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// About to be created: it may exist or not.
    Intended,
    /// Created.
    Present,
    /// Deleted, or never created.
    Absent,
}

impl Status {
    /// As in the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Intended => "intended",
            Self::Present => "present",
            Self::Absent => "absent",
        }
    }
}

/// One thing that Bascule created or changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Which.
    pub key: ResourceKey,
    /// How far.
    pub status: Status,
    /// The id or ARN by which AWS knows it, once present.
    pub id: Option<String>,
    /// What is needed to put things back, such as the original of what was changed; `null` where nothing is. Never a secret.
    pub detail: Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_read_back_as_it_was_written() {
        for kind in Kind::ALL {
            for side in [Side::Blue, Side::Green, Side::Temporary] {
                let key = ResourceKey::new(side, kind, "default/web#1");
                assert_eq!(key.to_string().parse(), Ok(key));
            }
        }
    }

    #[test]
    fn anything_else_is_no_key() {
        for text in ["", "META", "RESOURCE#blue#Cluster", "RESOURCE#red#Cluster#a", "RESOURCE#blue#Bucket#a"] {
            assert!(text.parse::<ResourceKey>().is_err(), "{text}");
        }
    }
}
