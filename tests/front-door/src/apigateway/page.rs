//! Paging of lists: `limit` (25 by default, at most 500) and `position`, an opaque token for the next page.

use serde::Serialize;
use serde_json::{Value, json};

use super::error::{ApiError, Result};
use super::request::{Answer, Request};

/// One page of the items, in the form of every list of API Gateway: `{ "item": […], "position": … }`.
pub(crate) fn page<T: Serialize>(request: &Request, items: impl IntoIterator<Item = T>) -> Result<Answer> {
    let limit = match request.query("limit") {
        None => 25,
        Some(text) => text
            .parse::<usize>()
            .ok()
            .filter(|limit| (1..=500).contains(limit))
            .ok_or_else(|| ApiError::bad_request("Invalid limit specified: must be between 1 and 500"))?,
    };
    let start = match request.query("position") {
        None => 0,
        Some(text) => text.parse().map_err(|_| ApiError::bad_request("Invalid position specified"))?,
    };
    let mut items = items.into_iter().skip(start);
    let item: Vec<T> = items.by_ref().take(limit).collect();
    let mut body = json!({ "item": item });
    if items.next().is_some() {
        body["position"] = Value::from((start + limit).to_string());
    }
    Answer::ok(&body)
}
