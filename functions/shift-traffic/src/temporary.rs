//! The temporary API shows the side that does not serve: green while people qualify it, blue once green has all of the traffic, so
//! that the two can be compared while the bake lasts, and green again where traffic went back to blue and green is kept.
//!
//! Green and blue are two deployments of the temporary API, and its stage is moved between them in one call. Blue's is made of what
//! production served before the switch, under the public hosts: blue knows no others.

use domain::gateway::made;
use domain::input::OnAbort;
use domain::ports::{Apis, Ledger, Stages};
use domain::resources::{deployment, rest_api, stage, stage_shift};
use domain::shift::Shift;
use domain::{Migration, PhaseError, Side};
use serde_json::json;

/// Points the temporary API at blue, of each API.
///
/// # Errors
/// `Conflict` before green has all of the traffic, or where the temporary API is gone.
pub async fn converge<P: Ledger + Apis + Stages>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    if Shift::saved(ports, migration).await?.is_none_or(|shift| shift.share < 100) {
        return Err(PhaseError::conflict("the temporary API points at green until green has all of the traffic"));
    }
    for migration in &migration.per_api() {
        of_api(ports, migration).await?;
    }
    Ok(())
}

/// Points one API's at blue.
async fn of_api<P: Ledger + Apis + Stages>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let edge = &migration.plan.edge;
    let api = &made(ports, migration, &rest_api::key(migration)).await?;
    ports.intend(migration, &stage_shift::temporary(migration), json!({ "api": api })).await?;
    let key = &deployment::temporary_of_blue(migration);
    // The deployment is intended once what it is made of is there: where CreateDeployment was throttled, which takes one call in 5
    // seconds of an account, the next try imports nothing again.
    if ports.live(migration, key).await?.is_none() {
        let before = ports.export(&edge.api.id, &stage::keeper_name(migration, Side::Blue)).await?;
        rest_api::overwrite(ports, migration, api, before).await?;
    }
    let blue = deployment::ensure(ports, migration, api, key).await?;
    if !stage::serve(ports, migration, api, &stage::temporary(migration), &blue).await? {
        return Err(PhaseError::conflict(format!("the stage {} of the temporary API {api} is gone", edge.stage.name)));
    }
    ports.present(migration, &stage_shift::temporary(migration), &blue).await
}

/// Points the temporary API at green again where green is kept; where it is deleted, provision-edge deletes the temporary API.
///
/// # Errors
/// `Conflict` where the temporary API is gone.
pub async fn undo<P: Ledger + Apis + Stages>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    for migration in &migration.per_api() {
        shows_green(ports, migration).await?;
    }
    Ok(())
}

async fn shows_green<P: Ledger + Apis + Stages>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let key = stage_shift::temporary(migration);
    let moved = ports.live(migration, &key).await?.is_some();
    if !moved || migration.input.on_abort != OnAbort::Keep {
        return Ok(());
    }
    let api = &made(ports, migration, &rest_api::key(migration)).await?;
    let green = made(ports, migration, &deployment::temporary(migration)).await?;
    if stage::serve(ports, migration, api, &stage::temporary(migration), &green).await? {
        // The configuration as well: as long as it names blue's link, that link counts as in use.
        let green = ports.export(api, &migration.plan.edge.stage.name).await?;
        rest_api::overwrite(ports, migration, api, green).await?;
    }
    ports.absent(migration, &key).await
}
