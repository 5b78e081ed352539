//! Reads what a bake depends on, and decides whether it goes on, ends well or breaks.

use domain::{
    Migration, PhaseError, alarms,
    gateway::served::Switch,
    ports::{Alarms, Kubernetes, Ledger, Stages, TargetGroups, VpcLinks},
    release::Sides,
    way_back::{self, Seen},
};

/// The state of everything that a bake depends on.
#[derive(Debug, Clone)]
pub struct Sight {
    /// A text for each alarm that is not OK.
    pub alarms: Vec<String>,
    /// How somebody else changed the stage; nothing where it serves green's deployment alone.
    pub moved: Option<String>,
    /// Releases that reached one cluster only; an error where a cluster does not answer, which must not hide the rest.
    pub released: Result<Vec<String>, PhaseError>,
    /// What stands against going back.
    pub way_back: Seen,
}

/// What becomes of the bake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Its time is not over.
    Wait,
    /// Its time is over, and it ended well.
    End,
    /// Its time is over, but a release is on one cluster only, so the bake stays open: going back would lose the release, or
    /// bring it.
    Held,
    /// An alarm broke it.
    Broken(String),
    /// Somebody else changed the stage.
    Moved(String),
}

/// Reads alarms, stage, both clusters and blue's edge once.
///
/// # Errors
/// `Conflict` where the ledger does not know deployment G or green's VPC link.
pub async fn see<P>(ports: &P, migration: &Migration) -> Result<Sight, PhaseError>
where
    P: Ledger + Alarms + Stages + Kubernetes + TargetGroups + VpcLinks,
{
    let edge = &migration.plan.edge;
    let alarms = alarms::look(ports, &migration.input.bake.alarms).await?;
    let switch = Switch::known(ports, migration).await?;
    let stage = ports.stage(&edge.api.id, &edge.stage.name).await?;
    let moved = switch.moved(stage.as_ref(), 100);
    let sides = Sides::read(ports, migration).await;
    let way_back = way_back::look(ports, migration, sides.as_ref()).await;
    let released = sides.map(|sides| sides.one_sided(&migration.plan.workloads));
    Ok(Sight { alarms, moved, released, way_back })
}

/// Decides on a bake that lasts until `end`.
///
/// # Errors
/// The error of [`Sight::released`] where only that keeps the bake from ending.
pub fn judge(sight: &Sight, end: jiff::Timestamp, now: jiff::Timestamp) -> Result<Verdict, PhaseError> {
    if !sight.alarms.is_empty() {
        return Ok(Verdict::Broken(sight.alarms.join("; ")));
    }
    if let Some(moved) = &sight.moved {
        return Ok(Verdict::Moved(moved.clone()));
    }
    // Scheduler keeps whole seconds: it may call up to one early.
    if now.as_second() < end.as_second() {
        return Ok(Verdict::Wait);
    }
    Ok(if sight.released.clone()?.is_empty() { Verdict::End } else { Verdict::Held })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Condition;

    #[test]
    fn a_bake_ends_in_its_time_and_breaks_at_once() {
        let end: jiff::Timestamp = "2026-01-01T14:00:00.5Z".parse().unwrap();
        let (early, late) = ("2026-01-01T13:59:59.9Z".parse().unwrap(), "2026-01-01T14:00:00Z".parse().unwrap());
        let clear = Sight { alarms: Vec::new(), moved: None, released: Ok(Vec::new()), way_back: Seen::default() };
        let fired = Sight { alarms: vec!["5xx is in ALARM".to_owned()], ..clear.clone() };
        let moved = Sight { moved: Some("X".to_owned()), ..clear.clone() };
        let released = Sight { released: Ok(vec!["web on green".to_owned()]), ..clear.clone() };
        let unreachable = || Err(PhaseError::unavailable("blue does not answer"));
        for (sight, now, expected) in [
            (clear.clone(), early, Verdict::Wait),
            (clear.clone(), late, Verdict::End),
            (released.clone(), early, Verdict::Wait),
            (released, late, Verdict::Held),
            (Sight { released: unreachable(), ..fired }, early, Verdict::Broken("5xx is in ALARM".to_owned())),
            (Sight { released: unreachable(), ..moved }, late, Verdict::Moved("X".to_owned())),
            (Sight { released: unreachable(), ..clear.clone() }, early, Verdict::Wait),
        ] {
            assert_eq!(judge(&sight, end, now), Ok(expected), "{sight:?}");
        }
        let error = judge(&Sight { released: unreachable(), ..clear }, end, late).unwrap_err();
        assert_eq!(error.condition, Condition::Unavailable);
    }
}
