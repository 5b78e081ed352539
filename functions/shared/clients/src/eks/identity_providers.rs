//! The identity providers of an EKS cluster's users.

use super::{created, found, read};
use crate::{Account, error::phase_error};
use aws_sdk_eks::types::{IdentityProviderConfig, OidcIdentityProviderConfig, OidcIdentityProviderConfigRequest};
use domain::{
    PhaseError, Tags,
    plan::compute::IdentityProvider,
    ports::{IdentityProviders, clusters::IdentityProviderStatus},
};

impl IdentityProviders for Account {
    async fn identity_providers(&self, cluster: &str) -> Result<Vec<(String, String)>, PhaseError> {
        let found = self
            .eks()
            .list_identity_provider_configs()
            .cluster_name(cluster)
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(|error| phase_error(&format!("listing the identity providers of {cluster}"), &error))?;
        Ok(found.iter().map(|config| (config.name().to_owned(), config.r#type().to_owned())).collect())
    }

    async fn identity_provider(&self, cluster: &str, name: &str) -> Result<Option<IdentityProviderStatus>, PhaseError> {
        let context = format!("reading the identity provider {name} of {cluster}");
        let config = IdentityProviderConfig::builder().r#type("oidc").name(name).build();
        let config = config.map_err(|error| PhaseError::refused(format!("{context}: {error}")))?;
        let answer =
            self.eks().describe_identity_provider_config().cluster_name(cluster).identity_provider_config(config);
        let answer = found(&context, answer.send().await)?;
        Ok(answer.and_then(|answer| answer.identity_provider_config?.oidc).map(|oidc| status(&oidc)))
    }

    async fn associate_identity_provider(
        &self,
        cluster: &str,
        provider: &IdentityProvider,
        tags: &Tags,
        token: &str,
    ) -> Result<(), PhaseError> {
        let context = format!("associating the identity provider {} with {cluster}", provider.name);
        let claims = Some(provider.required_claims.clone()).filter(|claims| !claims.is_empty());
        let request = OidcIdentityProviderConfigRequest::builder()
            .identity_provider_config_name(&provider.name)
            .issuer_url(&provider.issuer_url)
            .client_id(&provider.client_id)
            .set_username_claim(provider.username_claim.clone())
            .set_username_prefix(provider.username_prefix.clone())
            .set_groups_claim(provider.groups_claim.clone())
            .set_groups_prefix(provider.groups_prefix.clone())
            .set_required_claims(claims.map(|claims| claims.into_iter().collect()))
            .build()
            .map_err(|error| PhaseError::refused(format!("{context}: {error}")))?;
        let answer = self
            .eks()
            .associate_identity_provider_config()
            .client_request_token(token)
            .cluster_name(cluster)
            .oidc(request)
            .set_tags(Some(tags.clone().into_iter().collect()))
            .send()
            .await;
        created(&context, answer).map(drop)
    }
}

fn status(found: &OidcIdentityProviderConfig) -> IdentityProviderStatus {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let given = |value: Option<&str>| value.filter(|value| !value.is_empty()).map(ToOwned::to_owned);
    let provider = IdentityProvider {
        name: text(found.identity_provider_config_name()),
        issuer_url: text(found.issuer_url()),
        client_id: text(found.client_id()),
        username_claim: given(found.username_claim()),
        username_prefix: given(found.username_prefix()),
        groups_claim: given(found.groups_claim()),
        groups_prefix: given(found.groups_prefix()),
        required_claims: read::tags(found.required_claims()),
        tags: read::tags(found.tags()),
    };
    IdentityProviderStatus {
        provider,
        status: found.status().map_or_else(String::new, |status| status.as_str().to_owned()),
    }
}
