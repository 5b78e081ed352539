//! What one call has to change on the stage, decided on what the stage is.

use domain::PhaseError;
use domain::gateway::served::Switch;
use domain::plan::edge::Stage;
use domain::ports::gateway::Patch;

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Move {
    /// The stage is there already.
    Nothing,
    /// This one call.
    Take(Vec<Patch>),
}

/// The step from one share of green's to the next.
///
/// # Errors
/// `Conflict` where the stage is at neither.
pub fn step(now: &Stage, switch: &Switch, from: u8, target: u8) -> Result<Move, PhaseError> {
    match switch.share(now) {
        Some(share) if share == target => Ok(Move::Nothing),
        Some(share) if share == from => Ok(Move::Take(switch.forward(now, target))),
        _ => Err(PhaseError::conflict(switch.changed(now, &format!("green at {from} % or {target} %")))),
    }
}

/// The way back to blue.
///
/// # Errors
/// `Conflict` where the stage serves anything but blue and green.
pub fn back(now: &Stage, switch: &Switch) -> Result<Move, PhaseError> {
    match (&now.canary, switch.share(now)) {
        (None, Some(0)) => Ok(Move::Nothing),
        (_, Some(_)) => Ok(Move::Take(switch.back(now))),
        (_, None) => Err(PhaseError::conflict(switch.changed(now, "blue, green, or both"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Condition;
    use domain::plan::edge::Canary;

    fn stage(deployment: &str, canary: Option<(&str, f64)>) -> Stage {
        Stage {
            name: "prod".to_owned(),
            deployment_id: deployment.to_owned(),
            canary: canary.map(|(id, percent)| Canary { deployment_id: id.to_owned(), percent, ..Canary::default() }),
            ..Stage::default()
        }
    }

    #[test]
    fn a_step_that_was_taken_is_not_taken_again() {
        let switch = &Switch::deployments("B", "G");
        assert_eq!(step(&stage("G", None), switch, 0, 100), Ok(Move::Nothing));
        assert_eq!(step(&stage("B", Some(("G", 25.0))), switch, 5, 25), Ok(Move::Nothing));
        assert_eq!(back(&stage("B", None), switch), Ok(Move::Nothing));
    }

    #[test]
    fn a_step_and_its_way_back_are_one_call_each() {
        let switch = &Switch::deployments("B", "G");
        let taken = |found: Result<Move, PhaseError>, patches: Vec<Patch>| assert_eq!(found, Ok(Move::Take(patches)));
        taken(step(&stage("B", None), switch, 0, 100), vec![Patch::replace("/deploymentId", "G")]);
        taken(back(&stage("G", None), switch), vec![Patch::replace("/deploymentId", "B")]);
        taken(back(&stage("B", Some(("G", 25.0))), switch), vec![Patch::remove("/canarySettings")]);
    }

    #[test]
    fn a_stage_that_others_moved_is_never_overwritten() {
        let switch = &Switch::deployments("B", "G");
        for now in [
            stage("X", None),
            stage("X", Some(("G", 5.0))),
            stage("B", Some(("X", 5.0))),
            stage("G", Some(("X", 5.0))),
            stage("G", Some(("B", 5.0))),
        ] {
            assert_eq!(step(&now, switch, 0, 100).unwrap_err().condition, Condition::Conflict, "{now:?}");
            assert_eq!(back(&now, switch).unwrap_err().condition, Condition::Conflict, "{now:?}");
        }
        // Somebody else's share.
        assert!(step(&stage("B", Some(("G", 30.0))), switch, 5, 25).is_err());
    }
}
