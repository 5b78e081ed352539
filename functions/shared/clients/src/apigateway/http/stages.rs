//! Stages and deployments of HTTP APIs.

use super::apis::PAGE;
use super::{client, convert, every, once};
use crate::apigateway::{convert::unsorted, found, gone, refusal};
use crate::{Account, error::phase_error};
use aws_sdk_apigatewayv2::types::{self, DeploymentStatus};
use domain::PhaseError;
use domain::plan::edge::Stage;
use domain::ports::gateway::{Deployment, Patch};
use std::collections::HashMap;

/// What the path of a patch begins with that sets a stage variable.
const VARIABLE: &str = "/variables/";

pub(crate) async fn stage(account: &Account, api: &str, name: &str) -> Result<Option<Stage>, PhaseError> {
    let answer = client(account).get_stage().api_id(api).stage_name(name).send().await;
    let answer = found(&format!("reading the stage {name} of {api}"), answer)?;
    // GetStage answers the same fields as the items of GetStages, under a type of its own.
    let stage = answer.map(|answer| {
        types::Stage::builder()
            .set_stage_name(answer.stage_name)
            .set_deployment_id(answer.deployment_id)
            .set_auto_deploy(answer.auto_deploy)
            .set_stage_variables(answer.stage_variables)
            .set_tags(answer.tags)
            .build()
    });
    Ok(stage.map(convert::stage))
}

pub(crate) async fn stages(account: &Account, api: &str) -> Result<Vec<Stage>, PhaseError> {
    let client = &client(account);
    let ask = |token| async move {
        let answer = client.get_stages().api_id(api).max_results(PAGE).set_next_token(token).send().await?;
        Ok((answer.items, answer.next_token))
    };
    let stages = found(&format!("reading the stages of {api}"), every(ask).await)?;
    Ok(stages.into_iter().flatten().map(convert::stage).collect())
}

/// Makes a stage that is deployed to by nothing but its deployment: no change goes live on it by itself.
pub(crate) async fn create_stage(account: &Account, api: &str, stage: &Stage) -> Result<(), PhaseError> {
    once(account)
        .create_stage()
        .api_id(api)
        .stage_name(&stage.name)
        .deployment_id(&stage.deployment_id)
        .auto_deploy(false)
        .set_stage_variables(unsorted(&stage.variables))
        .set_tags(unsorted(&stage.tags))
        .send()
        .await
        .map(|_| ())
        .map_err(|error| phase_error(&format!("creating the stage {} of {api}", stage.name), &error))
}

/// Variables that are not named stay, as Terraform's provider relies on (its internal/service/apigatewayv2/stage.go).
pub(crate) async fn update_stage(
    account: &Account,
    api: &str,
    name: &str,
    patches: &[Patch],
) -> Result<(), PhaseError> {
    let context = format!("changing the stage {name} of {api}");
    let (mut deployment, mut variables) = (None, HashMap::new());
    for patch in patches {
        match patch {
            Patch::Replace(path, id) if path == "/deploymentId" => deployment = Some(id.clone()),
            Patch::Replace(path, value) if path.starts_with(VARIABLE) => {
                variables.insert(path[VARIABLE.len()..].to_owned(), value.clone());
            }
            other => {
                return Err(PhaseError::refused(format!(
                    "{context}: a stage of an HTTP API has a deployment and variables, and no setting for {other:?}"
                )));
            }
        }
    }
    once(account)
        .update_stage()
        .api_id(api)
        .stage_name(name)
        .set_deployment_id(deployment)
        .set_stage_variables(Some(variables).filter(|variables| !variables.is_empty()))
        .send()
        .await
        .map(|_| ())
        .map_err(|error| refusal(&context, &error))
}

pub(crate) async fn delete_stage(account: &Account, api: &str, name: &str) -> Result<(), PhaseError> {
    let answer = client(account).delete_stage().api_id(api).stage_name(name).send().await;
    gone(&format!("deleting the stage {name} of {api}"), answer)
}

/// Those that failed are left out: no stage can have them.
pub(crate) async fn deployments(account: &Account, api: &str) -> Result<Vec<Deployment>, PhaseError> {
    let client = &client(account);
    let ask = |token| async move {
        let answer = client.get_deployments().api_id(api).max_results(PAGE).set_next_token(token).send().await?;
        Ok((answer.items, answer.next_token))
    };
    let found = every(ask).await.map_err(|error| phase_error(&format!("reading the deployments of {api}"), &error))?;
    let made = found.into_iter().filter(|found| found.deployment_status != Some(DeploymentStatus::Failed));
    Ok(made.map(convert::deployment).collect())
}

/// Without a stage: the configuration is kept, and nothing serves it yet.
pub(crate) async fn create_deployment(account: &Account, api: &str, description: &str) -> Result<String, PhaseError> {
    let context = format!("deploying {api}");
    let answer = once(account)
        .create_deployment()
        .api_id(api)
        .description(description)
        .send()
        .await
        .map_err(|error| refusal(&context, &error))?;
    let id = answer.deployment_id.unwrap_or_default();
    if answer.deployment_status == Some(DeploymentStatus::Failed) {
        let why = answer.deployment_status_message.unwrap_or_default();
        return Err(PhaseError::conflict(format!(
            "{context}: the deployment {id} failed ({why}); it is left behind, and no stage has it"
        )));
    }
    if id.is_empty() {
        return Err(PhaseError::unavailable(format!("{context}: the answer has no id")));
    }
    Ok(id)
}

pub(crate) async fn delete_deployment(account: &Account, api: &str, id: &str) -> Result<(), PhaseError> {
    let answer = client(account).delete_deployment().api_id(api).deployment_id(id).send().await;
    gone(&format!("deleting the deployment {id} of {api}"), answer)
}
