//! Paging of lists: `maxResults` and `nextToken`, an opaque token for the next page. AWS publishes neither a default nor a maximum; those
//! of V1 are taken.

use serde::Serialize;
use serde_json::{Value, json};

use crate::apigateway::error::{ApiError, Result};
use crate::apigateway::request::{Answer, Request};

/// One page of the items, in the form of every list of V2: `{ "items": […], "nextToken": … }`.
pub(super) fn page<T: Serialize>(request: &Request, items: impl IntoIterator<Item = T>) -> Result<Answer> {
    let limit = match request.query("maxResults") {
        None => 25,
        Some(text) => text
            .parse::<usize>()
            .ok()
            .filter(|limit| (1..=500).contains(limit))
            .ok_or_else(|| ApiError::bad_request("Invalid maxResults specified: must be between 1 and 500"))?,
    };
    let start = match request.query("nextToken") {
        None => 0,
        Some(text) => text.parse().map_err(|_| ApiError::bad_request("Invalid nextToken specified"))?,
    };
    let mut items = items.into_iter().skip(start);
    let listed: Vec<T> = items.by_ref().take(limit).collect();
    let mut body = json!({ "items": listed });
    if items.next().is_some() {
        body["nextToken"] = Value::from((start + limit).to_string());
    }
    Answer::ok(&body)
}
