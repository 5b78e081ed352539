//! Deletes blue, days after the bake ended well, and what was temporary with it.
//!
//! Every step deletes only what the approved plan lists or what the ledger says Bascule created. Where the input keeps blue, only the latter.

pub mod blue;
pub mod control_plane;
pub mod edge;
pub mod guard;
pub mod inventory;
mod kept;
pub mod neighbours;
pub mod network;
pub mod nodes;

use domain::{
    Migration, Outcome, PhaseError, Whole,
    approval::Question,
    ports::{
        Access, Approvals, FargateProfiles, Flows, LaunchTemplates, Migrations, Neighbours, NodeGroups, Schedules,
        Settings, migrations::Life,
    },
    resources::schedule,
};

/// The states of the cleanup machine that run this phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Step {
    /// Nothing may point at blue or flow through it.
    Guard,
    /// What was temporary of the edge, and blue's part of it.
    Edge,
    /// Blue's nodes.
    Nodes,
    /// Blue's control plane.
    ControlPlane,
    /// Blue's security groups and launch templates.
    Network,
    /// The search for anything that is left, and the end.
    Inventory,
}

/// Everything that this phase reaches.
pub trait Ports:
    edge::Ports
    + control_plane::Ports
    + Access
    + Approvals
    + FargateProfiles
    + Flows
    + LaunchTemplates
    + Migrations
    + Neighbours
    + NodeGroups
    + Schedules
    + Settings
{
}

impl<T> Ports for T where
    T: edge::Ports
        + control_plane::Ports
        + Access
        + Approvals
        + FargateProfiles
        + Flows
        + LaunchTemplates
        + Migrations
        + Neighbours
        + NodeGroups
        + Schedules
        + Settings
{
}

/// Takes one step of the cleanup. From the first deletion on there is no way back. Each step that deletes asks the ledger itself
/// whether it may: who invokes the function, or answers a task token, decides nothing.
///
/// # Errors
/// `Refused` where the migration was not promoted, or nobody approved a deletion that is to be approved; `NotReady` while AWS
/// deletes; `Conflict` where something else has the name of what was approved for deletion.
pub async fn converge<P: Ports>(ports: &P, migration: &Migration, step: Step) -> Result<Outcome, PhaseError> {
    if migration.input.keeps_blue() {
        return kept::converge(ports, migration, step).await;
    }
    match step {
        Step::Guard => {
            let outcome = guard::converge(ports, migration).await?;
            // From here on people may take as long as for any answer, however late this machine was started.
            ports.keep_locks(migration).await?;
            neighbours::none_left(ports, migration).await?;
            Ok(outcome)
        }
        Step::Edge => {
            lives(ports, migration, &[Life::Promoted, Life::CleaningUp]).await?;
            edge::guard(ports, migration).await?;
            ports.begin_cleanup(migration).await?;
            edge::converge(ports, migration).await
        }
        Step::Nodes => {
            begun(ports, migration).await?;
            edge::is_gone(ports, migration).await?;
            neighbours::none_left(ports, migration).await?;
            nodes::converge(ports, migration).await
        }
        Step::ControlPlane => {
            begun(ports, migration).await?;
            edge::is_gone(ports, migration).await?;
            control_plane::converge(ports, migration).await
        }
        Step::Network => {
            begun(ports, migration).await?;
            network::converge(ports, migration).await
        }
        Step::Inventory => end(ports, migration).await,
    }
}

/// What ends every migration that ended with green.
async fn end<P: Ports>(ports: &P, migration: &Migration) -> Result<Outcome, PhaseError> {
    if inventory::has_ended(ports, migration).await? {
        return Ok(Outcome::done());
    }
    begun(ports, migration).await?;
    control_plane::leave_green(ports, migration).await?;
    // The schedule that started this very execution has deleted itself, and whatever else was due is void.
    schedule::remove_all(ports, migration).await?;
    if migration.input.keeps_blue() {
        kept::tell(ports, migration).await?;
    }
    inventory::converge(ports, migration).await
}

/// Blue's deletion has begun, and people approved it where the input wants that.
async fn begun<P: Migrations + Approvals>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    lives(ports, migration, &[Life::CleaningUp]).await
}

/// The migration is in one of these lives, and people approved the deletion where the input wants that.
async fn lives<P: Migrations + Approvals>(ports: &P, migration: &Migration, lives: &[Life]) -> Result<(), PhaseError> {
    match ports.meta(&migration.id).await?.map(|meta| meta.life) {
        Some(life) if lives.contains(&life) => approved(ports, migration).await,
        life => Err(PhaseError::refused(format!(
            "the migration is {}, expected {}: blue's edge is deleted first, by the cleanup machine, once a bake has ended well; nothing \
             was deleted",
            life.map_or("unknown", Life::name),
            lives.iter().map(|life| life.name()).collect::<Vec<_>>().join(" or ")
        ))),
    }
}

/// People approved the deletion of what this plan lists, where the input wants that.
async fn approved<P: Approvals>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    if !migration.input.cleanup.approval {
        return Ok(());
    }
    let asked = ports.asked(&migration.id, Question::Cleanup).await?;
    let asked = asked.ok_or_else(|| PhaseError::refused("nobody was asked whether blue may be deleted"))?;
    asked.permits(&migration.plan.digest())
}

/// A cleanup is not undone: the guards stand before it.
///
/// # Errors
/// Always `Refused`.
#[expect(clippy::unused_async, reason = "the form of every phase")]
pub async fn undo<P>(_ports: &P, _migration: &Migration, _: Whole) -> Result<Outcome, PhaseError> {
    Err(PhaseError::refused("a cleanup cannot be undone: blue is being deleted and green serves"))
}
