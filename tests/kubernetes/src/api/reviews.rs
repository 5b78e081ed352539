//! Reviews of the caller: `SelfSubjectAccessReview` and `SelfSubjectReview`
//! (<https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access>). They are
//! not stored.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::{
    answer::{self, Body},
    authorization::{self, Attempt},
};
use crate::{authentication::Identity, object, path::Path, status::Status, writes::Objects};

/// Answers a review; `None` for other requests.
pub(crate) fn answer(
    objects: &Objects,
    who: &Identity,
    path: &Path,
    body: &Bytes,
) -> Result<Option<Response<Body>>, Status> {
    let review = match (path.group.as_str(), path.plural.as_str()) {
        ("authorization.k8s.io", "selfsubjectaccessreviews") => {
            let body = read(body)?;
            let text = |key: &str| {
                object::text(&body, &format!("/spec/resourceAttributes/{key}")).unwrap_or_default().to_owned()
            };
            let subresource = text("subresource");
            let resource =
                if subresource.is_empty() { text("resource") } else { format!("{}/{subresource}", text("resource")) };
            let attempt = Attempt {
                verb: text("verb"),
                group: text("group"),
                resource,
                namespace: text("namespace"),
                name: text("name"),
            };
            // Non-resource paths (health, discovery) are allowed for all authenticated users.
            let allowed =
                body["spec"].get("nonResourceAttributes").is_some() || authorization::allows(objects, who, &attempt);
            json!({
                "kind": "SelfSubjectAccessReview", "apiVersion": "authorization.k8s.io/v1", "metadata": {},
                "spec": body["spec"], "status": {"allowed": allowed},
            })
        }
        ("authentication.k8s.io", "selfsubjectreviews") => json!({
            "kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1", "metadata": {},
            "status": {"userInfo": {"username": who.username, "groups": who.groups}},
        }),
        _ => return Ok(None),
    };
    Ok(Some(answer::json(StatusCode::CREATED, &review)))
}

fn read(body: &Bytes) -> Result<Value, Status> {
    serde_json::from_slice(body).map_err(|error| Status::bad_request(error.to_string()))
}
