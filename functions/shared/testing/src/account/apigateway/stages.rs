//! Stages and deployments.

use super::super::{Account, aws::pair};
use super::links::link_of;
use domain::PhaseError;
use domain::plan::edge::{Canary, Stage};
use domain::ports::Stages;
use domain::ports::gateway::{Deployment, Patch};
use std::collections::BTreeMap;

/// Stages that an API may have
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html>).
const MOST: usize = 10;

/// The last part of a path.
fn last(path: &str) -> String {
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

/// What a stage of an HTTP API takes: no canary, no client certificate, and no deployment but its own while it deploys by itself
/// (<https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-stages-stagename.html>).
fn of_http(stage: &Stage, patches: &[Patch]) -> Result<(), PhaseError> {
    for patch in patches {
        match patch {
            Patch::Replace(path, _) if path == "/deploymentId" && stage.auto_deploy => {
                return Err(PhaseError::refused("Deployment ID cannot be set on stage because AutoDeploy is enabled"));
            }
            Patch::Replace(path, _) if path == "/deploymentId" || path.starts_with("/variables/") => {}
            other => return Err(PhaseError::refused(format!("{other:?} is nothing of a stage of an HTTP API"))),
        }
    }
    Ok(())
}

/// The stage after one call.
fn patched(mut stage: Stage, patches: &[Patch]) -> Result<Stage, PhaseError> {
    for patch in patches {
        match patch {
            Patch::Replace(path, value) if path == "/deploymentId" => stage.deployment_id.clone_from(value),
            Patch::Replace(path, value) if path == "/clientCertificateId" => {
                stage.client_certificate_id = Some(value.clone());
            }
            Patch::Replace(path, value) if path == "/canarySettings/deploymentId" => {
                stage.canary = Some(Canary { deployment_id: value.clone(), ..Canary::default() });
            }
            Patch::Replace(path, value) if path == "/canarySettings/percentTraffic" => {
                let canary = stage.canary.as_mut().ok_or_else(|| PhaseError::refused("no canary"))?;
                canary.percent = value.parse().map_err(|_| PhaseError::refused("no number"))?;
            }
            Patch::Replace(path, value) if path.starts_with("/canarySettings/stageVariableOverrides/") => {
                let canary = stage.canary.as_mut().ok_or_else(|| PhaseError::refused("no canary"))?;
                canary.variables.insert(last(path), value.clone());
            }
            Patch::Replace(path, value) if path.starts_with("/variables/") => {
                stage.variables.insert(last(path), value.clone());
            }
            Patch::Remove(path) if path == "/canarySettings" => {
                stage.canary.take().ok_or_else(|| PhaseError::conflict("Cannot remove method setting"))?;
            }
            other => return Err(PhaseError::refused(format!("{other:?} is no patch of a stage"))),
        }
    }
    Ok(stage)
}

impl Stages for Account {
    async fn stage(&self, api: &str, name: &str) -> Result<Option<Stage>, PhaseError> {
        self.read("apigateway:GetStage", |aws| aws.stages.get(&pair(api, name)).cloned())
    }

    async fn stages(&self, api: &str) -> Result<Vec<Stage>, PhaseError> {
        if api.is_empty() {
            // The id is a part of the path, without which the SDK builds no request.
            return Err(PhaseError::refused("reading the stages of an API without an id"));
        }
        self.read("apigateway:GetStages", |aws| {
            aws.stages.iter().filter(|((of, _), _)| of == api).map(|(_, stage)| stage.clone()).collect()
        })
    }

    async fn create_stage(&self, api: &str, stage: &Stage) -> Result<(), PhaseError> {
        self.change("apigateway:CreateStage", |aws| {
            if !aws.deployments.contains_key(&pair(api, &stage.deployment_id)) {
                return Err(PhaseError::refused("Deployment id does not exist"));
            }
            if aws.stages.contains_key(&pair(api, &stage.name)) {
                return Err(PhaseError::refused("Stage already exists"));
            }
            if aws.stages.keys().filter(|(of, _)| of == api).count() >= MOST {
                return Err(PhaseError::refused("LimitExceededException: maximum number of stages"));
            }
            aws.create("Stage", "", &format!("{api}/{}", stage.name));
            aws.stages.insert(pair(api, &stage.name), stage.clone());
            Ok(())
        })
    }

    async fn update_stage(&self, api: &str, name: &str, patches: &[Patch]) -> Result<(), PhaseError> {
        self.change("apigateway:UpdateStage", |aws| {
            let stage =
                aws.stages.get(&pair(api, name)).ok_or_else(|| PhaseError::refused("Invalid stage identifier"))?;
            if aws.apis.get(api).is_some_and(|api| !api.protocol.is_rest()) {
                of_http(stage, patches)?;
            }
            let stage = patched(stage.clone(), patches)?;
            let canary = stage.canary.as_ref().map(|canary| &canary.deployment_id);
            let served = [Some(&stage.deployment_id), canary].into_iter().flatten();
            if served.into_iter().any(|id| !aws.deployments.contains_key(&pair(api, id))) {
                return Err(PhaseError::refused("Deployment id does not exist"));
            }
            aws.note_flows();
            aws.history.stage_calls.push((api.to_owned(), name.to_owned(), patches.to_vec()));
            aws.stages.insert(pair(api, name), stage);
            Ok(())
        })
    }

    async fn delete_stage(&self, api: &str, name: &str) -> Result<(), PhaseError> {
        self.change("apigateway:DeleteStage", |aws| {
            aws.stages.remove(&pair(api, name));
            for plan in aws.plans.values_mut() {
                plan.stages.retain(|covered| *covered != pair(api, name));
            }
            Ok(())
        })
    }

    async fn deployments(&self, api: &str) -> Result<Vec<Deployment>, PhaseError> {
        self.read("apigateway:GetDeployments", |aws| {
            let of = aws.deployments.iter().filter(|((of, _), _)| of == api);
            of.map(|(_, (deployment, _))| deployment.clone()).collect()
        })
    }

    async fn create_deployment(&self, api: &str, description: &str) -> Result<String, PhaseError> {
        self.change("apigateway:CreateDeployment", |aws| {
            let methods = aws.methods.get(api).cloned().unwrap_or_default();
            // "Deploying an API will wait if the status is PENDING": https://docs.aws.amazon.com/apigateway/latest/api/API_VpcLink.html
            for link in methods.iter().filter_map(|method| link_of(method, &BTreeMap::new())) {
                if aws.links.get(&link).is_none_or(|link| !["AVAILABLE", "PENDING"].contains(&link.status.as_str())) {
                    return Err(PhaseError::conflict(format!("Vpc link '{link}' cannot be deployed")));
                }
            }
            let id = aws.create("Deployment", "deployment-of-", &format!("{api} {description}"));
            let deployment = Deployment { id: id.clone(), description: description.to_owned(), created: String::new() };
            aws.deployments.insert(pair(api, &id), (deployment, methods));
            Ok(id)
        })
    }

    async fn delete_deployment(&self, api: &str, id: &str) -> Result<(), PhaseError> {
        self.change("apigateway:DeleteDeployment", |aws| {
            let uses = |stage: &Stage| {
                stage.deployment_id == id || stage.canary.as_ref().is_some_and(|canary| canary.deployment_id == id)
            };
            if aws.stages.iter().any(|((of, _), stage)| of == api && uses(stage)) {
                return Err(PhaseError::conflict("Active stages pointing to this deployment must be moved or deleted"));
            }
            aws.deployments.remove(&pair(api, id));
            Ok(())
        })
    }
}
