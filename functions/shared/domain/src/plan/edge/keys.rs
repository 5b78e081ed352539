//! Under which keys the ledger knows what Bascule makes of the edge, and what it is called: phases that look for each
//! other's things agree here.

use crate::plan::compute::Tags;
use crate::{Kind, Migration, ResourceKey, Side, names, ownership};

/// Green's load balancer.
#[must_use]
pub fn load_balancer(migration: &Migration) -> ResourceKey {
    ResourceKey::new(Side::Green, Kind::LoadBalancer, &migration.plan.edge.load_balancer.name)
}

/// Green's clone of the target group of this name.
#[must_use]
pub fn target_group(name: &str) -> ResourceKey {
    ResourceKey::new(Side::Green, Kind::TargetGroup, name)
}

/// The listener of green's load balancer on this port.
#[must_use]
pub fn listener(port: u16) -> ResourceKey {
    ResourceKey::new(Side::Green, Kind::Listener, port.to_string())
}

/// A node group of green in the clone of a target group.
#[must_use]
pub fn attachment(target_group: &str, node_group: &str) -> ResourceKey {
    ResourceKey::new(Side::Green, Kind::TargetGroupAttachment, format!("{target_group}/{node_group}"))
}

/// Green's VPC link.
#[must_use]
pub fn vpc_link(migration: &Migration) -> ResourceKey {
    ResourceKey::new(Side::Green, Kind::VpcLink, &migration.plan.edge.vpc_link.name)
}

/// The API on which people qualify green.
#[must_use]
pub fn temporary_api() -> ResourceKey {
    ResourceKey::new(Side::Temporary, Kind::RestApi, "qualification")
}

/// The deployment of the temporary API.
#[must_use]
pub fn temporary_deployment() -> ResourceKey {
    ResourceKey::new(Side::Temporary, Kind::Deployment, "qualification")
}

/// The deployment of the temporary API that sends requests to blue, for comparison once green serves.
#[must_use]
pub fn temporary_deployment_of_blue() -> ResourceKey {
    ResourceKey::new(Side::Temporary, Kind::Deployment, "qualification/blue")
}

/// That the temporary API was moved from green to blue.
#[must_use]
pub fn temporary_shift() -> ResourceKey {
    ResourceKey::new(Side::Temporary, Kind::StageShift, "qualification")
}

/// The stage of the temporary API.
#[must_use]
pub fn temporary_stage() -> ResourceKey {
    ResourceKey::new(Side::Temporary, Kind::Stage, "qualification")
}

/// The usage plan that lets the keys of this one into the temporary API.
#[must_use]
pub fn temporary_usage_plan(id: &str) -> ResourceKey {
    ResourceKey::new(Side::Temporary, Kind::UsagePlan, format!("qualification/{id}"))
}

/// The trial deployment T, which shows undeployed edits.
#[must_use]
pub fn deployment_t() -> ResourceKey {
    ResourceKey::new(Side::Temporary, Kind::Deployment, "T")
}

/// The deployment G, which sends requests to green. It stays: production runs on it.
#[must_use]
pub fn deployment_g() -> ResourceKey {
    ResourceKey::new(Side::Green, Kind::Deployment, "G")
}

/// The stage of Bascule's own that keeps B, or G, from being deleted by anybody.
#[must_use]
pub fn keeper(side: Side) -> ResourceKey {
    let deployment = if side == Side::Blue { "B" } else { "G" };
    ResourceKey::new(side, Kind::Stage, format!("bascule-{deployment}"))
}

/// The usage plan that lets the keys of this one into the stage of Bascule's own that serves G.
#[must_use]
pub fn smoke_usage_plan(id: &str) -> ResourceKey {
    ResourceKey::new(Side::Temporary, Kind::UsagePlan, format!("smoke/{id}"))
}

/// The originals of the integrations while the configuration points at green for the moment of deploying G.
#[must_use]
pub fn window() -> ResourceKey {
    ResourceKey::new(Side::Blue, Kind::Integration, "window")
}

/// The originals of the integrations once the configuration points at green for good.
#[must_use]
pub fn adopted() -> ResourceKey {
    ResourceKey::new(Side::Blue, Kind::Integration, "adopted")
}

/// What the user's stage was before Bascule moved it.
#[must_use]
pub fn shift(migration: &Migration) -> ResourceKey {
    let edge = &migration.plan.edge;
    ResourceKey::new(Side::Blue, Kind::StageShift, format!("{}/{}", edge.api.id, edge.stage.name))
}

/// The unique name of what `key` stands for, at most `limit` characters.
#[must_use]
pub fn name(migration: &Migration, key: &ResourceKey, limit: usize) -> String {
    names::unique(&migration.id, key.side, key.kind, &key.name, limit)
}

/// The tags of something that Bascule makes: those of what it is a clone of, and whose it is.
#[must_use]
pub fn tags(migration: &Migration, side: Side, like: &Tags) -> Tags {
    let mut tags = migration.plan.compute.green_tags(like);
    tags.extend(ownership::tags(migration, side));
    tags
}

/// Where a stage of an API answers
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-call-api.html>).
#[must_use]
pub fn url(region: &str, api: &str, stage: &str) -> String {
    format!("https://{}/{stage}", host(region, api))
}

/// The host name of an API.
#[must_use]
pub fn host(region: &str, api: &str) -> String {
    let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
    format!("{api}.execute-api.{region}.amazonaws.com{suffix}")
}
