//! The life of a migration as the ledger tells it.

use crate::{Direction, Input, Migration, MigrationId, Owner, PhaseError, Plan, Problem, Refusal};
use serde_json::Value;
use std::future::Future;

/// Where a migration is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Life {
    /// Building, qualifying, switching or baking.
    Open,
    /// The bake ended well: from here on only people give production back to blue.
    Baked,
    /// The cleanup is scheduled; going back is still one call.
    Promoted,
    /// Blue is being deleted: there is no way back any more.
    CleaningUp,
    /// Over: promoted and cleaned up, rolled back, refused or planned.
    Ended,
}

impl Life {
    /// As in the table.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether green serves for good, as far as Bascule decides: no failure and no rule takes the way back by itself.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Baked | Self::Promoted | Self::CleaningUp)
    }
}

/// What META says of a migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meta {
    /// The execution's ARN.
    pub id: MigrationId,
    /// Where it is in its life.
    pub life: Life,
    /// Towards what its phases work.
    pub direction: Direction,
    /// Grows with each owner.
    pub fence: u64,
    /// How it ended: `Planned`, `Refused`, `BlueServes` or `GreenServes`.
    pub outcome: Option<String>,
    /// Why it was not begun, where it was refused.
    pub refusal: Option<Refusal>,
    /// The plan's digest.
    pub digest: String,
    /// Events so far: every write of a phase adds one.
    pub events: u64,
    /// Since when.
    pub opened_at: jiff::Timestamp,
}

impl Meta {
    /// Who may write now.
    #[must_use]
    pub const fn owner(&self) -> Owner {
        Owner { direction: self.direction, fence: self.fence }
    }
}

/// A migration that preflight opens.
#[derive(Debug, Clone)]
pub struct Opening {
    /// The execution's ARN.
    pub id: MigrationId,
    /// What the user asked for.
    pub input: Input,
    /// What preflight decided.
    pub plan: Plan,
}

/// The life of migrations in the ledger.
pub trait Migrations: Sync {
    /// What META says, read consistently; nothing where preflight never got that far.
    fn meta(&self, id: &MigrationId) -> impl Future<Output = Result<Option<Meta>, PhaseError>> + Send;

    /// The same of several migrations, in their order; at most 100 of them.
    fn metas(&self, ids: &[MigrationId]) -> impl Future<Output = Result<Vec<Option<Meta>>, PhaseError>> + Send;

    /// META, and the migration with its input and plan as preflight opened it, in one consistent read. `deadline` is when
    /// this invocation must have ended. `Refused` where the ledger does not know the migration or holds what this version
    /// cannot read.
    fn load(
        &self,
        id: &MigrationId,
        deadline: jiff::Timestamp,
    ) -> impl Future<Output = Result<(Meta, Migration), PhaseError>> + Send;

    /// Opens the migration with its plan and takes the locks of both clusters and the stage, all or nothing.
    /// A dry run takes no lock and is ended at once. Opening the same migration again does nothing.
    ///
    /// `Conflict` names the migration that holds a lock and until when.
    fn open(&self, opening: &Opening) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Keeps a refusal beside the input as it came. Where the migration is known already nothing is written.
    fn refuse(
        &self,
        id: &MigrationId,
        input: &Value,
        refusal: &Refusal,
    ) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Which migrations hold the locks that this input needs, other than `id`, a message each.
    fn lock_holders(
        &self,
        id: &MigrationId,
        input: &Input,
    ) -> impl Future<Output = Result<Vec<Problem>, PhaseError>> + Send;

    /// Sees to it that the locks last for a cleanup that begins now: people may answer late, or start its machine again. A lock that
    /// ran out is taken again. Writes nothing where they last.
    ///
    /// `Conflict` names the migration that took a lock meanwhile.
    fn keep_locks(&self, migration: &Migration) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Turns the direction to undo and raises the fence, so that every ledger write of phases that still converge is
    /// refused. Nothing where it was turned before. `Refused` once the cleanup has started.
    fn turn_back(&self, id: &MigrationId) -> impl Future<Output = Result<Meta, PhaseError>> + Send;

    /// The bake ended well. Nothing where that is known already; `Refused` where the migration is over.
    fn pass_bake(&self, migration: &Migration) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// The cleanup is scheduled. `Refused` before the bake has ended well.
    fn promote(&self, migration: &Migration) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Blue is about to be deleted: the end of the way back. `Refused` where the migration was not promoted.
    fn begin_cleanup(&self, migration: &Migration) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// The end, with its outcome: releases the locks. Ending it again does nothing.
    fn end(&self, migration: &Migration, outcome: &str) -> impl Future<Output = Result<(), PhaseError>> + Send;
}
