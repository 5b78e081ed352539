//! EKS Fargate profiles.

use super::{created, deleted, found, read};
use crate::{Account, error::phase_error};
use aws_sdk_eks::types::{self, FargateProfileSelector};
use domain::{
    PhaseError, Tags,
    plan::compute::{FargateProfile, FargateSelector, Issue},
    ports::FargateProfiles,
};

impl FargateProfiles for Account {
    async fn fargate_profiles(&self, cluster: &str) -> Result<Vec<String>, PhaseError> {
        self.eks()
            .list_fargate_profiles()
            .cluster_name(cluster)
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(|error| phase_error(&format!("listing the Fargate profiles of {cluster}"), &error))
    }

    async fn fargate_profile(&self, cluster: &str, name: &str) -> Result<Option<FargateProfile>, PhaseError> {
        let context = format!("reading the Fargate profile {name} of {cluster}");
        let answer =
            self.eks().describe_fargate_profile().cluster_name(cluster).fargate_profile_name(name).send().await;
        Ok(found(&context, answer)?.and_then(|answer| answer.fargate_profile).map(|profile| profile_of(&profile)))
    }

    async fn create_fargate_profile(
        &self,
        cluster: &str,
        like: &FargateProfile,
        tags: &Tags,
        token: &str,
    ) -> Result<String, PhaseError> {
        let context = format!("creating the Fargate profile {} of {cluster}", like.name);
        let answer = self
            .eks()
            .create_fargate_profile()
            .client_request_token(token)
            .cluster_name(cluster)
            .fargate_profile_name(&like.name)
            .pod_execution_role_arn(&like.pod_execution_role_arn)
            .set_subnets(Some(like.subnet_ids.clone()))
            .set_selectors(Some(like.selectors.iter().map(selector).collect()))
            .set_tags(Some(tags.clone().into_iter().collect()))
            .send()
            .await;
        created(&context, answer)?
            .fargate_profile
            .and_then(|profile| profile.fargate_profile_arn)
            .ok_or_else(|| PhaseError::unavailable(format!("{context}: EKS answered without an ARN")))
    }

    async fn delete_fargate_profile(&self, cluster: &str, name: &str) -> Result<(), PhaseError> {
        let context = format!("deleting the Fargate profile {name} of {cluster}");
        deleted(
            &context,
            self.eks().delete_fargate_profile().cluster_name(cluster).fargate_profile_name(name).send().await,
        )
    }
}

fn profile_of(profile: &types::FargateProfile) -> FargateProfile {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let issues = profile.health().map(types::FargateProfileHealth::issues).unwrap_or_default();
    FargateProfile {
        name: text(profile.fargate_profile_name()),
        arn: text(profile.fargate_profile_arn()),
        pod_execution_role_arn: text(profile.pod_execution_role_arn()),
        subnet_ids: profile.subnets().to_vec(),
        selectors: profile
            .selectors()
            .iter()
            .map(|selector| FargateSelector {
                namespace: text(selector.namespace()),
                labels: read::tags(selector.labels()),
            })
            .collect(),
        tags: read::tags(profile.tags()),
        status: text(profile.status().map(types::FargateProfileStatus::as_str)),
        issues: issues
            .iter()
            .map(|issue| Issue {
                code: text(issue.code().map(types::FargateProfileIssueCode::as_str)),
                message: text(issue.message()),
            })
            .collect(),
    }
}

fn selector(wanted: &FargateSelector) -> FargateProfileSelector {
    let labels = Some(wanted.labels.clone()).filter(|labels| !labels.is_empty());
    FargateProfileSelector::builder()
        .namespace(&wanted.namespace)
        .set_labels(labels.map(|labels| labels.into_iter().collect()))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;
    use domain::Condition;
    use serde_json::{Value, json};

    /// The answer of <https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeFargateProfile.html>, with a health.
    const PROFILE: &str = r#"{"fargateProfile":{"fargateProfileName":"default-with-infrastructure-label",
"fargateProfileArn":"arn:aws:eks:us-east-1:012345678910:fargateprofile/fargate/default-with-infrastructure-label/06b7453e-ef50-7c89-4c19-d8a1",
"clusterName":"fargate","createdAt":1.57510E9,"podExecutionRoleArn":"arn:aws:iam::012345678910:role/AmazonEKSFargatePodExecutionRole",
"subnets":["subnet-0aff","subnet-0c52"],"selectors":[{"namespace":"default","labels":{"infrastructure":"fargate"}},{"namespace":"batch"}],
"status":"ACTIVE","tags":{"team":"shop"},"health":{"issues":[{"code":"AccessDenied","message":"no","resourceIds":["r"]}]}}}"#;

    #[tokio::test]
    async fn a_profile_is_read_whole_and_made_again_elsewhere() {
        let scenario = Scenario::new(&[(200, PROFILE), (200, PROFILE)]);
        let name = "default-with-infrastructure-label";
        let found = scenario.account.fargate_profile("fargate", name).await.unwrap().unwrap();
        assert_eq!(scenario.asked()[0].1, format!("/clusters/fargate/fargate-profiles/{name}"));
        assert_eq!((found.status.as_str(), found.selectors.len(), found.issues.len()), ("ACTIVE", 2, 1));
        let tags = [("bascule:side".to_owned(), "green".to_owned())].into();
        scenario.account.create_fargate_profile("green", &found, &tags, "token").await.unwrap();
        let (_, path, body) = scenario.asked()[1].clone();
        assert_eq!(path, "/clusters/green/fargate-profiles");
        let expected = json!({
            "clientRequestToken": "token",
            "fargateProfileName": name,
            "podExecutionRoleArn": "arn:aws:iam::012345678910:role/AmazonEKSFargatePodExecutionRole",
            "subnets": ["subnet-0aff", "subnet-0c52"],
            "selectors": [{ "namespace": "default", "labels": { "infrastructure": "fargate" } }, { "namespace": "batch" }],
            "tags": { "bascule:side": "green" },
        });
        assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), expected);
    }

    /// The texts of hashicorp/terraform#25059, hashicorp/terraform-provider-aws#16272 and eksctl-io/eksctl#5652.
    #[tokio::test]
    async fn while_eks_has_another_profile_in_hand_it_is_asked_again_and_a_name_that_is_taken_is_a_conflict() {
        let answer = |message: &str| json!({ "__type": "ResourceInUseException", "message": message }).to_string();
        let busy = answer(
            "Cannot create Fargate Profile a because cluster c currently has Fargate profile b in status CREATING",
        );
        let taken = answer("A Fargate Profile already exists with this name in this cluster.");
        let deleting = answer(
            "Cannot Delete Fargate Profile a because cluster c currently has Fargate profile b in status DELETING",
        );
        let scenario = Scenario::new(&[(409, &busy), (409, &taken), (409, &deleting)]);
        let like = FargateProfile { name: "a".to_owned(), ..FargateProfile::default() };
        for condition in [Condition::NotReady, Condition::Conflict] {
            let error = scenario.account.create_fargate_profile("c", &like, &Tags::new(), "token").await.unwrap_err();
            assert_eq!(error.condition, condition);
        }
        let error = scenario.account.delete_fargate_profile("c", "a").await.unwrap_err();
        assert_eq!(error.condition, Condition::NotReady);
    }
}
