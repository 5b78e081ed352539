//! Whether a step of the switch has reached production's stage, of each API: requests to it, whose answers tell the cluster.

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

/// Nor after so many to one stage in one look.
const MOST: u32 = 400;

/// Asks until it is shown that the step has reached every stage, or for a while, and says what is known by then. The audit has it once.
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
    let mut reach = Reach::saved(ports, migration, shift.guarded).await?;
    if reach.is_shown() {
        return Ok(reach);
    }
    let mut probes = Vec::new();
    for view in &migration.per_api() {
        let edge = &view.plan.edge;
        let (api, stage) = (edge.api.id.clone(), edge.stage.name.clone());
        let path = marker.path_of(&api).to_owned();
        let key = usage_plan::enabled_key(ports, edge).await?.map(|(_, key)| key);
        probes.push(Probe { api, vpc_endpoint: edge.vpc_endpoint.clone(), stage, path, key });
    }
    for _ in 0..MOST {
        for (place, probe) in probes.iter().enumerate() {
            let Some(one) = reach.of(place).filter(|one| one.shown_at.is_none()) else { continue };
            let by = match ports.probe(probe).await {
                Ok(answered) => marker.side(&answered.body),
                Err(error) if error.condition == Condition::Unavailable => None,
                Err(error) => return Err(error),
            };
            one.count(by, shift.share, marker, ports.now());
        }
        if reach.is_shown() || ports.now().duration_since(now) > LONGEST {
            break;
        }
    }
    if reach.is_shown() {
        let apis: Vec<&str> = migration.plan.edge.apis().map(|api| api.id.as_str()).collect();
        let evidence = serde_json::json!({ "findings": reach.findings(shift, &apis) });
        ports.record(migration, "step reached the stage", evidence).await?;
    }
    reach.save(ports, migration).await?;
    Ok(reach)
}
