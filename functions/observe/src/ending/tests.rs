use super::*;
use domain::MigrationId;
use serde_json::Value;

const MIGRATION: &str = "arn:aws:states:eu-central-1:123456789012:execution:bascule-migrate:move";

/// The detail of <https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html>.
fn ended(machine: &str, status: &str, input: &Value) -> Ended {
    let detail = json!({
        "executionArn": format!("arn:aws:states:eu-central-1:123456789012:execution:{machine}:move"),
        "stateMachineArn": format!("arn:aws:states:eu-central-1:123456789012:stateMachine:{machine}"),
        "status": status,
        "input": input.to_string(),
    });
    serde_json::from_value(detail).unwrap()
}

fn meta(direction: Direction, life: Life, outcome: Option<&str>) -> Meta {
    Meta {
        id: MigrationId::new(MIGRATION),
        life,
        direction,
        fence: 1,
        outcome: outcome.map(ToOwned::to_owned),
        refusal: None,
        digest: String::new(),
        events: 1,
        opened_at: jiff::Timestamp::UNIX_EPOCH,
    }
}

#[test]
fn an_end_is_told_of_the_execution_that_nobody_waits_for() {
    let (forth, back) = (Direction::Converge, Direction::Undo);
    let own = json!({ "migrationId": MIGRATION, "reason": "Requested" });
    let nested = json!({ "migrationId": MIGRATION, "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": MIGRATION });
    let (blue, green) = (Some("BlueServes"), Some("GreenServes"));
    for (machine, status, input, known, expected) in [
        ("bascule-migrate", "SUCCEEDED", &own, meta(forth, Life::Promoted, None), Some(End::Promoted)),
        ("bascule-migrate", "SUCCEEDED", &own, meta(back, Life::Ended, blue), Some(End::BlueServes)),
        // The rollback machine, which people started, is at it still, and its end is told.
        ("bascule-migrate", "SUCCEEDED", &own, meta(back, Life::Open, None), None),
        ("bascule-migrate", "SUCCEEDED", &own, meta(back, Life::Promoted, None), None),
        ("bascule-migrate", "SUCCEEDED", &own, meta(forth, Life::Ended, Some("Planned")), None),
        ("bascule-migrate", "FAILED", &own, meta(back, Life::Ended, blue), Some(End::Badly)),
        // Stopped by people in its last state, after the migration was promoted.
        ("bascule-migrate", "ABORTED", &own, meta(forth, Life::Promoted, None), Some(End::Promoted)),
        ("bascule-migrate", "ABORTED", &own, meta(back, Life::Promoted, None), Some(End::Badly)),
        ("bascule-migrate", "ABORTED", &own, meta(forth, Life::Baked, None), Some(End::Badly)),
        ("bascule-rollback", "SUCCEEDED", &own, meta(back, Life::Ended, blue), Some(End::BlueServes)),
        ("bascule-rollback", "SUCCEEDED", &nested, meta(back, Life::Ended, blue), None),
        // One that found nothing to do.
        ("bascule-rollback", "SUCCEEDED", &own, meta(forth, Life::Promoted, None), None),
        ("bascule-rollback", "SUCCEEDED", &own, meta(forth, Life::Ended, green), None),
        ("bascule-rollback", "ABORTED", &nested, meta(back, Life::Open, None), Some(End::Badly)),
        ("bascule-cleanup", "SUCCEEDED", &own, meta(forth, Life::Ended, green), Some(End::CleanedUp)),
        ("bascule-cleanup", "TIMED_OUT", &own, meta(forth, Life::CleaningUp, None), Some(End::Badly)),
    ] {
        assert_eq!(End::of(&ended(machine, status, input), Some(&known)), expected, "{machine} {status} {known:?}");
    }
    assert_eq!(End::of(&ended("bascule-migrate", "SUCCEEDED", &own), None), None);
    assert_eq!(End::of(&ended("bascule-migrate", "FAILED", &own), None), Some(End::Badly));
}
