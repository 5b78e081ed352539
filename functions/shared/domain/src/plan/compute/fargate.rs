//! Fargate profiles.

use super::{Issue, Tags};
use serde::{Deserialize, Serialize};

/// A Fargate profile, in the words of <https://docs.aws.amazon.com/eks/latest/APIReference/API_FargateProfile.html>. It never changes
/// but for its tags.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FargateProfile {
    /// Its name, unique in its cluster: green's has the same.
    pub name: String,
    /// ARN of the Fargate profile.
    pub arn: String,
    /// The IAM role by which Fargate fetches images and joins the cluster.
    pub pod_execution_role_arn: String,
    /// Its subnets, private ones all of them; green's are the same.
    pub subnet_ids: Vec<String>,
    /// Which Pods run on Fargate: those that one of these selects.
    pub selectors: Vec<FargateSelector>,
    /// Tags of the Fargate profile.
    pub tags: Tags,
    /// `CREATING`, `ACTIVE`, `DELETING`, `CREATE_FAILED` or `DELETE_FAILED`.
    pub status: String,
    /// What EKS complains of.
    pub issues: Vec<Issue>,
}

/// What selects Pods for Fargate
/// (<https://docs.aws.amazon.com/eks/latest/APIReference/API_FargateProfileSelector.html>).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FargateSelector {
    /// The namespace of the Pods; `*` and `?` are wildcards.
    pub namespace: String,
    /// Labels that the Pods must have, each with its value; `*` and `?` are wildcards.
    pub labels: Tags,
}
