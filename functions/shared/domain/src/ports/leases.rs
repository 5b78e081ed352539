//! Leases of phases.

use crate::{MigrationId, PhaseError, audit::Said};
use std::future::Future;

/// One running copy of a phase and migration at a time. AWS does not stop an invoked Lambda when Step Functions gives up on
/// it, so a retry waits until the copy before has given its lease back or has passed its own deadline.
pub trait Leases: Sync {
    /// Takes the lease of a phase until `until`, for the invocation `holder`. Taking it again by the same holder is no error.
    ///
    /// `NotReady` while another copy holds it.
    fn lease(
        &self,
        id: &MigrationId,
        phase: &str,
        holder: &str,
        until: jiff::Timestamp,
    ) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Gives a lease back, and keeps how the invocation ended where that was not well; one that another copy has taken over since stays
    /// with that copy.
    fn release(
        &self,
        id: &MigrationId,
        phase: &str,
        holder: &str,
        said: Option<&Said>,
    ) -> impl Future<Output = Result<(), PhaseError>> + Send;
}
