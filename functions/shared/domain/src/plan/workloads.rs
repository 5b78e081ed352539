//! What runs on the clusters, as preflight found it in the bundles.

use super::ebs::EbsDriver;
use crate::{
    input::{Host, Replacement},
    object::ObjectId,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// What runs on the clusters.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Workloads {
    /// The bundles, in the order in which they are applied.
    pub bundles: Vec<Bundle>,
    /// Everything that makes Pods, Services that get a load balancer of their own, and held custom resources; an autoscaler comes before
    /// what it scales.
    pub workloads: Vec<Workload>,
    /// The hosts of the routes and what they are called while green is qualified.
    pub hosts: Vec<Host>,
    /// How many routes are rewritten to temporary hosts.
    pub routes: usize,
    /// What names blue in the bundles, and what it becomes on green.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replace: Vec<Replacement>,
    /// The IAM roles that Pods of the bundles take through their cluster's OIDC provider.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assumed: Vec<Assumed>,
    /// What the bundles' objects keep in volumes, and what becomes of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<Volume>,
    /// The volumes of Amazon EBS that green gets copies of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<Copied>,
    /// Karpenter's NodePools and EC2NodeClasses in the bundles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub node_pools: Vec<ObjectId>,
}

/// What an object of the bundles keeps in volumes, and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Volume {
    /// The object.
    pub id: ObjectId,
    /// What becomes of it.
    pub becomes: Becomes,
    /// What it asks for.
    pub claims: Vec<Claim>,
}

/// What becomes of volumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Becomes {
    /// They start anew on green.
    Empty,
    /// Both clusters use the same file system.
    Shared,
    /// Green gets copies of volumes of Amazon EBS, made while what has them stands still within the switch.
    Snapshot,
}

/// A volume of Amazon EBS that green gets a copy of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Copied {
    /// The namespace of its claim, the same on both sides.
    pub namespace: String,
    /// The name of its claim.
    pub claim: String,
    /// Blue's volume.
    pub volume_id: String,
    /// Its size, in GiB.
    pub gib: i32,
    /// Such as `gp3`.
    pub volume_type: String,
    /// The Availability Zone of both.
    pub zone: String,
    /// The storage class of green's claim.
    pub class: String,
    /// The driver that has blue's volume, and will have green's.
    #[serde(default)]
    pub driver: EbsDriver,
    /// The holds whose Pods have it.
    pub holders: Vec<ObjectId>,
}

impl Copied {
    /// The claim, as `namespace/name`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.namespace, self.claim)
    }

    /// The name of the copy's `PersistentVolume` on green.
    #[must_use]
    pub fn volume_name(&self) -> String {
        format!("copy-of-{}", self.volume_id)
    }
}

/// `vol-1 (100 GiB of gp3 for shop/data-db-0)`.
impl fmt::Display for Copied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} GiB of {} for {})", self.volume_id, self.gib, self.volume_type, self.name())
    }
}

/// One volume, or several alike, that an object asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Claim {
    /// The claim's or its template's name, or the field of a custom resource.
    pub name: String,
    /// Its size, as Kubernetes writes quantities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// Its storage class; the cluster's default one where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
}

/// `data, 10Gi of class gp3`.
impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, size, class } = self;
        let size = size.as_deref().unwrap_or("of its controller's size");
        match class {
            Some(class) => write!(f, "{name}, {size} of class {class:?}"),
            None => write!(f, "{name}, {size} of the default class"),
        }
    }
}

/// `StatefulSet/shop/search (data, 10Gi of class gp3)`.
impl fmt::Display for Volume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let claims: Vec<String> = self.claims.iter().map(ToString::to_string).collect();
        write!(f, "{} ({})", self.id, claims.join("; "))
    }
}

/// An IAM role that Pods take through their cluster's OIDC provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Assumed {
    /// The role.
    pub role_arn: String,
    /// By what, for people: object, document, and the JSON path of its bundle.
    pub by: String,
    /// The service account that is given it, namespace and name; none where a container takes it by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account: Option<(String, String)>,
}

/// One bundle of manifests, as S3 served it to preflight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bundle {
    /// Where it is, as the input says.
    pub uri: String,
    /// The version of the S3 object, where its bucket keeps versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The entity tag of the S3 object.
    pub etag: String,
    /// SHA-256 of its bytes, hexadecimal: the phases apply nothing else.
    pub digest: String,
    /// How many Kubernetes objects are in it, lists flattened.
    pub objects: usize,
}

/// One workload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Workload {
    /// Which.
    pub id: ObjectId,
    /// Whether it is suspended on green until the switch, and on blue after it.
    pub held: bool,
    /// The images of its containers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<String>,
    /// How many Pods the manifest asks for; absent where its kind does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<i64>,
    /// Whether an autoscaler of the bundles decides its replicas.
    #[serde(default)]
    pub autoscaled: bool,
    /// The merge patch that resumes a hold as its manifest says.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub resume: Value,
}

impl Workloads {
    /// The workloads that run in one cluster only.
    pub fn holds(&self) -> impl Iterator<Item = &Workload> {
        self.workloads.iter().filter(|workload| workload.held)
    }

    /// The workloads that run on both sides.
    pub fn runs(&self) -> impl Iterator<Item = &Workload> {
        self.workloads.iter().filter(|workload| !workload.held)
    }

    /// Whether this object is suspended until the switch.
    #[must_use]
    pub fn is_held(&self, id: &ObjectId) -> bool {
        self.holds().any(|hold| hold.id.identity() == id.identity())
    }

    /// The copy that this object of the bundles is the claim of.
    #[must_use]
    pub fn copy_for(&self, id: &ObjectId) -> Option<&Copied> {
        let is_claim = id.group().is_empty() && id.kind == "PersistentVolumeClaim";
        let mut copies = self.copies.iter().filter(|_| is_claim);
        copies.find(|copied| copied.claim == id.name && copied.namespace == id.namespace_or_default())
    }

    /// Whether an autoscaler decides this object's replicas.
    #[must_use]
    pub fn is_autoscaled(&self, id: &ObjectId) -> bool {
        self.workloads.iter().any(|workload| workload.autoscaled && workload.id.identity() == id.identity())
    }
}
