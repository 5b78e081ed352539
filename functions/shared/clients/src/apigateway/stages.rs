//! Stages and deployments.

use super::{PAGE, client, convert, found, gone, refusal};
use crate::{Account, error::phase_error};
use aws_sdk_apigateway::types::CacheClusterSize;
use domain::PhaseError;
use domain::plan::edge::Stage;
use domain::ports::Stages;
use domain::ports::gateway::{Deployment, Patch};

/// `GetStage`, `GetStages` and `UpdateStage` answer the same fields under three types.
macro_rules! stage {
    ($answer:expr) => {{
        let answer = &$answer;
        Stage {
            cache_size: answer
                .cache_cluster_enabled()
                .then(|| answer.cache_cluster_size().map_or("", CacheClusterSize::as_str).to_owned()),
            web_acl_arn: answer.web_acl_arn().map(ToOwned::to_owned),
            tracing: answer.tracing_enabled(),
            tags: convert::sorted(answer.tags()),
            ..convert::stage(answer.stage_name(), answer.deployment_id(), answer.canary_settings(), answer.variables())
        }
    }};
}

impl Stages for Account {
    async fn stage(&self, api: &str, name: &str) -> Result<Option<Stage>, PhaseError> {
        let answer = client(self).get_stage().rest_api_id(api).stage_name(name).send().await;
        Ok(found(&format!("reading the stage {name} of {api}"), answer)?.map(|answer| stage!(answer)))
    }

    async fn stages(&self, api: &str) -> Result<Vec<Stage>, PhaseError> {
        let answer = client(self).get_stages().rest_api_id(api).send().await;
        let answer = found(&format!("reading the stages of {api}"), answer)?;
        Ok(answer.iter().flat_map(|answer| answer.item()).map(|answer| stage!(answer)).collect())
    }

    async fn create_stage(&self, api: &str, stage: &Stage) -> Result<(), PhaseError> {
        client(self)
            .create_stage()
            .rest_api_id(api)
            .stage_name(&stage.name)
            .deployment_id(&stage.deployment_id)
            .set_variables(convert::unsorted(&stage.variables))
            .set_tags(convert::unsorted(&stage.tags))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| phase_error(&format!("creating the stage {} of {api}", stage.name), &error))
    }

    async fn update_stage(&self, api: &str, name: &str, patches: &[Patch]) -> Result<Stage, PhaseError> {
        let answer = client(self)
            .update_stage()
            .rest_api_id(api)
            .stage_name(name)
            .set_patch_operations(Some(convert::patches(patches)))
            .send()
            .await
            .map_err(|error| refusal(&format!("changing the stage {name} of {api}"), &error))?;
        Ok(stage!(answer))
    }

    async fn delete_stage(&self, api: &str, name: &str) -> Result<(), PhaseError> {
        let answer = client(self).delete_stage().rest_api_id(api).stage_name(name).send().await;
        gone(&format!("deleting the stage {name} of {api}"), answer)
    }

    async fn deployments(&self, api: &str) -> Result<Vec<Deployment>, PhaseError> {
        let pages = client(self).get_deployments().rest_api_id(api).limit(PAGE).into_paginator().items().send();
        let deployments: Result<Vec<_>, _> = pages.collect().await;
        let deployments =
            deployments.map_err(|error| phase_error(&format!("reading the deployments of {api}"), &error))?;
        Ok(deployments
            .into_iter()
            .map(|deployment| Deployment {
                created: deployment.created_date().map(ToString::to_string).unwrap_or_default(),
                id: deployment.id.unwrap_or_default(),
                description: deployment.description.unwrap_or_default(),
            })
            .collect())
    }

    async fn create_deployment(&self, api: &str, description: &str) -> Result<String, PhaseError> {
        let context = format!("deploying {api}");
        let answer = client(self)
            .create_deployment()
            .rest_api_id(api)
            .description(description)
            .send()
            .await
            .map_err(|error| refusal(&context, &error))?;
        answer.id.ok_or_else(|| PhaseError::unavailable(format!("{context}: the answer has no id")))
    }

    async fn delete_deployment(&self, api: &str, id: &str) -> Result<(), PhaseError> {
        let answer = client(self).delete_deployment().rest_api_id(api).deployment_id(id).send().await;
        gone(&format!("deleting the deployment {id} of {api}"), answer)
    }
}
