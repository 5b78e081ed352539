//! Reads what a bake depends on, and decides whether it goes on, ends well or breaks.

use crate::{analysis, window::Window};
use domain::{
    Migration, PhaseError, alarms,
    analysis::{Comparison, Verdict as Compared},
    gateway::served::Switch,
    plan::edge::Stage,
    ports::{Alarms, Clock, Kubernetes, Ledger, Metrics, Probes, Stages, TargetGroups, UsagePlans, VpcLinks},
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
    /// What both sides answered in the bake's present window, where they are compared; an error where they cannot be asked.
    pub compared: Result<Option<Comparison>, PhaseError>,
}

/// What becomes of the bake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Its time is not over.
    Wait,
    /// Its time is over, and it ended well.
    End,
    /// Its time is over, but a release is on one cluster only, so the bake stays open: going back would lose the release, or
    /// bring it. So it does while samples of both sides are missing, and while blue fails them.
    Held,
    /// An alarm broke it.
    Broken(String),
    /// Green is worse than blue, or too little is known of that.
    Worse(String),
    /// Somebody else changed the stage.
    Moved(String),
}

/// Reads alarms, stage, both clusters and blue's edge once, and asks both sides where they are compared.
///
/// # Errors
/// `Conflict` where the ledger does not know deployment G or green's VPC link.
pub async fn see<P>(ports: &P, migration: &Migration, now: jiff::Timestamp) -> Result<Sight, PhaseError>
where
    P: Ledger + Alarms + Stages + Kubernetes + TargetGroups + VpcLinks + Metrics + Probes + UsagePlans + Clock,
{
    let alarms = alarms::look(ports, &migration.input.bake.alarms).await?;
    let stages = stages(ports, migration).await?;
    let moved = moved(ports, migration, &stages, 100).await?;
    let sides = Sides::read(ports, migration).await;
    let way_back = way_back::look(ports, migration, sides.as_ref()).await;
    let released = sides.map(|sides| sides.one_sided(&migration.plan.workloads));
    // What ends the bake at once needs no other reason, and must not wait for answers.
    let is_compared = migration.input.cutover.is_analysed() && alarms.is_empty() && moved.is_none();
    let compared = if is_compared { analysis::in_the_bake(ports, migration, now).await.map(Some) } else { Ok(None) };
    Ok(Sight { alarms, moved, released, way_back, compared })
}

/// The stage of each API, as it is now.
///
/// # Errors
/// Only what the calls answer.
pub async fn stages<P: Stages>(ports: &P, migration: &Migration) -> Result<Vec<Option<Stage>>, PhaseError> {
    let mut stages = Vec::new();
    for edge in &migration.plan.edge.per_api() {
        stages.push(ports.stage(&edge.api.id, &edge.stage.name).await?);
    }
    Ok(stages)
}

/// How somebody else changed one of these stages; nothing where each serves this percentage of green as Bascule left it.
///
/// # Errors
/// As for [`see`].
pub async fn moved<P: Ledger>(
    ports: &P,
    migration: &Migration,
    stages: &[Option<Stage>],
    expected: u8,
) -> Result<Option<String>, PhaseError> {
    for (migration, stage) in migration.per_api().iter().zip(stages) {
        let edge = &migration.plan.edge;
        let switch = Switch::known(ports, migration).await?;
        if let Some(moved) = switch.moved(stage.as_ref(), expected) {
            let of = if edge.others.is_empty() { String::new() } else { format!("of the API {}: ", edge.api.id) };
            return Ok(Some(format!("{of}{moved}")));
        }
    }
    Ok(None)
}

/// Decides on a bake that lasts until `end`; `window` is its present window, where the sides are compared.
///
/// # Errors
/// The error of [`Sight::released`] or of [`Sight::compared`] where only that keeps the bake from ending.
pub fn judge(
    sight: &Sight,
    window: Option<&Window>,
    end: jiff::Timestamp,
    now: jiff::Timestamp,
) -> Result<Verdict, PhaseError> {
    if !sight.alarms.is_empty() {
        return Ok(Verdict::Broken(sight.alarms.join("; ")));
    }
    if let Some(moved) = &sight.moved {
        return Ok(Verdict::Moved(moved.clone()));
    }
    if let Some(Window { verdict: Compared::Failed(why), .. }) = window {
        return Ok(Verdict::Worse(why.clone()));
    }
    // Scheduler keeps whole seconds: it may call up to one early.
    if now.as_second() < end.as_second() {
        return Ok(Verdict::Wait);
    }
    sight.compared.as_ref().map_err(Clone::clone)?;
    if let Some(Window { verdict: Compared::Inconclusive(why), seen, limit, .. }) = window {
        // Nobody gives production back to a blue that fails: people are told, and the bake stays open.
        let is_given_up = now >= *limit && !seen.blue_fails();
        return Ok(if is_given_up { Verdict::Worse(format!("inconclusive: {why}")) } else { Verdict::Held });
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
        let clear = Sight {
            alarms: Vec::new(),
            moved: None,
            released: Ok(Vec::new()),
            way_back: Seen::default(),
            compared: Ok(None),
        };
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
            assert_eq!(judge(&sight, None, end, now), Ok(expected), "{sight:?}");
        }
        for unknown in [
            Sight { released: unreachable(), ..clear.clone() },
            Sight { compared: Err(PhaseError::unavailable("throttled")), ..clear.clone() },
        ] {
            assert_eq!(judge(&unknown, None, end, late).unwrap_err().condition, Condition::Unavailable);
        }
    }

    #[test]
    fn a_green_that_is_worse_breaks_the_bake_and_what_is_not_known_holds_it_up_to_a_limit() {
        let end: jiff::Timestamp = "2026-01-01T14:00:00Z".parse().unwrap();
        let later = |minutes| end + jiff::SignedDuration::from_mins(minutes);
        let clear = Sight {
            alarms: Vec::new(),
            moved: None,
            released: Ok(Vec::new()),
            way_back: Seen::default(),
            compared: Ok(None),
        };
        let failing = {
            let mut seen = Comparison::default();
            seen.blue.count(None);
            seen
        };
        let window = |verdict: &Compared, seen: &Comparison| Window {
            seen: seen.clone(),
            verdict: verdict.clone(),
            is_over: true,
            limit: later(10),
        };
        let (worse, unknown) = (Compared::Failed("slow".to_owned()), Compared::Inconclusive("few".to_owned()));
        let none = Comparison::default();
        for (verdict, seen, now, expected) in [
            (&Compared::Successful, &none, later(-1), Verdict::Wait),
            (&Compared::Successful, &none, later(0), Verdict::End),
            (&worse, &none, later(-90), Verdict::Worse("slow".to_owned())),
            (&unknown, &none, later(-1), Verdict::Wait),
            (&unknown, &none, later(9), Verdict::Held),
            (&unknown, &none, later(10), Verdict::Worse("inconclusive: few".to_owned())),
            (&unknown, &failing, later(10), Verdict::Held),
        ] {
            assert_eq!(judge(&clear, Some(&window(verdict, seen)), end, now), Ok(expected), "{verdict:?} {now}");
        }
    }
}
