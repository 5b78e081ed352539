//! Tags of APIs, stages and VPC links of V2, found by ARN
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-tagging-supported-resources.html>).

use std::collections::BTreeMap;

use serde_json::json;

use crate::apigateway::error::{ApiError, Result};
use crate::apigateway::request::{Answer, Request};
use crate::apigateway::state::State;
use crate::apigateway::tags;

/// The tags of the resource with an ARN such as `arn:aws:apigateway:eu-central-1::/apis/abc/stages/prod`.
fn of<'state>(state: &'state mut State, arn: &str) -> Result<&'state mut BTreeMap<String, String>> {
    let path = arn.strip_prefix("arn:aws:apigateway:").and_then(|rest| rest.split_once("::/")).map(|(_, path)| path);
    let path = path.ok_or_else(|| ApiError::bad_request(format!("Invalid ARN specified: {arn}")))?.to_owned();
    let unknown = || ApiError::not_found(format!("Invalid resource ARN specified: {arn}"));
    match path.split('/').collect::<Vec<_>>().as_slice() {
        ["apis", api] => Ok(&mut state.http.api_mut(api)?.about.tags),
        ["apis", api, "stages", stage] => {
            Ok(&mut state.http.api_mut(api)?.stages.get_mut(*stage).ok_or_else(unknown)?.tags)
        }
        ["vpclinks", id] => Ok(&mut state.http.vpc_links.get_mut(*id).ok_or_else(unknown)?.tags),
        _ => Err(unknown()),
    }
}

pub(super) fn tag(state: &mut State, request: &Request) -> Result<Answer> {
    let asked = tags::asked(request)?;
    tags::add(of(state, request.label(0))?, asked)?;
    Answer::created(&json!({}))
}

pub(super) fn untag(state: &mut State, request: &Request) -> Result<Answer> {
    let keys = request.query_all("tagKeys");
    of(state, request.label(0))?.retain(|key, _| !keys.contains(key));
    Ok(Answer::no_content())
}

pub(super) fn get(state: &mut State, request: &Request) -> Result<Answer> {
    let tags = of(state, request.label(0))?;
    Answer::ok(&json!({ "tags": tags }))
}
