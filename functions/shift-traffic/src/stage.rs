//! What one call has to change on the stage, decided on what the stage is.
//!
//! The paths are those of `UpdateStage`
//! (<https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html#UpdateStage-Patch>).

use domain::PhaseError;
use domain::gateway::served::{changed, share};
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
pub fn step(now: &Stage, b: &str, g: &str, from: u8, target: u8) -> Result<Move, PhaseError> {
    match share(now, b, g) {
        Some(share) if share == target => Ok(Move::Nothing),
        Some(share) if share == from => Ok(Move::Take(forward(now, g, target))),
        _ => Err(PhaseError::conflict(changed(now, &format!("green at {from} % or {target} %")))),
    }
}

fn forward(now: &Stage, g: &str, target: u8) -> Vec<Patch> {
    match (target, &now.canary) {
        (100, None) => vec![Patch::replace("/deploymentId", g)],
        // Both in one call: between two calls all requests would go to blue, or the canary's share to a deployment that is the
        // stage's own. `copy` would leave the canary where it is.
        (100, Some(_)) => vec![Patch::remove("/canarySettings"), Patch::replace("/deploymentId", g)],
        // `replace` of a part makes the canary where there is none.
        (percent, None) => vec![
            Patch::replace("/canarySettings/deploymentId", g),
            Patch::replace("/canarySettings/percentTraffic", percent.to_string()),
        ],
        (percent, Some(_)) => vec![Patch::replace("/canarySettings/percentTraffic", percent.to_string())],
    }
}

/// The way back to B.
///
/// # Errors
/// `Conflict` where the stage serves anything but B and G.
pub fn back(now: &Stage, b: &str, g: &str) -> Result<Move, PhaseError> {
    match (&now.canary, share(now, b, g)) {
        (None, Some(0)) => Ok(Move::Nothing),
        (None, Some(_)) => Ok(Move::Take(vec![Patch::replace("/deploymentId", b)])),
        (Some(_), Some(_)) => Ok(Move::Take(vec![Patch::remove("/canarySettings")])),
        (_, None) => Err(PhaseError::conflict(changed(now, "blue's deployment, green's, or both"))),
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
            canary: canary.map(|(id, percent)| Canary { deployment_id: id.to_owned(), percent }),
            ..Stage::default()
        }
    }

    fn taken(result: Result<Move, PhaseError>) -> Vec<Patch> {
        match result.unwrap() {
            Move::Nothing => vec![],
            Move::Take(patches) => patches,
        }
    }

    #[test]
    fn a_straight_switch_replaces_the_deployment() {
        assert_eq!(taken(step(&stage("B", None), "B", "G", 0, 100)), [Patch::replace("/deploymentId", "G")]);
    }

    #[test]
    fn a_partial_shift_makes_a_canary_in_one_call_and_the_next_one_changes_its_share() {
        let expected = [
            Patch::replace("/canarySettings/deploymentId", "G"),
            Patch::replace("/canarySettings/percentTraffic", "5"),
        ];
        assert_eq!(taken(step(&stage("B", None), "B", "G", 0, 5)), expected);
        let expected = [Patch::replace("/canarySettings/percentTraffic", "25")];
        assert_eq!(taken(step(&stage("B", Some(("G", 5.0))), "B", "G", 5, 25)), expected);
    }

    #[test]
    fn the_last_step_ends_the_canary_and_replaces_the_deployment_in_one_call() {
        let expected = [Patch::remove("/canarySettings"), Patch::replace("/deploymentId", "G")];
        assert_eq!(taken(step(&stage("B", Some(("G", 50.0))), "B", "G", 50, 100)), expected);
    }

    #[test]
    fn a_step_that_was_taken_is_not_taken_again() {
        assert_eq!(step(&stage("G", None), "B", "G", 0, 100), Ok(Move::Nothing));
        assert_eq!(step(&stage("B", Some(("G", 25.0))), "B", "G", 5, 25), Ok(Move::Nothing));
    }

    #[test]
    fn a_stage_that_others_moved_is_never_overwritten() {
        for now in [
            stage("X", None),
            stage("X", Some(("G", 5.0))),
            stage("B", Some(("X", 5.0))),
            stage("G", Some(("X", 5.0))),
            stage("G", Some(("B", 5.0))),
        ] {
            assert_eq!(step(&now, "B", "G", 0, 100).unwrap_err().condition, Condition::Conflict, "{now:?}");
            assert_eq!(back(&now, "B", "G").unwrap_err().condition, Condition::Conflict, "{now:?}");
        }
        // Somebody else's share.
        assert!(step(&stage("B", Some(("G", 30.0))), "B", "G", 5, 25).is_err());
    }

    #[test]
    fn the_way_back_is_one_call_and_none_where_blue_serves() {
        assert_eq!(taken(back(&stage("G", None), "B", "G")), [Patch::replace("/deploymentId", "B")]);
        assert_eq!(taken(back(&stage("B", Some(("G", 25.0))), "B", "G")), [Patch::remove("/canarySettings")]);
        assert_eq!(back(&stage("B", None), "B", "G"), Ok(Move::Nothing));
    }
}
