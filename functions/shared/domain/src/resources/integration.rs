//! Integrations of the public API's configuration that Bascule points at green's link. Their originals are in the ledger with the
//! plan, which never changes: an entry of its own would pass the 400 KB of an item with some thousand methods
//! (<https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateIntegration.html>).

use crate::{Kind, Migration, ResourceKey, Side};

/// The IAM actions of pointing integrations at another link: [`crate::gateway::integrations::point`].
pub const ACTIONS: &[&str] = &[
    "apigateway:GET /apis/*",
    "apigateway:GET /apis/*/integrations",
    "apigateway:GET /apis/*/routes",
    "apigateway:GET /restapis/*/resources",
    "apigateway:PATCH /apis/*/integrations/*",
    "apigateway:PATCH /restapis/*/resources/*/methods/*/integration",
];

/// The ledger's key of the window: the configuration points at green for the moment of deploying G.
#[must_use]
pub fn window(migration: &Migration) -> ResourceKey {
    ResourceKey::new(Side::Blue, Kind::Integration, migration.plan.edge.of_api("window"))
}

/// The ledger's key of the adoption: the configuration points at green for good.
#[must_use]
pub fn adopted(migration: &Migration) -> ResourceKey {
    ResourceKey::new(Side::Blue, Kind::Integration, migration.plan.edge.of_api("adopted"))
}
