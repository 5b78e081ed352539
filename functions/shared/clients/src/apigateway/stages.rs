//! Stages and deployments.

use super::{PAGE, client, convert, found, gone, once, refusal};
use crate::{Account, error::phase_error};
use aws_sdk_apigateway::types;
use domain::PhaseError;
use domain::plan::edge::Stage;
use domain::ports::Stages;
use domain::ports::gateway::{Deployment, Patch};

impl Stages for Account {
    async fn stage(&self, api: &str, name: &str) -> Result<Option<Stage>, PhaseError> {
        let answer = client(self).get_stage().rest_api_id(api).stage_name(name).send().await;
        let Some(answer) = found(&format!("reading the stage {name} of {api}"), answer)? else {
            return Ok(None);
        };
        // GetStage answers the same fields as the items of GetStages, under a type of its own.
        let stage = types::Stage::builder()
            .set_stage_name(answer.stage_name)
            .set_deployment_id(answer.deployment_id)
            .set_canary_settings(answer.canary_settings)
            .set_variables(answer.variables)
            .cache_cluster_enabled(answer.cache_cluster_enabled)
            .set_cache_cluster_size(answer.cache_cluster_size)
            .set_client_certificate_id(answer.client_certificate_id)
            .set_web_acl_arn(answer.web_acl_arn)
            .tracing_enabled(answer.tracing_enabled)
            .set_tags(answer.tags)
            .build();
        Ok(Some(convert::stage(&stage)))
    }

    async fn stages(&self, api: &str) -> Result<Vec<Stage>, PhaseError> {
        let answer = client(self).get_stages().rest_api_id(api).send().await;
        let answer = found(&format!("reading the stages of {api}"), answer)?;
        Ok(answer.iter().flat_map(|answer| answer.item()).map(convert::stage).collect())
    }

    async fn create_stage(&self, api: &str, stage: &Stage) -> Result<(), PhaseError> {
        once(self)
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

    async fn update_stage(&self, api: &str, name: &str, patches: &[Patch]) -> Result<(), PhaseError> {
        once(self)
            .update_stage()
            .rest_api_id(api)
            .stage_name(name)
            .set_patch_operations(Some(convert::patches(patches)))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| refusal(&format!("changing the stage {name} of {api}"), &error))
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
        let answer = once(self)
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
