//! Shifts of stages: what a stage served before Bascule pointed it at another deployment. Nothing is created for one, and nothing
//! deleted.

use super::rest_api::qualification;
use crate::{Kind, Migration, ResourceKey, Side};

/// The IAM actions of a shift: one `UpdateStage`, and a read before and after, since API Gateway has no conditional update.
pub const ACTIONS: &[&str] = &[
    "apigateway:GET /apis/*",
    "apigateway:GET /apis/*/stages/*",
    "apigateway:GET /restapis/*/stages/*",
    "apigateway:PATCH /apis/*/stages/*",
    "apigateway:PATCH /restapis/*/stages/*",
];

/// The ledger's key of the shift of production's stage from blue to green.
#[must_use]
pub fn key(migration: &Migration) -> ResourceKey {
    let edge = &migration.plan.edge;
    ResourceKey::new(Side::Blue, Kind::StageShift, format!("{}/{}", edge.api.id, edge.stage.name))
}

/// The ledger's key of the shift of the temporary API's stage from green to blue.
#[must_use]
pub fn temporary(migration: &Migration) -> ResourceKey {
    ResourceKey::new(Side::Temporary, Kind::StageShift, qualification(migration))
}
