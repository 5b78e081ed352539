//! The temporary API shows the side that does not serve: green while people qualify it, blue once green has all of the traffic, so
//! that the two can be compared while the bake lasts, and green again where traffic went back to blue and green is kept.
//!
//! Green and blue are two deployments of the temporary API, and its stage is moved between them in one call. Blue's is made of what
//! production served before the switch, under the public hosts: blue knows no others.

use domain::gateway::{self, keeper_name, temporary::overwrite};
use domain::input::OnAbort;
use domain::plan::edge::{Edge, keys};
use domain::ports::gateway::Patch;
use domain::ports::{Apis, Ledger, Stages};
use domain::reconcile::ensure;
use domain::shift::Shift;
use domain::{Migration, PhaseError, Side};
use serde_json::json;

/// The longest name and description of an API and a deployment that provision-edge gives.
const NAME: usize = 128;

/// Points the temporary API at blue.
///
/// # Errors
/// `Conflict` before green has all of the traffic, or where the temporary API is gone; whatever the ports answer.
pub async fn converge<P: Ledger + Apis + Stages>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    if Shift::saved(ports, migration).await?.is_none_or(|shift| shift.share < 100) {
        return Err(PhaseError::conflict("the temporary API points at green until green has all of the traffic"));
    }
    let edge = &migration.plan.edge;
    let api = &gateway::made(ports, migration, &keys::temporary_api()).await?;
    ports.intend(migration, &keys::temporary_shift(), json!({ "api": api })).await?;
    let key = keys::temporary_deployment_of_blue();
    let description = &keys::name(migration, &key, NAME);
    let find = || async {
        let deployments = ports.deployments(api).await?;
        Ok(deployments.into_iter().find(|found| found.description == *description).map(|found| found.id))
    };
    let create = || async {
        let before = ports.export(&edge.api.id, &keeper_name(migration, Side::Blue)).await?;
        overwrite(ports, &edge.api, api, &name(migration), before).await?;
        ports.create_deployment(api, description).await
    };
    let blue = ensure(ports, migration, &key, json!({ "api": api }), find, create).await?;
    if !serve(ports, edge, api, &blue).await? {
        return Err(PhaseError::conflict(format!("the stage {} of the temporary API {api} is gone", edge.stage.name)));
    }
    ports.present(migration, &keys::temporary_shift(), &blue).await
}

/// Points the temporary API at green again where green is kept; where it is deleted, provision-edge deletes the temporary API.
///
/// # Errors
/// Whatever the ports answer.
pub async fn undo<P: Ledger + Apis + Stages>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let key = keys::temporary_shift();
    let moved = ports.live(migration, &key).await?.is_some();
    if !moved || migration.input.on_abort != OnAbort::Keep {
        return Ok(());
    }
    let edge = &migration.plan.edge;
    let api = &gateway::made(ports, migration, &keys::temporary_api()).await?;
    let green = gateway::made(ports, migration, &keys::temporary_deployment()).await?;
    if serve(ports, edge, api, &green).await? {
        // The configuration as well: as long as it names blue's link, that link counts as in use.
        let green = ports.export(api, &edge.stage.name).await?;
        overwrite(ports, &edge.api, api, &name(migration), green).await?;
    }
    ports.absent(migration, &key).await
}

/// The temporary API's name, by which it is found.
fn name(migration: &Migration) -> String {
    keys::name(migration, &keys::temporary_api(), NAME)
}

/// Lets the temporary API's stage serve this deployment; false where there is no stage.
async fn serve<P: Stages>(ports: &P, edge: &Edge, api: &str, deployment: &str) -> Result<bool, PhaseError> {
    let Some(stage) = ports.stage(api, &edge.stage.name).await? else {
        return Ok(false);
    };
    if stage.deployment_id != deployment {
        ports.update_stage(api, &edge.stage.name, &[Patch::replace("/deploymentId", deployment)]).await?;
    }
    Ok(true)
}
