//! EKS add-ons.

use super::{created, found, read};
use crate::{Account, error::phase_error};
use aws_sdk_eks::types::{AddonNamespaceConfigRequest, AddonPodIdentityAssociations, ResolveConflicts};
use domain::{
    PhaseError, Tags,
    plan::compute::Addon,
    ports::{
        Addons,
        clusters::{AddonOffer, AddonSchema, AddonStatus},
    },
};

impl Addons for Account {
    async fn addon_names(&self, cluster: &str) -> Result<Vec<String>, PhaseError> {
        self.eks()
            .list_addons()
            .cluster_name(cluster)
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(|error| phase_error(&format!("listing the add-ons of {cluster}"), &error))
    }

    async fn addon(&self, cluster: &str, name: &str) -> Result<Option<AddonStatus>, PhaseError> {
        let context = format!("reading the add-on {name} of {cluster}");
        let answer = self.eks().describe_addon().cluster_name(cluster).addon_name(name).send().await;
        Ok(found(&context, answer)?.and_then(|answer| answer.addon).map(|addon| read::addon(&addon)))
    }

    async fn addon_versions(&self, name: &str, kubernetes_version: &str) -> Result<AddonOffer, PhaseError> {
        let addons = self
            .eks()
            .describe_addon_versions()
            .addon_name(name)
            .kubernetes_version(kubernetes_version)
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await;
        let addons = match addons {
            Err(error) if super::is_gone(&error) => Vec::new(),
            addons => {
                addons.map_err(|error| phase_error(&format!("reading the versions of the add-on {name}"), &error))?
            }
        };
        let mut offer = AddonOffer::default();
        for addon in addons.iter().filter(|addon| addon.addon_name() == Some(name)) {
            offer.default_namespace = addon.default_namespace().map(ToOwned::to_owned);
            // The answer is filtered already; the default is said for each Kubernetes version.
            offer.versions.extend(addon.addon_versions().iter().filter_map(|version| {
                let default = version
                    .compatibilities()
                    .iter()
                    .any(|support| support.cluster_version() == Some(kubernetes_version) && support.default_version());
                version.addon_version().map(|version| (version.to_owned(), default))
            }));
        }
        Ok(offer)
    }

    async fn addon_schema(&self, name: &str, version: &str) -> Result<Option<AddonSchema>, PhaseError> {
        let context = format!("reading what the configuration of the add-on {name} {version} may hold");
        let answer = self.eks().describe_addon_configuration().addon_name(name).addon_version(version).send().await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) if super::is_gone(&error) => return Ok(None),
            Err(error) => return Err(phase_error(&context, &error)),
        };
        let accounts = answer.pod_identity_configuration().iter();
        Ok(Some(AddonSchema {
            service_accounts: accounts.filter_map(|one| one.service_account().map(ToOwned::to_owned)).collect(),
            schema: answer.configuration_schema.unwrap_or_default(),
        }))
    }

    async fn create_addon(&self, cluster: &str, addon: &Addon, tags: &Tags, token: &str) -> Result<String, PhaseError> {
        let context = format!("creating the add-on {} of {cluster}", addon.name);
        let identities = addon
            .pod_identities
            .iter()
            .map(|(account, role)| {
                AddonPodIdentityAssociations::builder().service_account(account).role_arn(role).build()
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| PhaseError::refused(format!("{context}: a Pod Identity association lacks its role")))?;
        let answer = self
            .eks()
            .create_addon()
            .client_request_token(token)
            .cluster_name(cluster)
            .addon_name(&addon.name)
            .addon_version(&addon.version)
            // The self-managed ones that a new cluster may have are replaced.
            .resolve_conflicts(ResolveConflicts::Overwrite)
            .set_configuration_values(addon.configuration.clone())
            .set_service_account_role_arn(addon.service_account_role_arn.clone())
            .set_pod_identity_associations(Some(identities).filter(|identities| !identities.is_empty()))
            .set_namespace_config(
                addon
                    .namespace
                    .as_ref()
                    .map(|namespace| AddonNamespaceConfigRequest::builder().namespace(namespace).build()),
            )
            .set_tags(Some(tags.clone().into_iter().collect()))
            .send()
            .await;
        created(&context, answer)?
            .addon
            .and_then(|addon| addon.addon_arn)
            .ok_or_else(|| PhaseError::unavailable(format!("{context}: EKS answered without an ARN")))
    }
}
