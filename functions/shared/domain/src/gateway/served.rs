//! What a stage serves of blue's deployment B and green's deployment G.

use crate::plan::edge::Stage;

/// The percentage of the requests that green's deployment G gets; nothing where the stage serves anything but B and G.
#[must_use]
pub fn share(stage: &Stage, b: &str, g: &str) -> Option<u8> {
    match &stage.canary {
        None if stage.deployment_id == g => Some(100),
        None if stage.deployment_id == b => Some(0),
        Some(canary) if stage.deployment_id == b && canary.deployment_id == g => {
            // Bascule writes whole percentages only.
            (0..=100).find(|percent| (canary.percent - f64::from(*percent)).abs() < 0.01)
        }
        _ => None,
    }
}

/// What a stage serves, for people.
#[must_use]
pub fn describe(stage: &Stage) -> String {
    match &stage.canary {
        None => format!("the deployment {}", stage.deployment_id),
        Some(canary) => format!(
            "the deployment {} with a canary of {} % on {}",
            stage.deployment_id, canary.percent, canary.deployment_id
        ),
    }
}

/// The message about a stage that somebody else changed; `expected` is what it should serve.
#[must_use]
pub fn changed(stage: &Stage, expected: &str) -> String {
    format!(
        "the stage {} serves {}, expected {expected}: somebody deployed or changed the canary. It is left as it is",
        stage.name,
        describe(stage)
    )
}

/// The message about a stage that somebody else changed; nothing where it serves `expected` percent of G as Bascule left it.
#[must_use]
pub fn moved(stage: Option<&Stage>, b: &str, g: &str, expected: u8) -> Option<String> {
    let Some(stage) = stage else {
        return Some("the stage is gone".to_owned());
    };
    (share(stage, b, g) != Some(expected)).then(|| changed(stage, &format!("{expected} % on green's deployment {g}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::edge::Canary;

    fn stage(deployment: &str, canary: Option<(&str, f64)>) -> Stage {
        Stage {
            name: "prod".to_owned(),
            deployment_id: deployment.to_owned(),
            canary: canary.map(|(id, percent)| Canary { deployment_id: id.to_owned(), percent }),
            ..Stage::default()
        }
    }

    #[test]
    fn a_stage_as_bascule_left_it_was_not_moved_and_any_other_was() {
        for (found, expected, untouched) in [
            (stage("G", None), 100, true),
            (stage("B", Some(("G", 25.0))), 25, true),
            (stage("B", None), 100, false),
            (stage("X", None), 100, false),
            (stage("G", Some(("X", 5.0))), 100, false),
            (stage("B", Some(("G", 30.0))), 25, false),
        ] {
            assert_eq!(moved(Some(&found), "B", "G", expected).is_none(), untouched, "{found:?} at {expected} %");
        }
        assert_eq!(moved(None, "B", "G", 100).as_deref(), Some("the stage is gone"));
    }
}
