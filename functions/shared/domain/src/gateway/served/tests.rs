use super::*;

fn stage(deployment: &str, canary: Option<(&str, f64)>) -> Stage {
    let canary =
        canary.map(|(id, percent)| Canary { deployment_id: id.to_owned(), percent, variables: BTreeMap::new() });
    Stage { name: "prod".to_owned(), deployment_id: deployment.to_owned(), canary, ..Stage::default() }
}

fn variable(value: &str) -> BTreeMap<String, String> {
    [("link".to_owned(), value.to_owned())].into()
}

/// A stage whose variable holds the link, with a canary of another link.
fn by_variable(deployment: &str, link: &str, canary: Option<(&str, f64)>) -> Stage {
    let canary = canary.map(|(link, percent)| Canary {
        deployment_id: deployment.to_owned(),
        percent,
        variables: variable(link),
    });
    Stage {
        name: "prod".to_owned(),
        deployment_id: deployment.to_owned(),
        variables: variable(link),
        canary,
        ..Stage::default()
    }
}

fn of_variables() -> Switch {
    let serving = |link: &str| Serving { deployment: "B".to_owned(), link: Some(("link".to_owned(), link.to_owned())) };
    Switch { blue: serving("blue1"), green: serving("green1") }
}

#[test]
fn a_stage_as_bascule_left_it_was_not_moved_and_any_other_was() {
    let switch = Switch::deployments("B", "G");
    for (found, expected, untouched) in [
        (stage("G", None), 100, true),
        (stage("B", Some(("G", 25.0))), 25, true),
        (stage("B", None), 100, false),
        (stage("X", None), 100, false),
        (stage("G", Some(("X", 5.0))), 100, false),
        (stage("B", Some(("G", 30.0))), 25, false),
    ] {
        assert_eq!(switch.moved(Some(&found), expected).is_none(), untouched, "{found:?} at {expected} %");
    }
    assert_eq!(switch.moved(None, 100).as_deref(), Some("the stage is gone"));
}

#[test]
fn a_stage_whose_variable_holds_the_link_is_told_by_deployment_and_variable() {
    let switch = of_variables();
    for (found, share) in [
        (by_variable("B", "blue1", None), Some(0)),
        (by_variable("B", "green1", None), Some(100)),
        (by_variable("B", "blue1", Some(("green1", 25.0))), Some(25)),
        (by_variable("B", "blue1", Some(("other", 25.0))), None),
        (by_variable("B", "green1", Some(("green1", 25.0))), None),
        (by_variable("B", "other", None), None),
        (by_variable("X", "green1", None), None),
    ] {
        assert_eq!(switch.share(&found), share, "{found:?}");
    }
}

#[test]
fn a_straight_switch_and_its_way_back_replace_one_thing() {
    let switch = Switch::deployments("B", "G");
    assert_eq!(switch.forward(&stage("B", None), 100), [Patch::replace("/deploymentId", "G")]);
    assert_eq!(switch.back(&stage("G", None)), [Patch::replace("/deploymentId", "B")]);
    let switch = of_variables();
    assert_eq!(switch.forward(&by_variable("B", "blue1", None), 100), [Patch::replace("/variables/link", "green1")]);
    assert_eq!(switch.back(&by_variable("B", "green1", None)), [Patch::replace("/variables/link", "blue1")]);
}

// The paths and operations of https://docs.aws.amazon.com/apigateway/latest/developerguide/update-canary-deployment.html.
#[test]
fn a_partial_shift_makes_a_canary_in_one_call_and_the_next_one_changes_its_share() {
    let expected =
        [Patch::replace("/canarySettings/deploymentId", "G"), Patch::replace("/canarySettings/percentTraffic", "5")];
    let share = [Patch::replace("/canarySettings/percentTraffic", "25")];
    let switch = Switch::deployments("B", "G");
    assert_eq!(switch.forward(&stage("B", None), 5), expected);
    assert_eq!(switch.forward(&stage("B", Some(("G", 5.0))), 25), share);
    let expected = [
        Patch::replace("/canarySettings/deploymentId", "B"),
        Patch::replace("/canarySettings/percentTraffic", "5"),
        Patch::replace("/canarySettings/stageVariableOverrides/link", "green1"),
    ];
    let switch = of_variables();
    assert_eq!(switch.forward(&by_variable("B", "blue1", None), 5), expected);
    assert_eq!(switch.forward(&by_variable("B", "blue1", Some(("green1", 5.0))), 25), share);
}

#[test]
fn the_last_step_ends_the_canary_and_moves_the_stage_in_one_call() {
    let expected = [Patch::remove("/canarySettings"), Patch::replace("/deploymentId", "G")];
    assert_eq!(Switch::deployments("B", "G").forward(&stage("B", Some(("G", 50.0))), 100), expected);
    let expected = [Patch::remove("/canarySettings"), Patch::replace("/variables/link", "green1")];
    assert_eq!(of_variables().forward(&by_variable("B", "blue1", Some(("green1", 50.0))), 100), expected);
}

#[test]
fn a_way_back_from_a_partial_shift_ends_the_canary() {
    let expected = [Patch::remove("/canarySettings")];
    assert_eq!(Switch::deployments("B", "G").back(&stage("B", Some(("G", 25.0)))), expected);
    assert_eq!(of_variables().back(&by_variable("B", "blue1", Some(("green1", 25.0)))), expected);
}

#[test]
fn what_a_stage_serves_is_told_with_its_variable() {
    let told = of_variables().describe(&by_variable("B", "blue1", Some(("green1", 25.0))));
    let expected =
        "the deployment B with the stage variable link = blue1 with a canary of 25 % on B with link = green1";
    assert_eq!(told, expected);
}
