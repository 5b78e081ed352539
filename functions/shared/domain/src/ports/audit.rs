//! Reading the audit, for the pages and the report.

use crate::{
    MigrationId, PhaseError,
    audit::{Event, Run},
};
use std::future::Future;

/// The ledger's EVENT and PHASE items. What was written in the last second may be missing.
pub trait Audit: Sync {
    /// The last `most` events, in order; all of them without a number.
    fn events(
        &self,
        id: &MigrationId,
        most: Option<u16>,
    ) -> impl Future<Output = Result<Vec<Event>, PhaseError>> + Send;

    /// The phases that have run, in the order in which they began.
    fn runs(&self, id: &MigrationId) -> impl Future<Output = Result<Vec<Run>, PhaseError>> + Send;
}
