//! What becomes of the ways by which Pods get AWS credentials.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What becomes of the ways by which Pods get AWS credentials.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Identities {
    /// What becomes of the IAM roles that Pods take through blue's OIDC provider (IRSA): green has another issuer.
    pub irsa: Irsa,
}

/// What becomes of the IAM roles that Pods take through blue's OIDC provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Irsa {
    /// Where any is in use the migration is refused, with the list.
    #[default]
    Refuse,
    /// Green gets an OIDC provider, and the trust policy of each role in use what it says of blue's provider, said of green's. The way back takes
    /// both away, the cleanup what is blue's.
    Extend,
    /// Each service account in use gets an EKS Pod Identity association on green, and the role's trust policy what lets EKS assume it for
    /// that service account, unless it lets EKS already. The way back takes that away, the cleanup what is blue's.
    #[serde(rename = "podIdentity")]
    PodIdentity,
}
