//! Errors of the API server: `Status` objects
//! (<https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md#response-status-kind>).

use http::StatusCode;
use serde_json::{Value, json};

/// An error. Messages are those of `k8s.io/apimachinery/pkg/api/errors`, which clients display and sometimes compare.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Status {
    pub(crate) code: StatusCode,
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    pub(crate) details: Option<Value>,
}

/// A cause in `details.causes`: an error of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cause {
    /// The reason: `FieldValueInvalid`, `FieldValueRequired`, `FieldManagerConflict`…
    pub(crate) reason: &'static str,
    /// The path of the field, such as `spec.ports[0].nodePort`.
    pub(crate) field: String,
    /// The error message.
    pub(crate) message: String,
}

impl Cause {
    /// A required field that is missing.
    pub(crate) fn required(field: &str) -> Self {
        Self { reason: "FieldValueRequired", field: field.to_owned(), message: "Required value".to_owned() }
    }

    /// A field with an invalid value.
    pub(crate) fn invalid(field: &str, value: &Value, why: &str) -> Self {
        Self { reason: "FieldValueInvalid", field: field.to_owned(), message: format!("Invalid value: {value}: {why}") }
    }
}

impl Status {
    fn new(code: StatusCode, reason: &'static str, message: String) -> Self {
        Self { code, reason, message, details: None }
    }

    fn about(mut self, group: &str, kind: &str, name: &str, causes: &[Cause]) -> Self {
        let mut details = json!({"name": name, "kind": kind});
        if !group.is_empty() {
            details["group"] = json!(group);
        }
        if !causes.is_empty() {
            let causes = causes.iter();
            let causes =
                causes.map(|cause| json!({"reason": cause.reason, "message": cause.message, "field": cause.field}));
            details["causes"] = causes.collect();
        }
        self.details = Some(details);
        self
    }

    /// 400: the request is malformed.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequest", message.into())
    }

    /// 500 without a reason: an error that the API server has no kind for
    /// (`ErrorToAPIStatus` of `k8s.io/apiserver/pkg/endpoints/handlers/responsewriters`).
    pub(crate) fn unknown(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "", message.into())
    }

    /// 401: the token is not valid.
    pub(crate) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Unauthorized", "Unauthorized".to_owned())
    }

    /// 403: the identity is not allowed to make the request.
    pub(crate) fn forbidden(message: String, group: &str, plural: &str, name: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "Forbidden", message).about(group, plural, name, &[])
    }

    /// 404: unknown path.
    pub(crate) fn no_such_path() -> Self {
        let message = "the server could not find the requested resource".to_owned();
        Self { details: Some(json!({})), ..Self::new(StatusCode::NOT_FOUND, "NotFound", message) }
    }

    /// 404: the object does not exist.
    pub(crate) fn not_found(group: &str, plural: &str, name: &str) -> Self {
        let message = format!("{} {name:?} not found", qualified(group, plural));
        Self::new(StatusCode::NOT_FOUND, "NotFound", message).about(group, plural, name, &[])
    }

    /// 405: the resource does not support the method.
    pub(crate) fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource".to_owned();
        Self { details: Some(json!({})), ..Self::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", message) }
    }

    /// 409: an object of this name exists.
    pub(crate) fn already_exists(group: &str, plural: &str, name: &str) -> Self {
        let message = format!("{} {name:?} already exists", qualified(group, plural));
        Self::new(StatusCode::CONFLICT, "AlreadyExists", message).about(group, plural, name, &[])
    }

    /// 409: the object has been changed since it was read.
    pub(crate) fn conflict(group: &str, plural: &str, name: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {} {name:?}: {why}", qualified(group, plural));
        Self::new(StatusCode::CONFLICT, "Conflict", message).about(group, plural, name, &[])
    }

    /// 409 of a server-side apply: other field managers own some of the fields with other values
    /// (<https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts>).
    pub(crate) fn apply_conflict(causes: &[Cause]) -> Self {
        let plural = if causes.len() == 1 { "conflict" } else { "conflicts" };
        let lines: Vec<String> = causes.iter().map(|cause| format!("{}: {}", cause.message, cause.field)).collect();
        let message = format!("Apply failed with {} {plural}: {}", causes.len(), lines.join("\n"));
        let causes = causes.iter();
        let causes: Value = causes
            .map(|cause| json!({"reason": cause.reason, "message": cause.message, "field": cause.field}))
            .collect();
        Self { details: Some(json!({"causes": causes})), ..Self::new(StatusCode::CONFLICT, "Conflict", message) }
    }

    /// 410: the revision of a watch or a list is too old.
    pub(crate) fn expired(message: String) -> Self {
        Self::new(StatusCode::GONE, "Expired", message)
    }

    /// 415: the content type is not supported.
    pub(crate) fn unsupported_media_type(message: String) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType", message)
    }

    /// 422: the object is invalid.
    pub(crate) fn invalid(group: &str, kind: &str, name: &str, causes: &[Cause]) -> Self {
        let mut lines: Vec<String> = causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect();
        let reasons = if lines.len() == 1 { lines.remove(0) } else { format!("[{}]", lines.join(", ")) };
        let message = format!("{} {name:?} is invalid: {reasons}", qualified(group, kind));
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "Invalid", message).about(group, kind, name, causes)
    }

    /// 429: a disruption budget forbids the eviction.
    pub(crate) fn disruption_budget(message: &str) -> Self {
        let cause = json!({"reason": "DisruptionBudget", "message": message});
        Self {
            details: Some(json!({"causes": [cause]})),
            ..Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "TooManyRequests",
                "Cannot evict pod as it would violate the pod's disruption budget.".to_owned(),
            )
        }
    }

    /// The `Status` object for the response body.
    pub(crate) fn body(&self) -> Value {
        let mut body = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "reason": self.reason,
        });
        if let Some(details) = &self.details {
            body["details"] = details.clone();
        }
        body["code"] = json!(self.code.as_u16());
        body
    }
}

fn qualified(group: &str, plural: &str) -> String {
    if group.is_empty() { plural.to_owned() } else { format!("{plural}.{group}") }
}
