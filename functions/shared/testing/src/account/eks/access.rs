//! Access entries, Pod Identity associations and identity providers.

use super::super::{Account, aws::pair, time::Change};
use super::{arn, names};
use domain::plan::compute::{AccessEntry, AccessPolicy, IdentityProvider, PodIdentity};
use domain::ports::clusters::IdentityProviderStatus;
use domain::ports::{Access, IdentityProviders};
use domain::{PhaseError, Tags};

/// The answer of EKS to what asks for access entries of a cluster in `CONFIG_MAP` mode (terraform-aws-modules/terraform-aws-eks#3048).
const NO_ENTRIES: &str = "InvalidRequestException: The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation.";

impl Access for Account {
    async fn access_entries(&self, cluster: &str) -> Result<Vec<String>, PhaseError> {
        self.read("eks:ListAccessEntries", |aws| names(&aws.access_entries, cluster))
    }

    async fn access_entry(&self, cluster: &str, principal_arn: &str) -> Result<Option<AccessEntry>, PhaseError> {
        let found = self.read("eks:DescribeAccessEntry", |aws| {
            let is_closed =
                aws.clusters.get(cluster).is_some_and(|found| found.cluster.authentication_mode == "CONFIG_MAP");
            (is_closed, aws.access_entries.get(&pair(cluster, principal_arn)).cloned())
        })?;
        if found.0 { Err(PhaseError::refused(NO_ENTRIES)) } else { Ok(found.1) }
    }

    async fn create_access_entry(
        &self,
        cluster: &str,
        entry: &AccessEntry,
        tags: &Tags,
        _: &str,
    ) -> Result<String, PhaseError> {
        self.change("eks:CreateAccessEntry", |aws| {
            let key = pair(cluster, &entry.principal_arn);
            let Some(found) = aws.clusters.get(cluster) else {
                return Err(PhaseError::refused("ResourceNotFoundException"));
            };
            if found.cluster.authentication_mode == "CONFIG_MAP" {
                return Err(PhaseError::refused(NO_ENTRIES));
            }
            if aws.access_entries.contains_key(&key) {
                return Err(PhaseError::conflict(format!("ResourceInUseException: {}", entry.principal_arn)));
            }
            aws.create("AccessEntry", "", &format!("{cluster} {}", entry.principal_arn));
            let created = AccessEntry { policies: Vec::new(), tags: tags.clone(), ..entry.clone() };
            aws.access_entries.insert(key, created);
            Ok(arn("access-entry", &format!("{cluster}/1")))
        })
    }

    async fn associate_access_policy(
        &self,
        cluster: &str,
        principal_arn: &str,
        policy: &AccessPolicy,
    ) -> Result<(), PhaseError> {
        self.change("eks:AssociateAccessPolicy", |aws| {
            let entry = aws.access_entries.get_mut(&pair(cluster, principal_arn));
            let entry = entry.ok_or_else(|| PhaseError::refused("ResourceNotFoundException"))?;
            if !entry.policies.contains(policy) {
                entry.policies.push(policy.clone());
            }
            Ok(())
        })
    }

    async fn delete_access_entry(&self, cluster: &str, principal_arn: &str) -> Result<(), PhaseError> {
        self.change("eks:DeleteAccessEntry", |aws| {
            aws.access_entries.remove(&pair(cluster, principal_arn));
            Ok(())
        })
    }

    async fn pod_identities(&self, cluster: &str) -> Result<Vec<PodIdentity>, PhaseError> {
        self.read("eks:ListPodIdentityAssociations", |aws| {
            aws.pod_identities.iter().filter(|((of, _), _)| of == cluster).map(|(_, found)| found.clone()).collect()
        })
    }

    async fn create_pod_identity(
        &self,
        cluster: &str,
        association: &PodIdentity,
        tags: &Tags,
        _: &str,
    ) -> Result<String, PhaseError> {
        let name = association.key();
        self.change("eks:CreatePodIdentityAssociation", |aws| {
            if aws.pod_identities.contains_key(&pair(cluster, &name)) {
                return Err(PhaseError::conflict(format!("ResourceInUseException: {name}")));
            }
            aws.lets_pods(&association.role_arn, Some(&association.namespace), &association.service_account)?;
            aws.create("PodIdentityAssociation", "", &name);
            let arn = arn("podidentityassociation", &format!("{cluster}/{name}"));
            let created = PodIdentity { arn: arn.clone(), tags: tags.clone(), ..association.clone() };
            aws.pod_identities.insert(pair(cluster, &name), created);
            Ok(arn)
        })
    }
}

impl IdentityProviders for Account {
    async fn identity_providers(&self, cluster: &str) -> Result<Vec<(String, String)>, PhaseError> {
        self.read("eks:ListIdentityProviderConfigs", |aws| {
            names(&aws.identity_providers, cluster).into_iter().map(|name| (name, "oidc".to_owned())).collect()
        })
    }

    async fn identity_provider(&self, cluster: &str, name: &str) -> Result<Option<IdentityProviderStatus>, PhaseError> {
        self.read("eks:DescribeIdentityProviderConfig", |aws| aws.identity_providers.get(&pair(cluster, name)).cloned())
    }

    async fn associate_identity_provider(
        &self,
        cluster: &str,
        provider: &IdentityProvider,
        tags: &Tags,
        _: &str,
    ) -> Result<(), PhaseError> {
        self.change("eks:AssociateIdentityProviderConfig", |aws| {
            // One at most (https://docs.aws.amazon.com/eks/latest/userguide/authenticate-oidc-identity-provider.html).
            if !names(&aws.identity_providers, cluster).is_empty() {
                return Err(PhaseError::conflict(format!("ResourceInUseException: {}", provider.name)));
            }
            let found = aws.clusters.get_mut(cluster).filter(|found| found.status == "ACTIVE");
            let found = found.ok_or_else(|| PhaseError::not_ready("InvalidRequestException: not in ACTIVE status"))?;
            "UPDATING".clone_into(&mut found.status);
            aws.create("IdentityProvider", "", &provider.name);
            let provider = IdentityProvider { tags: tags.clone(), ..provider.clone() };
            let key = pair(cluster, &provider.name);
            let associated = Change::IdentityProviderAssociated(key.0.clone(), key.1.clone());
            aws.identity_providers.insert(key, IdentityProviderStatus { provider, status: "CREATING".to_owned() });
            aws.later(|durations| durations.identity_provider, associated);
            Ok(())
        })
    }
}
