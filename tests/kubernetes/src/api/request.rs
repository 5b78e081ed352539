//! Authentication, routing and authorization of requests.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use serde_json::{Value, json};

use super::{
    answer::{self, Body, Form},
    authorization::{self, Attempt},
    discovery, openapi, reading, reviews, subresources, watch, writing,
};
use crate::{
    authentication::{Authentication, Identity},
    kinds::Kind,
    path::{self, Path, Query},
    status::Status,
    writes::Objects,
};

/// The state that handlers of requests need.
pub(crate) struct Api {
    pub(crate) objects: Arc<Objects>,
    pub(crate) authentication: Arc<Authentication>,
    /// The Kubernetes version, such as `1.33`.
    pub(crate) version: String,
}

/// An authorized request for a resource.
pub(crate) struct Call {
    pub(crate) kind: Arc<Kind>,
    pub(crate) path: Path,
    pub(crate) query: Query,
    pub(crate) form: Form,
    pub(crate) content_type: String,
    pub(crate) user_agent: String,
    pub(crate) body: Bytes,
}

impl Call {
    /// The namespace in the path; empty for cluster-scoped objects.
    pub(crate) fn namespace(&self) -> &str {
        self.path.namespace.as_deref().unwrap_or_default()
    }

    /// The name in the path; empty for collections.
    pub(crate) fn name(&self) -> &str {
        self.path.name.as_deref().unwrap_or_default()
    }

    /// The body as an object, parsed from JSON or from YAML, which kubectl sends for server-side apply.
    pub(crate) fn object(&self) -> Result<Value, Status> {
        if self.content_type.contains("protobuf") {
            return Err(Status::unsupported_media_type("the body of the request was in an unknown format - accepted media types include: application/json, application/yaml".to_owned()));
        }
        if self.body.is_empty() {
            return Ok(Value::Null);
        }
        let yaml = self.content_type.contains("yaml");
        match serde_json::from_slice(&self.body) {
            Ok(object) => Ok(object),
            Err(_) if yaml => {
                serde_saphyr::from_slice(&self.body).map_err(|error| Status::bad_request(error.to_string()))
            }
            Err(error) => Err(Status::bad_request(format!("couldn't get version/kind; json parse error: {error}"))),
        }
    }
}

impl Api {
    /// Answers one request.
    pub(crate) async fn answer(&self, request: Request<Bytes>) -> Response<Body> {
        self.try_answer(request).await.unwrap_or_else(|status| answer::error(&status))
    }

    async fn try_answer(&self, request: Request<Bytes>) -> Result<Response<Body>, Status> {
        let url = request.uri().path().to_owned();
        let header =
            |name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let authorization = header(header::AUTHORIZATION);
        // Requests without a token are anonymous; those with an invalid token are refused on all paths.
        if authorization.is_empty() {
            return self.public(&url, true).ok_or_else(Status::unauthorized);
        }
        let who = self.authentication.identify(&authorization).await.ok_or_else(Status::unauthorized)?;
        if let Some(public) = self.public(&url, false) {
            return Ok(public);
        }
        let Some(path) = path::parse(&url) else {
            return self.discover(&url, &header(header::ACCEPT));
        };
        if let Some(review) = reviews::answer(&self.objects, &who, &path, request.body())? {
            return Ok(review);
        }
        let kind =
            self.objects.kinds.find(&path.group, &path.version, &path.plural).ok_or_else(Status::no_such_path)?;
        let query = Query::parse(request.uri().query());
        self.authorize(&who, request.method(), &path, &query)?;
        let method = request.method().clone();
        let call = Call {
            form: Form::of(Some(&header(header::ACCEPT))),
            content_type: header(header::CONTENT_TYPE),
            user_agent: header(header::USER_AGENT),
            body: request.into_body(),
            kind,
            path,
            query,
        };
        self.route(&method, &call)
    }

    /// Paths that need no permission: `system:public-info-viewer` is bound to unauthenticated users as well. From version 1.32 on
    /// EKS tells the anonymous nothing but its health
    /// (<https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions-standard.html>).
    fn public(&self, url: &str, anonymous: bool) -> Option<Response<Body>> {
        let minor = self.version.split_once('.').and_then(|(_, minor)| minor.parse::<u32>().ok());
        let health_alone = anonymous && minor.is_none_or(|minor| minor >= 32);
        match url.trim_end_matches('/') {
            "/healthz" | "/livez" | "/readyz" => Some(answer::whole(StatusCode::OK, "text/plain; charset=utf-8", "ok")),
            "/version" if !health_alone => Some(answer::json(StatusCode::OK, &self.version())),
            _ => None,
        }
    }

    fn version(&self) -> Value {
        let (major, minor) = self.version.split_once('.').unwrap_or(("1", "33"));
        json!({
            "major": major, "minor": minor, "gitVersion": format!("v{}.0-eks-sandbox", self.version),
            "gitCommit": "", "gitTreeState": "clean", "buildDate": "1970-01-01T00:00:00Z", "goVersion": "", "compiler": "rustc",
            "platform": "linux/amd64",
        })
    }

    fn discover(&self, url: &str, accept: &str) -> Result<Response<Body>, Status> {
        let found =
            discovery::answer(&self.objects.kinds, url, accept).or_else(|| openapi::answer(&self.objects.kinds, url));
        found.ok_or_else(Status::no_such_path)
    }

    fn authorize(&self, who: &Identity, method: &Method, path: &Path, query: &Query) -> Result<(), Status> {
        let name = path.name.clone().unwrap_or_default();
        let verb = match *method {
            Method::GET | Method::HEAD if query.is_true("watch") => "watch",
            Method::GET | Method::HEAD if path.name.is_none() => "list",
            Method::GET | Method::HEAD => "get",
            Method::POST => "create",
            Method::PUT => "update",
            Method::PATCH => "patch",
            Method::DELETE if path.name.is_none() => "deletecollection",
            Method::DELETE => "delete",
            _ => return Err(Status::method_not_allowed()),
        };
        let resource =
            path.subresource.as_ref().map_or_else(|| path.plural.clone(), |sub| format!("{}/{sub}", path.plural));
        let namespace =
            if path.plural == "namespaces" { name.clone() } else { path.namespace.clone().unwrap_or_default() };
        let attempt = Attempt { verb: verb.to_owned(), group: path.group.clone(), resource, namespace, name };
        if authorization::allows(&self.objects, who, &attempt) {
            return Ok(());
        }
        let scope = path
            .namespace
            .as_ref()
            .map_or_else(|| "at the cluster scope".to_owned(), |namespace| format!("in the namespace {namespace:?}"));
        let subject = if attempt.name.is_empty() { String::new() } else { format!(" {:?}", attempt.name) };
        let message = format!(
            "{}{subject} is forbidden: User {:?} cannot {verb} resource {:?} in API group {:?} {scope}",
            if path.group.is_empty() { path.plural.clone() } else { format!("{}.{}", path.plural, path.group) },
            who.username,
            attempt.resource,
            path.group,
        );
        Err(Status::forbidden(message, &path.group, &path.plural, &attempt.name))
    }

    fn route(&self, method: &Method, call: &Call) -> Result<Response<Body>, Status> {
        let objects = &self.objects;
        // Namespaced objects need a namespace, except that a collection can be read over all namespaces.
        if call.kind.namespaced && call.path.name.is_some() && call.path.namespace.is_none()
            || !call.kind.namespaced && call.path.namespace.is_some()
        {
            return Err(Status::no_such_path());
        }
        if call.path.subresource.is_some() {
            return subresources::answer(objects, method, call);
        }
        match (method, call.path.name.is_some()) {
            (&Method::GET, _) if call.query.is_true("watch") => watch::answer(objects, call),
            (&Method::GET, true) => reading::get(objects, call),
            (&Method::GET, false) => reading::list(objects, call),
            (&Method::POST, false) => writing::create(objects, call),
            (&Method::PUT, true) => writing::replace(objects, call, crate::writes::Part::Main),
            (&Method::PATCH, true) => writing::patch(objects, call, crate::writes::Part::Main),
            (&Method::DELETE, true) => writing::delete(objects, call),
            (&Method::DELETE, false) => writing::delete_all(objects, call),
            _ => Err(Status::method_not_allowed()),
        }
    }
}
