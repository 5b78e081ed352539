//! What several phases decide about an API: whether two exports are the same, which integrations go through which VPC link, and
//! what sends requests to a side.

pub mod counterparts;
pub mod credentials;
pub mod export;
pub mod integrations;
pub mod invoked;
pub mod link;
pub mod mapping;
pub mod served;
pub mod way;

use crate::plan::Whose;
use crate::plan::edge::{Edge, Stage};
use crate::ports::Ledger;
use crate::{Entry, Migration, PhaseError, ResourceKey, Status};
use served::Serving;

/// Checks that the stage is as the plan found it.
///
/// # Errors
/// `Conflict` where the stage is gone, has a canary, deploys by itself, or serves another deployment: what somebody else deployed is never
/// overwritten.
pub fn unmoved(edge: &Edge, now: Option<&Stage>) -> Result<(), PhaseError> {
    let (api, name) = (&edge.api.id, &edge.stage.name);
    let Some(now) = now else {
        return Err(PhaseError::conflict(format!("the stage {name} of {api} is gone")));
    };
    if let Some(canary) = &now.canary {
        return Err(PhaseError::conflict(format!(
            "the stage {name} of {api} has got a canary with the deployment {} since the plan; end it and start a new migration",
            canary.deployment_id
        )));
    }
    if now.auto_deploy {
        return Err(deploys_by_itself(api, name));
    }
    let blue = Serving::of_blue(edge);
    if !blue.is_served(now) {
        return Err(PhaseError::conflict(format!(
            "the stage {name} of {api} moved from {blue} to {} since the plan: somebody deployed, or changed it. It is left as it is; \
             start a new migration",
            blue.of(now)
        )));
    }
    Ok(())
}

/// The `Conflict` of a stage of an HTTP API that has got automatic deployment: it would serve what the configuration points at.
#[must_use]
pub fn deploys_by_itself(api: &str, stage: &str) -> PhaseError {
    PhaseError::conflict(format!(
        "the stage {stage} of {api} deploys each change at once since the plan: it would serve green while deployment G is made. Turn that off \
         (`aws apigatewayv2 update-stage --api-id {api} --stage-name '{stage}' --no-auto-deploy`) and start a new migration"
    ))
}

/// The id of something that must be there by now: as the ledger knows it or, where the user built it, as the plan does.
///
/// # Errors
/// `Conflict` where it is not.
pub async fn made<P: Ledger>(ports: &P, migration: &Migration, key: &ResourceKey) -> Result<String, PhaseError> {
    if let Whose::Users(id) = migration.plan.whose(key) {
        return Ok(id.to_owned());
    }
    let entry = ports.entry(migration, key).await?;
    let id = entry.filter(|entry: &Entry| entry.status == Status::Present).and_then(|entry| entry.id);
    id.ok_or_else(|| PhaseError::conflict(format!("the ledger knows no {key}; what was built before is gone")))
}
