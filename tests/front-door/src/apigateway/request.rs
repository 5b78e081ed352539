//! Parsed requests to the control plane, and its answers.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::{ApiError, Result};
use super::patch::PatchOperation;
use crate::query;

/// A parsed request: path labels, query, headers and body.
#[derive(Debug)]
pub(crate) struct Request {
    labels: Vec<String>,
    query: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Request {
    pub(crate) fn new(labels: &[&str], query: Option<&str>, headers: HeaderMap, body: Bytes) -> Self {
        Self {
            labels: labels.iter().map(|label| percent_decode_str(label).decode_utf8_lossy().into_owned()).collect(),
            query: query.unwrap_or_default().to_owned(),
            headers,
            body,
        }
    }

    /// The nth path label. The router guarantees as many labels as the template has.
    pub(crate) fn label(&self, at: usize) -> &str {
        self.labels.get(at).map_or("", String::as_str)
    }

    /// The first value of a query parameter.
    pub(crate) fn query(&self, key: &str) -> Option<String> {
        query::value(&self.query, key)
    }

    /// Every value of a query parameter.
    pub(crate) fn query_all(&self, key: &str) -> Vec<String> {
        query::values(&self.query, key).map(Cow::into_owned).collect()
    }

    /// All query parameters, decoded, for imports, whose parameters are not fixed.
    pub(crate) fn query_pairs(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(self.query.as_bytes()).into_owned().collect()
    }

    /// The value of a header if it is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The raw body.
    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body deserialized from JSON; an empty body counts as `{}`.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T> {
        let body: &[u8] = if self.body.is_empty() { b"{}" } else { &self.body };
        serde_json::from_slice(body).map_err(|error| ApiError::bad_request(format!("Invalid request body: {error}")))
    }

    /// The patch operations of an Update call.
    pub(crate) fn patch(&self) -> Result<Vec<PatchOperation>> {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Body {
            #[serde(default)]
            patch_operations: Vec<PatchOperation>,
        }
        Ok(self.json::<Body>()?.patch_operations)
    }
}

/// The answer of a successful operation.
#[derive(Debug)]
pub(crate) struct Answer {
    status: StatusCode,
    content_type: &'static str,
    disposition: Option<String>,
    body: Bytes,
}

impl Answer {
    /// 200 with a JSON body.
    pub(crate) fn ok(body: &impl Serialize) -> Result<Self> {
        Self::json(StatusCode::OK, body)
    }

    /// 201 with a JSON body.
    pub(crate) fn created(body: &impl Serialize) -> Result<Self> {
        Self::json(StatusCode::CREATED, body)
    }

    /// 202 with a JSON body.
    pub(crate) fn accepted(body: &impl Serialize) -> Result<Self> {
        Self::json(StatusCode::ACCEPTED, body)
    }

    /// 202 without a body, the answer of most deletes.
    pub(crate) fn deleted() -> Self {
        Self::empty(StatusCode::ACCEPTED)
    }

    /// 204, the answer of `TagResource`.
    pub(crate) fn no_content() -> Self {
        Self::empty(StatusCode::NO_CONTENT)
    }

    /// 200 with a file of this content type, the answer of exports.
    pub(crate) fn document(content_type: &'static str, file_name: &str, body: Bytes) -> Self {
        let disposition = Some(format!("attachment; filename=\"{file_name}\""));
        Self { status: StatusCode::OK, content_type, disposition, body }
    }

    fn empty(status: StatusCode) -> Self {
        Self { status, content_type: "application/json", disposition: None, body: Bytes::new() }
    }

    fn json(status: StatusCode, body: &impl Serialize) -> Result<Self> {
        let body = serde_json::to_vec(body).map_err(|error| ApiError::bad_request(error.to_string()))?;
        Ok(Self { status, body: body.into(), ..Self::empty(status) })
    }

    pub(crate) fn response(self) -> http::Response<Bytes> {
        let mut response = http::Response::new(self.body);
        *response.status_mut() = self.status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        if let Some(disposition) = self.disposition.and_then(|text| HeaderValue::from_str(&text).ok()) {
            response.headers_mut().insert(http::header::CONTENT_DISPOSITION, disposition);
        }
        response
    }
}
