//! A control plane and what hangs on it: add-ons, access entries, Pod Identity associations.

use super::{AutoMode, Tags};
use serde::{Deserialize, Serialize};

/// An EKS cluster, in the words of
/// <https://docs.aws.amazon.com/eks/latest/APIReference/API_Cluster.html>.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "as EKS says it")]
pub struct Cluster {
    /// Name of the cluster.
    pub name: String,
    /// ARN of the cluster.
    pub arn: String,
    /// Its Kubernetes version, such as `1.33`.
    pub version: String,
    /// The IAM role of the control plane.
    pub role_arn: String,
    /// Id of the VPC.
    pub vpc_id: String,
    /// The subnets of the control plane's network interfaces.
    pub subnet_ids: Vec<String>,
    /// Additional security groups of the control plane.
    pub security_group_ids: Vec<String>,
    /// The group that EKS made for the cluster; empty while it is being created.
    pub cluster_security_group_id: String,
    /// Whether the endpoint answers from the internet.
    pub endpoint_public_access: bool,
    /// Whether the endpoint answers inside the VPC.
    pub endpoint_private_access: bool,
    /// From where on the internet.
    pub public_access_cidrs: Vec<String>,
    /// `API`, `API_AND_CONFIG_MAP` or `CONFIG_MAP`.
    pub authentication_mode: String,
    /// Addresses of Services, where the family is `ipv4`.
    pub service_cidr: Option<String>,
    /// `ipv4` or `ipv6`.
    pub ip_family: String,
    /// Log types that are sent to CloudWatch.
    pub logging: Vec<String>,
    /// The KMS key of the envelope encryption, where it is not AWS's own.
    pub encryption_key_arn: Option<String>,
    /// `STANDARD` or `EXTENDED`.
    pub support_type: Option<String>,
    /// Whether EKS refuses to delete it.
    pub deletion_protection: bool,
    /// Whether zonal shift is enabled.
    pub zonal_shift: bool,
    /// How the control plane reaches what is outside of AWS: `AWS_MANAGED`, `CUSTOMER_ROUTED` or `CUSTOMER_ISOLATED`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub egress_mode: Option<String>,
    /// How its Kubernetes components are set, where not as Kubernetes sets them itself.
    #[serde(default)]
    pub components: Components,
    /// How it is in EKS Auto Mode, where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_mode: Option<AutoMode>,
    /// The tier of a provisioned control plane.
    pub scaling_tier: Option<String>,
    /// Tags of the cluster.
    pub tags: Tags,
    /// Where the Kubernetes API answers; empty while it is being created.
    pub endpoint: String,
    /// The certificate authority of that endpoint, base64 of PEM.
    pub certificate_authority: String,
    /// Who issues the tokens of its service accounts, a URL; empty while it is being created.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub oidc_issuer: String,
    /// Settings that Bascule cannot copy, in the words of the API.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_copied: Vec<String>,
}

/// How long the identifier of a cluster is at least that begins its endpoint and ends its OIDC issuer.
const IDENTIFIER: usize = 16;

impl Cluster {
    /// What names the cluster: its name, its endpoint and the identifier in it, and its OIDC issuer.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let bare = |url: &str| url.trim_start_matches("https://").trim_end_matches('/').to_owned();
        let (endpoint, issuer) = (bare(&self.endpoint), bare(&self.oidc_issuer));
        let identifiers = [endpoint.split('.').next(), issuer.rsplit('/').next()];
        let identifiers =
            identifiers.into_iter().flatten().filter(|label| label.len() >= IDENTIFIER).map(str::to_owned);
        let mut names: Vec<String> = identifiers.collect();
        names.dedup();
        names.splice(0..0, [self.name.clone(), endpoint]);
        names.push(issuer);
        names.retain(|name| !name.is_empty());
        names
    }
}

/// Settings of a control plane's Kubernetes components, each only where it is not Kubernetes' own default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Components {
    /// The node ports of Services, first and last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_ports: Option<(i32, i32)>,
    /// How long events are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_ttl: Option<String>,
    /// How the scheduler scores nodes: the strategy, and the weight of each resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scoring: Option<(String, Vec<(String, i32)>)>,
    /// How many ended Pods are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_pods: Option<i32>,
    /// How often `HorizontalPodAutoscaler` objects are looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autoscaler_period: Option<String>,
}

/// A cluster at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterStatus {
    /// What it is.
    pub cluster: Cluster,
    /// `CREATING`, `ACTIVE`, `DELETING`, `FAILED`, `UPDATING` or `PENDING`.
    pub status: String,
    /// Since when it exists.
    pub created_at: jiff::Timestamp,
    /// What EKS complains of.
    pub issues: Vec<Issue>,
}

/// What EKS complains of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// The code, such as `AsgInstanceLaunchFailures`.
    pub code: String,
    /// For people.
    pub message: String,
}

impl Issue {
    /// All issues in one line.
    #[must_use]
    pub fn list(issues: &[Self]) -> String {
        if issues.is_empty() {
            return "EKS names no reason".to_owned();
        }
        issues.iter().map(|issue| format!("{}: {}", issue.code, issue.message)).collect::<Vec<_>>().join("; ")
    }
}

/// An EKS add-on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Addon {
    /// Such as `vpc-cni`.
    pub name: String,
    /// Blue's version.
    pub blue_version: String,
    /// The version that green gets: blue's where green's Kubernetes version supports it, else the default one.
    pub version: String,
    /// The configuration, JSON or YAML as it was written.
    pub configuration: Option<String>,
    /// The role by which it reaches AWS through the cluster's OIDC provider.
    pub service_account_role_arn: Option<String>,
    /// Pod Identity associations that belong to it: service account and role.
    pub pod_identities: Vec<(String, String)>,
    /// The namespace, where it is not the add-on's own.
    pub namespace: Option<String>,
    /// Tags of the add-on.
    pub tags: Tags,
}

/// An access entry
/// (<https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html>).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessEntry {
    /// The IAM principal.
    pub principal_arn: String,
    /// `STANDARD`, `EC2_LINUX`, …
    pub entry_type: String,
    /// The name in Kubernetes, where EKS lets it be chosen.
    pub username: Option<String>,
    /// Groups in Kubernetes.
    pub kubernetes_groups: Vec<String>,
    /// EKS access policies.
    pub policies: Vec<AccessPolicy>,
    /// Tags of the access entry.
    pub tags: Tags,
}

/// An EKS access policy with its scope.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessPolicy {
    /// The policy.
    pub arn: String,
    /// The namespaces that it holds for; the whole cluster where empty.
    pub namespaces: Vec<String>,
}

/// An OIDC identity provider whose tokens a cluster's API server takes, in the words of
/// <https://docs.aws.amazon.com/eks/latest/APIReference/API_OidcIdentityProviderConfig.html>.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IdentityProvider {
    /// The name of the configuration.
    pub name: String,
    /// The URL of the issuer.
    pub issuer_url: String,
    /// The client that tokens are for.
    pub client_id: String,
    /// The claim that is the user's name.
    pub username_claim: Option<String>,
    /// What is put before that name.
    pub username_prefix: Option<String>,
    /// The claim that has the user's groups.
    pub groups_claim: Option<String>,
    /// What is put before each group.
    pub groups_prefix: Option<String>,
    /// Claims that a token must have, with their values.
    pub required_claims: Tags,
    /// Tags of the configuration.
    pub tags: Tags,
}

/// A Pod Identity association
/// (<https://docs.aws.amazon.com/eks/latest/userguide/pod-id-association.html>).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodIdentity {
    /// The id in its cluster.
    pub association_id: String,
    /// ARN of the Pod Identity association.
    pub arn: String,
    /// Namespace of the service account.
    pub namespace: String,
    /// The service account.
    pub service_account: String,
    /// The role that its Pods get.
    pub role_arn: String,
    /// The role that is assumed from that one.
    pub target_role_arn: Option<String>,
    /// The external id that EKS gives when it assumes that role; each association has another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Whether session tags are left out.
    pub disable_session_tags: bool,
    /// A session policy.
    pub policy: Option<String>,
    /// The add-on that it belongs to.
    pub owner_arn: Option<String>,
    /// Tags of the Pod Identity association.
    pub tags: Tags,
}

impl PodIdentity {
    /// What distinguishes it in a cluster.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}/{}", self.namespace, self.service_account)
    }
}
