//! The ledger as phases use it.

use crate::{Entry, Kind, Migration, PhaseError, Progress, ResourceKey, Side, progress};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::future::Future;

/// The ledger of one migration. Each write is one transaction with META's direction and fence checked in it, and with
/// an EVENT of its own; it is `Conflict` when META has moved on (another owner, or the other direction).
pub trait Ledger: Sync {
    /// One entry, read consistently.
    fn entry(
        &self,
        migration: &Migration,
        key: &ResourceKey,
    ) -> impl Future<Output = Result<Option<Entry>, PhaseError>> + Send;

    /// Every entry of the migration, in the order of their keys, read consistently.
    fn entries(&self, migration: &Migration) -> impl Future<Output = Result<Vec<Entry>, PhaseError>> + Send;

    /// One entry, where the thing exists or may exist.
    fn live(
        &self,
        migration: &Migration,
        key: &ResourceKey,
    ) -> impl Future<Output = Result<Option<Entry>, PhaseError>> + Send {
        async { Ok(self.entry(migration, key).await?.filter(Entry::is_live)) }
    }

    /// Every entry of a side and kind whose thing exists or may exist, in the order of their keys.
    fn live_of(
        &self,
        migration: &Migration,
        side: Side,
        kind: Kind,
    ) -> impl Future<Output = Result<Vec<Entry>, PhaseError>> + Send {
        async move {
            let mut entries = self.entries(migration).await?;
            entries.retain(|entry| entry.is_of(side, kind) && entry.is_live());
            Ok(entries)
        }
    }

    /// Says that the thing is about to be created. `detail` is what is needed to find it again or to put things back:
    /// an entry that already has one keeps it (the first original is the true one). Does nothing where the entry is
    /// already intended or present.
    fn intend(
        &self,
        migration: &Migration,
        key: &ResourceKey,
        detail: Value,
    ) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Says that the thing exists, under the id or ARN that AWS gave it.
    fn present(
        &self,
        migration: &Migration,
        key: &ResourceKey,
        id: &str,
    ) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Says that the thing is gone, or was put back as it was.
    fn absent(&self, migration: &Migration, key: &ResourceKey) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Appends to the audit: what happened, with its evidence (no secrets).
    fn record(
        &self,
        migration: &Migration,
        what: &str,
        evidence: Value,
    ) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// What was saved of a progress, such as the cursor of a long apply; nothing before the first time.
    fn progress(
        &self,
        migration: &Migration,
        which: Progress,
    ) -> impl Future<Output = Result<Option<Value>, PhaseError>> + Send;

    /// What was saved of a progress that has a type of its own; nothing before the first time, and where null was saved since.
    ///
    /// # Errors
    /// What the call answers, and `Conflict` for an item that cannot be read.
    fn saved<T: DeserializeOwned>(
        &self,
        migration: &Migration,
        which: Progress,
    ) -> impl Future<Output = Result<Option<T>, PhaseError>> + Send
    where
        Self: Sync,
    {
        async move { progress::read(which, self.progress(migration, which).await?) }
    }

    /// Saves a progress in place of what was saved before.
    fn save_progress(
        &self,
        migration: &Migration,
        which: Progress,
        progress: Value,
    ) -> impl Future<Output = Result<(), PhaseError>> + Send;
}
