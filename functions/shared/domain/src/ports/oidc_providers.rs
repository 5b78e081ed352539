//! AWS IAM's `OpenID` Connect providers as phases use them.

use crate::{PhaseError, Tags};
use serde::{Deserialize, Serialize};
use std::future::Future;

/// An IAM OIDC provider
/// (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetOpenIDConnectProvider.html>).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OidcProvider {
    /// Its ARN, which ends with the issuer's URL without the scheme.
    pub arn: String,
    /// The audiences that tokens may be for.
    pub client_ids: Vec<String>,
    /// Thumbprints of the issuer's certificate authority. IAM does not look at those of an issuer such as EKS, whose authority it knows.
    pub thumbprints: Vec<String>,
    /// Its tags.
    pub tags: Tags,
}

/// IAM OIDC providers.
pub trait OidcProviders: Sync {
    /// The provider with this ARN; `None` where it does not exist.
    fn oidc_provider(&self, arn: &str) -> impl Future<Output = Result<Option<OidcProvider>, PhaseError>> + Send;

    /// Makes a provider for the issuer that its ARN names; `Conflict` where there is one.
    fn create_oidc_provider(&self, provider: &OidcProvider) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Deletes a provider; does nothing where it is gone. Roles that name it keep naming it.
    fn delete_oidc_provider(&self, arn: &str) -> impl Future<Output = Result<(), PhaseError>> + Send;
}
