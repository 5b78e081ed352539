//! Responses: JSON bodies, and the formats of objects that clients can request.

use std::{convert::Infallible, sync::Arc};

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use serde_json::{Value, json};

use super::table;
use crate::{kinds::Kind, status::Status};

/// A response body: complete, or a stream of watch events.
pub(crate) type Body = UnsyncBoxBody<Bytes, Infallible>;

/// A response with a complete body.
pub(crate) fn whole(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(Full::new(body.into()).boxed_unsync());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// A response in JSON.
pub(crate) fn json(status: StatusCode, body: &Value) -> Response<Body> {
    whole(status, "application/json", body.to_string())
}

/// An error response.
pub(crate) fn error(status: &Status) -> Response<Body> {
    json(status.code, &status.body())
}

/// The format of objects that a client requests (`Accept`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Complete objects.
    Whole,
    /// Rows of a table.
    Table,
    /// Only metadata
    /// (<https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches>).
    Metadata,
}

impl Form {
    /// Parses the first media type of an `Accept` header.
    pub(crate) fn of(accept: Option<&str>) -> Self {
        let first = accept.unwrap_or_default().split(',').next().unwrap_or_default();
        if first.contains("as=PartialObjectMetadata") {
            Self::Metadata
        } else if first.contains("as=Table") && first.contains("v=v1") && !first.contains("v1beta1") {
            Self::Table
        } else {
            Self::Whole
        }
    }
}

/// An object in the requested version and format.
pub(crate) fn present(kind: &Kind, object: &Arc<Value>, form: Form) -> Value {
    if form == Form::Table {
        let metadata = json!({"resourceVersion": object["metadata"]["resourceVersion"]});
        return table::of(kind, &[object], &metadata);
    }
    if form == Form::Metadata {
        return json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"]});
    }
    let mut object = Value::clone(object);
    object["apiVersion"] = json!(kind.api_version());
    object
}
