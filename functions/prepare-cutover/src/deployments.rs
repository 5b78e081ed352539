//! The deployments of the switch: T, made of the configuration as it stands to show undeployed edits; B, which production
//! has; G, which sends requests to green. B and G are held by a stage each, since a deployment that a stage uses cannot be deleted
//! by anybody (<https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteDeployment.html>).

use crate::Ports;
use domain::gateway::export;
use domain::gateway::served::Serving;
use domain::resources::{deployment, integration, stage};
use domain::{Migration, PhaseError, Side};

/// The deployment G, where it exists.
pub(crate) async fn find_g<P: Ports>(ports: &P, migration: &Migration) -> Result<Option<String>, PhaseError> {
    deployment::find(ports, migration, &migration.plan.edge.api.id, &deployment::green(migration)).await
}

/// Holds what production serves with a stage of Bascule's own.
pub(crate) async fn hold_b<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    keeper(ports, migration, Side::Blue, &Serving::of_blue(&migration.plan.edge)).await
}

/// Deploys the configuration as it stands, to no stage of the user's, and compares it with production's deployment.
pub(crate) async fn trial<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let edge = &migration.plan.edge;
    let api = &edge.api.id;
    hold_b(ports, migration).await?;
    if ports.entry(migration, &integration::window(migration)).await?.is_some() {
        // The trial was passed before the window was opened.
        return Ok(());
    }
    let t = deployment::ensure(ports, migration, api, &deployment::trial(migration)).await?;
    keeper(ports, migration, Side::Green, &Serving::deployment(&t)).await?;
    let production = ports.export(api, &edge.stage.name).await?;
    let trial = ports.export(api, &stage::keeper_name(migration, Side::Green)).await?;
    let mut edits = export::differences(&production, &trial, 20);
    // It takes effect with a deployment, and an export need not tell.
    let now = ports.api(api).await?.unwrap_or_default();
    if now.execute_api_disabled && !edge.api.execute_api_disabled {
        edits.push("its default endpoint was disabled".to_owned());
    }
    if edits.is_empty() {
        Ok(())
    } else {
        Err(PhaseError::conflict(format!(
            "the API {api} has edits that were never deployed to {}: {}. Deploy or discard them, then start a new migration",
            edge.stage.name,
            edits.join("; ")
        )))
    }
}

/// Holds what green will serve with a stage of Bascule's own.
pub(crate) async fn hold_green<P: Ports>(ports: &P, migration: &Migration, green: &Serving) -> Result<(), PhaseError> {
    keeper(ports, migration, Side::Green, green).await
}

/// Holds G with a stage of Bascule's own, and deletes its duplicates.
pub(crate) async fn hold<P: Ports>(ports: &P, migration: &Migration, g: &str) -> Result<(), PhaseError> {
    hold_green(ports, migration, &Serving::deployment(g)).await?;
    deployment::sweep(ports, migration, &migration.plan.edge.api.id, &deployment::green(migration), g).await
}

async fn keeper<P: Ports>(ports: &P, migration: &Migration, side: Side, serving: &Serving) -> Result<(), PhaseError> {
    let (api, key) = (&migration.plan.edge.api.id, &stage::keeper(migration, side));
    stage::ensure(ports, migration, api, key, &serving.deployment, serving.variables()).await?;
    // Green's holds T before there is G.
    stage::serve(ports, migration, api, key, &serving.deployment).await?;
    Ok(())
}

/// Deletes T, which nothing uses any more.
pub(crate) async fn end_trial<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    deployment::remove(ports, migration, &migration.plan.edge.api.id, &deployment::trial(migration)).await
}

/// Deletes stages and deployments: the guard has seen that nothing else serves them.
pub(crate) async fn undo<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let api = &migration.plan.edge.api.id;
    for side in [Side::Green, Side::Blue] {
        stage::remove(ports, migration, api, &stage::keeper(migration, side)).await?;
    }
    deployment::remove(ports, migration, api, &deployment::green(migration)).await?;
    end_trial(ports, migration).await
}
