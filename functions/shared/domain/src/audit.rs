//! The audit of a migration, and the runs of its phases, as the ledger keeps them.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

/// Something that happened: an EVENT item, which nothing changes afterwards.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Its number, from 1, without a gap.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Which function wrote it.
    pub by: String,
    /// What happened.
    pub what: String,
    /// With this evidence; no secrets.
    pub evidence: Value,
}

/// The runs of a phase: a PHASE item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// The phase, by the name of its crate.
    pub phase: String,
    /// When it ran first.
    pub started_at: Timestamp,
    /// When a copy of it ended last; nothing before the first time.
    pub ended_at: Option<Timestamp>,
    /// How often it was invoked; polls count.
    pub attempts: u64,
    /// Whether a copy runs now.
    pub running: bool,
}
