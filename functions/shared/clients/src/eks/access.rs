//! EKS access entries and Pod Identity associations.

use super::{created, deleted, found, read};
use crate::{Account, error::phase_error};
use aws_sdk_eks::{
    operation::list_associated_access_policies::ListAssociatedAccessPoliciesOutput,
    types::{AccessScope, AccessScopeType, PodIdentityAssociation},
};
use domain::{
    PhaseError, Tags,
    plan::compute::{AccessEntry, AccessPolicy, PodIdentity},
    ports::Access,
};
use futures::TryStreamExt;

impl Access for Account {
    async fn access_entries(&self, cluster: &str) -> Result<Vec<String>, PhaseError> {
        self.eks()
            .list_access_entries()
            .cluster_name(cluster)
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(|error| phase_error(&format!("listing the access entries of {cluster}"), &error))
    }

    async fn access_entry(&self, cluster: &str, principal_arn: &str) -> Result<Option<AccessEntry>, PhaseError> {
        let context = format!("reading the access entry of {principal_arn} in {cluster}");
        let answer = self.eks().describe_access_entry().cluster_name(cluster).principal_arn(principal_arn).send().await;
        let Some(entry) = found(&context, answer)?.and_then(|answer| answer.access_entry) else {
            return Ok(None);
        };
        let pages = self
            .eks()
            .list_associated_access_policies()
            .cluster_name(cluster)
            .principal_arn(principal_arn)
            .into_paginator()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await;
        let Some(pages) = found(&context, pages)? else {
            return Ok(None);
        };
        let policies = pages
            .iter()
            .flat_map(ListAssociatedAccessPoliciesOutput::associated_access_policies)
            .map(|policy| AccessPolicy {
                arn: policy.policy_arn().unwrap_or_default().to_owned(),
                namespaces: policy.access_scope().map(|scope| scope.namespaces().to_vec()).unwrap_or_default(),
            })
            .collect();
        Ok(Some(AccessEntry {
            principal_arn: principal_arn.to_owned(),
            entry_type: entry.r#type().unwrap_or_default().to_owned(),
            username: entry.username().map(ToOwned::to_owned),
            kubernetes_groups: entry.kubernetes_groups().to_vec(),
            policies,
            tags: read::tags(entry.tags()),
        }))
    }

    async fn create_access_entry(
        &self,
        cluster: &str,
        entry: &AccessEntry,
        tags: &Tags,
        token: &str,
    ) -> Result<String, PhaseError> {
        let context = format!("creating the access entry of {} in {cluster}", entry.principal_arn);
        let answer = self
            .eks()
            .create_access_entry()
            .client_request_token(token)
            .cluster_name(cluster)
            .principal_arn(&entry.principal_arn)
            .r#type(&entry.entry_type)
            .set_username(entry.username.clone())
            .set_kubernetes_groups(Some(entry.kubernetes_groups.clone()).filter(|groups| !groups.is_empty()))
            .set_tags(Some(tags.clone().into_iter().collect()))
            .send()
            .await;
        created(&context, answer)?
            .access_entry
            .and_then(|entry| entry.access_entry_arn)
            .ok_or_else(|| PhaseError::unavailable(format!("{context}: EKS answered without an ARN")))
    }

    async fn associate_access_policy(
        &self,
        cluster: &str,
        principal_arn: &str,
        policy: &AccessPolicy,
    ) -> Result<(), PhaseError> {
        let scope = if policy.namespaces.is_empty() {
            AccessScope::builder().r#type(AccessScopeType::Cluster)
        } else {
            AccessScope::builder().r#type(AccessScopeType::Namespace).set_namespaces(Some(policy.namespaces.clone()))
        };
        self.eks()
            .associate_access_policy()
            .cluster_name(cluster)
            .principal_arn(principal_arn)
            .policy_arn(&policy.arn)
            .access_scope(scope.build())
            .send()
            .await
            .map(drop)
            .map_err(|error| {
                phase_error(&format!("giving {principal_arn} the policy {} in {cluster}", policy.arn), &error)
            })
    }

    async fn delete_access_entry(&self, cluster: &str, principal_arn: &str) -> Result<(), PhaseError> {
        let context = format!("deleting the access entry of {principal_arn} in {cluster}");
        deleted(
            &context,
            self.eks().delete_access_entry().cluster_name(cluster).principal_arn(principal_arn).send().await,
        )
    }

    async fn pod_identities(&self, cluster: &str) -> Result<Vec<PodIdentity>, PhaseError> {
        let context = format!("reading the Pod Identity associations of {cluster}");
        let client = self.eks();
        let summaries = client
            .list_pod_identity_associations()
            .cluster_name(cluster)
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(|error| phase_error(&context, &error))?;
        // The list leaves out the role: each is read.
        let reads = summaries.into_iter().filter_map(|summary| summary.association_id).map(|id| {
            let read = client.describe_pod_identity_association().cluster_name(cluster).association_id(id);
            let context = &context;
            Ok::<_, PhaseError>(async move {
                Ok(found(context, read.send().await)?
                    .and_then(|answer| answer.association)
                    .map(|found| pod_identity(&found)))
            })
        });
        let found: Vec<_> = futures::stream::iter(reads).try_buffered(4).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn create_pod_identity(
        &self,
        cluster: &str,
        association: &PodIdentity,
        tags: &Tags,
        token: &str,
    ) -> Result<String, PhaseError> {
        let context = format!("creating the Pod Identity association of {} in {cluster}", association.key());
        let answer = self
            .eks()
            .create_pod_identity_association()
            .client_request_token(token)
            .cluster_name(cluster)
            .namespace(&association.namespace)
            .service_account(&association.service_account)
            .role_arn(&association.role_arn)
            .set_target_role_arn(association.target_role_arn.clone())
            .set_disable_session_tags(association.disable_session_tags.then_some(true))
            .set_policy(association.policy.clone())
            .set_tags(Some(tags.clone().into_iter().collect()))
            .send()
            .await;
        created(&context, answer)?
            .association
            .and_then(|association| association.association_arn)
            .ok_or_else(|| PhaseError::unavailable(format!("{context}: EKS answered without an ARN")))
    }
}

fn pod_identity(found: &PodIdentityAssociation) -> PodIdentity {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    PodIdentity {
        association_id: text(found.association_id()),
        arn: text(found.association_arn()),
        namespace: text(found.namespace()),
        service_account: text(found.service_account()),
        role_arn: text(found.role_arn()),
        external_id: found.external_id().map(ToOwned::to_owned),
        target_role_arn: found.target_role_arn().map(ToOwned::to_owned),
        disable_session_tags: found.disable_session_tags().unwrap_or_default(),
        policy: found.policy().map(ToOwned::to_owned),
        owner_arn: found.owner_arn().filter(|arn| !arn.is_empty()).map(ToOwned::to_owned),
        tags: read::tags(found.tags()),
    }
}
