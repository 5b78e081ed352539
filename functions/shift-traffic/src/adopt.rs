//! After the bake the API's configuration points at green for good. Requests are not affected: the stage serves deployment G.

use domain::gateway::{integrations, served::Switch};
use domain::ports::{Apis, Clock, Ledger, Stages};
use domain::resources::integration;
use domain::{Migration, PhaseError, Side, Status};
use serde_json::{Value, json};

/// Points the integrations of the plan at green. Integrations that others have changed
/// since are left alone.
///
/// # Errors
/// `Conflict` where the stage does not serve green alone; `NotReady` at the deadline.
pub async fn converge<P: Ledger + Apis + Stages + Clock>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let edge = &migration.plan.edge;
    let key = integration::adopted(migration);
    if ports.entry(migration, &key).await?.is_some_and(|entry| entry.status == Status::Present) {
        return Ok(());
    }
    let switch = Switch::known(ports, migration).await?;
    let stage = ports.stage(&edge.api.id, &edge.stage.name).await?.unwrap_or_default();
    if switch.share(&stage) != Some(100) {
        return Err(PhaseError::conflict(format!(
            "the stage {} does not serve green alone, {}; the configuration is left as it is",
            edge.stage.name, switch.green
        )));
    }
    if edge.link_variable().is_some() {
        // The methods name the variable, and the stage has its new value.
        return Ok(());
    }
    ports.intend(migration, &key, Value::Null).await?;
    let foreign = integrations::point(ports, migration, Side::Green).await?;
    if !foreign.is_empty() {
        let evidence = json!({ "count": foreign.len(), "integrations": integrations::few(&foreign) });
        ports.record(migration, "integrations that others have changed are left alone", evidence).await?;
    }
    ports.present(migration, &key, &switch.green.deployment).await
}

/// Puts the plan's back.
///
/// # Errors
/// `NotReady` at the deadline.
pub async fn undo<P: Ledger + Apis + Clock>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let key = integration::adopted(migration);
    let is_adopted = ports.live(migration, &key).await?.is_some();
    if !is_adopted {
        return Ok(());
    }
    integrations::point(ports, migration, Side::Blue).await?;
    ports.absent(migration, &key).await
}
