//! The window: the main API's configuration points at green while G is deployed, and goes back to what the plan says.
//!
//! Nobody's ordinary deployment may fall into it, since it would carry green's link into production unasked: one that
//! does is reported.

use crate::{Ports, deployments};
use domain::gateway::counterparts::Counterparts;
use domain::gateway::{deploys_by_itself, export, integrations, unmoved};
use domain::resources::stage::keeper_name;
use domain::resources::{deployment, integration};
use domain::{Entry, Migration, PhaseError, Side};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What the ledger keeps of the window. The originals of the integrations are in the plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Window {
    /// The deployments that there were.
    deployments: Vec<String>,
}

impl Window {
    fn of(entry: &Entry) -> Result<Self, PhaseError> {
        serde_json::from_value(entry.detail.clone())
            .map_err(|error| PhaseError::conflict(format!("the ledger's entry of the window cannot be read: {error}")))
    }
}

async fn open<P: Ports>(ports: &P, migration: &Migration) -> Result<Option<Entry>, PhaseError> {
    let entry = ports.entry(migration, &integration::window(migration)).await?;
    Ok(entry.filter(|entry| entry.is_live()))
}

/// Ends a window that an earlier invocation left open though G exists. A window whose G does not exist yet goes on: closing and
/// opening it again would only make it longer.
pub(crate) async fn mend<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    if open(ports, migration).await?.is_some() && deployments::find_g(ports, migration).await?.is_some() {
        put_back(ports, migration).await?;
    }
    Ok(())
}

/// Opens the window, deploys G and gives its id.
pub(crate) async fn deploy<P: Ports>(ports: &P, migration: &Migration) -> Result<String, PhaseError> {
    let edge = &migration.plan.edge;
    let api = &edge.api.id;
    if deployments::find_g(ports, migration).await?.is_none() {
        no_stage_deploys_by_itself(ports, migration).await?;
        if open(ports, migration).await?.is_none() {
            let known = ports.deployments(api).await?.into_iter().map(|deployment| deployment.id);
            let window = Window { deployments: known.collect() };
            ports.intend(migration, &integration::window(migration), json!(window)).await?;
        }
        let foreign = integrations::point(ports, migration, Side::Green).await?;
        if !foreign.is_empty() {
            return Err(PhaseError::conflict(format!(
                "somebody edits {api} while deployment G is being made: {}. Freeze edits and start a new migration",
                integrations::few(&foreign)
            )));
        }
        no_foreign_deployment(ports, migration).await?;
    }
    deployment::ensure(ports, migration, api, &deployment::green(migration)).await
}

/// Puts the configuration back, and proves that nobody deployed meanwhile and that G differs from B in nothing but the way to green.
pub(crate) async fn close<P: Ports>(ports: &P, migration: &Migration, g: &str) -> Result<(), PhaseError> {
    if open(ports, migration).await?.is_none() {
        return Ok(());
    }
    // G is looked at through its own stage, before the ledger forgets the window.
    deployments::hold(ports, migration, g).await?;
    put_back(ports, migration).await?;
    no_foreign_deployment(ports, migration).await?;
    only_links_differ(ports, migration).await?;
    ports.record(migration, "G is deployed and the configuration is as it was", json!({ "deployment": g })).await?;
    ports.absent(migration, &integration::window(migration)).await
}

async fn put_back<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    if open(ports, migration).await?.is_none() {
        return Ok(());
    }
    // What points elsewhere was edited by others since: theirs stays.
    integrations::point(ports, migration, Side::Blue).await?;
    Ok(())
}

/// For the way back: the configuration as it was, whatever became of G.
pub(crate) async fn restore<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    if open(ports, migration).await?.is_some() {
        put_back(ports, migration).await?;
        ports.absent(migration, &integration::window(migration)).await?;
    }
    Ok(())
}

/// A stage of an HTTP API that does would serve green as soon as the configuration points there.
async fn no_stage_deploys_by_itself<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let api = &migration.plan.edge.api;
    if api.protocol.is_rest() {
        return Ok(());
    }
    let stages = ports.stages(&api.id).await?;
    stages.iter().find(|stage| stage.auto_deploy).map_or(Ok(()), |stage| Err(deploys_by_itself(&api.id, &stage.name)))
}

async fn no_foreign_deployment<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let edge = &migration.plan.edge;
    let (api, stage) = (&edge.api.id, &edge.stage.name);
    let Some(entry) = open(ports, migration).await? else {
        return Ok(());
    };
    let known = Window::of(&entry)?.deployments;
    let own = [deployment::green(migration), deployment::trial(migration)]
        .map(|key| deployment::description(migration, &key));
    let foreign: Vec<String> = ports
        .deployments(api)
        .await?
        .into_iter()
        .filter(|deployment| !known.contains(&deployment.id) && !own.contains(&deployment.description))
        .map(|deployment| format!("{} ({:?}, {})", deployment.id, deployment.description, deployment.created))
        .collect();
    if foreign.is_empty() {
        return unmoved(edge, ports.stage(api, stage).await?.as_ref());
    }
    let before = ports.export(api, &keeper_name(migration, Side::Blue)).await?;
    let after = ports.export(api, stage).await?;
    let changed = export::differences(&before, &after, 10);
    let changed = if changed.is_empty() { "nothing on the stage".to_owned() } else { changed.join("; ") };
    Err(PhaseError::conflict(format!(
        "deployed by others while the configuration of {api} pointed at green: {}. It may send requests to green; on the stage {stage} it changed {changed}. \
         Deploy again once this migration has gone back",
        foreign.join(", ")
    )))
}

async fn only_links_differ<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let edge = &migration.plan.edge;
    let counterparts = Counterparts::known(ports, migration).await?.reversed();
    let b = ports.export(&edge.api.id, &keeper_name(migration, Side::Blue)).await?;
    let g = ports.export(&edge.api.id, &keeper_name(migration, Side::Green)).await?;
    let (as_blue, count) = export::repointed(g, &counterparts);
    let differences = export::differences(&b, &as_blue, 10);
    if !differences.is_empty() {
        return Err(PhaseError::conflict(format!(
            "deployment G differs from production's in more than where requests go: {}. Somebody edited the API meanwhile",
            differences.join("; ")
        )));
    }
    if count != edge.integrations.len() {
        return Err(PhaseError::conflict(format!(
            "deployment G sends {count} methods to green, expected {}",
            edge.integrations.len()
        )));
    }
    Ok(())
}
