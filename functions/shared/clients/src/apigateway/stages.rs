//! Stages and deployments: the calls of REST APIs.

use super::apis::done;
use super::kind::either;
use super::{PAGE, client, convert, found, gone, http, once, refusal};
use crate::{Account, error::phase_error};
use aws_sdk_apigateway::operation::create_deployment::CreateDeploymentOutput;
use aws_sdk_apigateway::operation::get_stage::GetStageOutput;
use aws_sdk_apigateway::operation::get_stages::GetStagesOutput;
use aws_sdk_apigateway::types;
use domain::PhaseError;
use domain::plan::edge::Stage;
use domain::ports::Stages;
use domain::ports::gateway::{Deployment, Patch};

impl Stages for Account {
    async fn stage(&self, api: &str, name: &str) -> Result<Option<Stage>, PhaseError> {
        let rest = client(self).get_stage().rest_api_id(api).stage_name(name).send();
        let read = |answer| Ok(found(&format!("reading the stage {name} of {api}"), answer)?.map(stage));
        either(self, api, Box::pin(rest), read, Box::pin(http::stage(self, api, name))).await
    }

    async fn stages(&self, api: &str) -> Result<Vec<Stage>, PhaseError> {
        let rest = client(self).get_stages().rest_api_id(api).send();
        let read = |answer| {
            let answer: Option<GetStagesOutput> = found(&format!("reading the stages of {api}"), answer)?;
            Ok(answer.iter().flat_map(|answer| answer.item()).map(convert::stage).collect())
        };
        either(self, api, Box::pin(rest), read, Box::pin(http::stages(self, api))).await
    }

    async fn create_stage(&self, api: &str, stage: &Stage) -> Result<(), PhaseError> {
        let rest = once(self)
            .create_stage()
            .rest_api_id(api)
            .stage_name(&stage.name)
            .deployment_id(&stage.deployment_id)
            .set_variables(convert::unsorted(&stage.variables))
            .set_tags(convert::unsorted(&stage.tags))
            .send();
        let read = done(format!("creating the stage {} of {api}", stage.name), phase_error);
        either(self, api, Box::pin(rest), read, Box::pin(http::create_stage(self, api, stage))).await
    }

    async fn update_stage(&self, api: &str, name: &str, patches: &[Patch]) -> Result<(), PhaseError> {
        let rest = once(self)
            .update_stage()
            .rest_api_id(api)
            .stage_name(name)
            .set_patch_operations(Some(convert::patches(patches)))
            .send();
        let read = done(format!("changing the stage {name} of {api}"), refusal);
        either(self, api, Box::pin(rest), read, Box::pin(http::update_stage(self, api, name, patches))).await
    }

    async fn delete_stage(&self, api: &str, name: &str) -> Result<(), PhaseError> {
        let rest = client(self).delete_stage().rest_api_id(api).stage_name(name).send();
        let read = |answer| gone(&format!("deleting the stage {name} of {api}"), answer);
        either(self, api, Box::pin(rest), read, Box::pin(http::delete_stage(self, api, name))).await
    }

    async fn deployments(&self, api: &str) -> Result<Vec<Deployment>, PhaseError> {
        let pages = client(self).get_deployments().rest_api_id(api).limit(PAGE).into_paginator().items().send();
        let rest = pages.collect::<Result<Vec<_>, _>>();
        let read = |answer: Result<Vec<types::Deployment>, _>| {
            let deployments =
                answer.map_err(|error| phase_error(&format!("reading the deployments of {api}"), &error))?;
            Ok(deployments.into_iter().map(deployment).collect())
        };
        either(self, api, Box::pin(rest), read, Box::pin(http::deployments(self, api))).await
    }

    async fn create_deployment(&self, api: &str, description: &str) -> Result<String, PhaseError> {
        let context = format!("deploying {api}");
        let rest = once(self).create_deployment().rest_api_id(api).description(description).send();
        let read = |answer: Result<CreateDeploymentOutput, _>| {
            let answer = answer.map_err(|error| refusal(&context, &error))?;
            answer.id.ok_or_else(|| PhaseError::unavailable(format!("{context}: the answer has no id")))
        };
        either(self, api, Box::pin(rest), read, Box::pin(http::create_deployment(self, api, description))).await
    }

    async fn delete_deployment(&self, api: &str, id: &str) -> Result<(), PhaseError> {
        let rest = client(self).delete_deployment().rest_api_id(api).deployment_id(id).send();
        let read = |answer| gone(&format!("deleting the deployment {id} of {api}"), answer);
        either(self, api, Box::pin(rest), read, Box::pin(http::delete_deployment(self, api, id))).await
    }
}

/// `GetStage` answers the same fields as the items of `GetStages`, under a type of its own.
fn stage(answer: GetStageOutput) -> Stage {
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
    convert::stage(&stage)
}

fn deployment(deployment: types::Deployment) -> Deployment {
    Deployment {
        created: deployment.created_date().map(ToString::to_string).unwrap_or_default(),
        id: deployment.id.unwrap_or_default(),
        description: deployment.description.unwrap_or_default(),
    }
}
