//! The account's settings.

use serde_json::json;

use super::error::Result;
use super::request::{Answer, Request};
use super::state::State;

fn view(state: &State) -> Result<Answer> {
    let mut view = json!({
        "apiKeyVersion": "4",
        "features": ["UsagePlans"],
        "throttleSettings": { "burstLimit": 5000, "rateLimit": 10_000.0 },
    });
    if let Some(role) = &state.cloudwatch_role_arn {
        view["cloudwatchRoleArn"] = json!(role);
    }
    Answer::ok(&view)
}

pub(crate) fn get(state: &State, _: &Request) -> Result<Answer> {
    view(state)
}

pub(crate) fn update(state: &mut State, request: &Request) -> Result<Answer> {
    for patch in request.patch()? {
        match patch.path.as_str() {
            "/cloudwatchRoleArn" => patch.text(&mut state.cloudwatch_role_arn)?,
            _ => return Err(patch.invalid_path()),
        }
    }
    view(state)
}
