//! Whether a step of the switch has reached production's stage: requests to that stage, whose answers tell the cluster.

use domain::{
    Condition, Migration, PhaseError,
    input::Marker,
    ports::{Clock, Ledger, Probes, UsagePlans, probes::Probe},
    reach::Reach,
    resources::usage_plan,
    shift::Shift,
};
use jiff::{SignedDuration, Timestamp};

/// No further request is sent after so long: alarms must be looked at in between.
const LONGEST: SignedDuration = SignedDuration::from_secs(20);

/// Nor after so many in one look.
const MOST: u32 = 400;

/// Asks until it is shown that the step has reached the stage, or for a while, and says what is known by then. The audit has it once.
///
/// # Errors
/// `Conflict` where what the ledger has cannot be read; those of the calls.
pub async fn look<P>(
    ports: &P,
    migration: &Migration,
    (shift, marker): (&Shift, &Marker),
    now: Timestamp,
) -> Result<Reach, PhaseError>
where
    P: Ledger + Probes + UsagePlans + Clock,
{
    let edge = &migration.plan.edge;
    let mut reach = Reach::saved(ports, migration, shift.guarded).await?;
    if reach.shown_at.is_some() {
        return Ok(reach);
    }
    let (api, stage, path) = (edge.api.id.clone(), edge.stage.name.clone(), marker.path.clone());
    let key = usage_plan::enabled_key(ports, edge).await?.map(|(_, key)| key);
    let probe = Probe { api, vpc_endpoint: edge.vpc_endpoint.clone(), stage, path, key };
    for _ in 0..MOST {
        let by = match ports.probe(&probe).await {
            Ok(answered) => marker.side(&answered.body),
            Err(error) if error.condition == Condition::Unavailable => None,
            Err(error) => return Err(error),
        };
        let at = ports.now();
        reach.count(by, shift.share, marker, at);
        if reach.shown_at.is_some() || at.duration_since(now) > LONGEST {
            break;
        }
    }
    if reach.shown_at.is_some() {
        let evidence = serde_json::json!({ "findings": reach.findings(shift) });
        ports.record(migration, "step reached the stage", evidence).await?;
    }
    reach.save(ports, migration).await?;
    Ok(reach)
}
