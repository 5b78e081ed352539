//! Integrations of the public API's configuration that Bascule points at green's link, with their originals in the ledger
//! (<https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateIntegration.html>).

use crate::plan::edge::LinkedMethod;
use crate::{Entry, Kind, PhaseError, ResourceKey, Side};
use serde::Deserialize;

/// The IAM actions of pointing integrations at another link: [`crate::gateway::integrations::point`].
pub const ACTIONS: &[&str] =
    &["apigateway:GET /restapis/*/resources", "apigateway:PATCH /restapis/*/resources/*/methods/*/integration"];

/// The ledger's key of the originals while the configuration points at green for the moment of deploying G.
#[must_use]
pub fn window() -> ResourceKey {
    ResourceKey::new(Side::Blue, Kind::Integration, "window")
}

/// The ledger's key of the originals once the configuration points at green for good.
#[must_use]
pub fn adopted() -> ResourceKey {
    ResourceKey::new(Side::Blue, Kind::Integration, "adopted")
}

/// The originals that an entry holds, as `integrations`.
///
/// # Errors
/// `Conflict` where they cannot be read.
pub fn originals(entry: &Entry) -> Result<Vec<LinkedMethod>, PhaseError> {
    Vec::deserialize(&entry.detail["integrations"]).map_err(|error| {
        PhaseError::conflict(format!("the ledger's originals of the integrations cannot be read: {error}"))
    })
}
