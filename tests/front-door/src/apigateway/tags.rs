//! Tags of resources, found by ARN.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use super::error::{ApiError, Result};
use super::request::{Answer, Request};
use super::state::State;

/// Maximum number of tags of a resource.
const LIMIT: usize = 50;

/// The tags of the resource with an ARN such as `arn:aws:apigateway:eu-central-1::/restapis/abc/stages/prod`.
fn of<'state>(state: &'state mut State, arn: &str) -> Result<&'state mut BTreeMap<String, String>> {
    let path = arn.strip_prefix("arn:aws:apigateway:").and_then(|rest| rest.split_once(":/")).map(|(_, path)| path);
    let path = path.ok_or_else(|| ApiError::bad_request(format!("Invalid ARN specified: {arn}")))?.to_owned();
    let unknown = || ApiError::not_found(format!("Invalid resource ARN specified: {arn}"));
    match path.split('/').collect::<Vec<_>>().as_slice() {
        ["restapis", api] => Ok(&mut state.api_mut(api)?.rest_api.tags),
        ["restapis", api, "stages", stage] => {
            Ok(&mut state.api_mut(api)?.stages.get_mut(*stage).ok_or_else(unknown)?.tags)
        }
        ["vpclinks", id] => Ok(&mut state.vpc_links.get_mut(*id).ok_or_else(unknown)?.tags),
        ["apikeys", id] => Ok(&mut state.api_keys.get_mut(*id).ok_or_else(unknown)?.tags),
        ["usageplans", id] => Ok(&mut state.usage_plans.get_mut(*id).ok_or_else(unknown)?.tags),
        ["domainnames", name] => Ok(&mut state.domain_names.get_mut(*name).ok_or_else(unknown)?.tags),
        _ => Err(unknown()),
    }
}

/// The tags that a request asks for.
pub(super) fn asked(request: &Request) -> Result<BTreeMap<String, String>> {
    #[derive(Deserialize)]
    struct Body {
        #[serde(default)]
        tags: BTreeMap<String, String>,
    }
    let body: Body = request.json()?;
    if body.tags.keys().any(|key| key.starts_with("aws:") || key.is_empty()) {
        return Err(ApiError::bad_request("Invalid tag key: must not be empty or begin with aws:"));
    }
    Ok(body.tags)
}

/// Adds them to those of a resource.
pub(super) fn add(tags: &mut BTreeMap<String, String>, asked: BTreeMap<String, String>) -> Result<()> {
    let mut changed = tags.clone();
    changed.extend(asked);
    if changed.len() > LIMIT {
        return Err(ApiError::bad_request(format!("A resource can have at most {LIMIT} tags")));
    }
    *tags = changed;
    Ok(())
}

pub(crate) fn tag(state: &mut State, request: &Request) -> Result<Answer> {
    let asked = asked(request)?;
    add(of(state, request.label(0))?, asked)?;
    Ok(Answer::no_content())
}

pub(crate) fn get(state: &mut State, request: &Request) -> Result<Answer> {
    let tags = of(state, request.label(0))?;
    Answer::ok(&json!({ "tags": tags }))
}
