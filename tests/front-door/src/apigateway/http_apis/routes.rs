//! Routes: a method and a path, or `$default`, and the integration to which requests go.

use serde::{Deserialize, Serialize};

use super::page::page;
use super::state::{Configuration, HttpApi};
use super::unknown;
use crate::apigateway::error::{ApiError, Result};
use crate::apigateway::id;
use crate::apigateway::request::{Answer, Request};
use crate::apigateway::state::State;

/// The key of the route that takes what matches no other.
pub(super) const DEFAULT: &str = "$default";

/// "Routes per API" (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>).
const ROUTES_PER_API: usize = 300;

/// A route.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Route {
    pub(crate) api_key_required: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) authorization_scopes: Vec<String>,
    pub(crate) authorization_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) authorizer_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) operation_name: Option<String>,
    pub(crate) route_id: String,
    pub(crate) route_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) target: Option<String>,
}

impl Route {
    pub(crate) fn new(route_key: impl Into<String>) -> Self {
        Self {
            api_key_required: false,
            authorization_scopes: Vec::new(),
            authorization_type: "NONE".into(),
            authorizer_id: None,
            operation_name: None,
            route_id: id::random(7),
            route_key: route_key.into(),
            target: None,
        }
    }

    /// Method and path; `$default` has neither.
    pub(crate) fn method_and_path(&self) -> Option<(&str, &str)> {
        self.route_key.split_once(' ')
    }

    /// The id of its integration.
    pub(crate) fn integration_id(&self) -> Option<&str> {
        self.target.as_deref()?.strip_prefix("integrations/")
    }

    /// Refuses keys and references that name nothing.
    fn check(&self, configuration: &Configuration) -> Result<()> {
        check_key(&self.route_key)?;
        let twice = configuration
            .routes
            .values()
            .any(|other| other.route_key == self.route_key && other.route_id != self.route_id);
        if twice {
            return Err(ApiError::conflict(format!("Route with key {} already exists for this API", self.route_key)));
        }
        if self.api_key_required {
            return Err(ApiError::bad_request("API keys are not supported for HTTP APIs"));
        }
        let known = |id: &str| configuration.integrations.contains_key(id);
        match self.target.as_deref() {
            Some(target) if !target.strip_prefix("integrations/").is_some_and(known) => {
                return Err(ApiError::bad_request(format!("Invalid target specified: {target}")));
            }
            _ => {}
        }
        match &self.authorizer_id {
            Some(authorizer) if !configuration.authorizers.contains_key(authorizer) => {
                Err(unknown("Authorizer", authorizer))
            }
            _ => Ok(()),
        }
    }
}

/// Refuses what is neither `$default` nor a method and a path, a greedy variable at whose end there is more, and methods that HTTP does
/// not have (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html>).
fn check_key(key: &str) -> Result<()> {
    let methods = ["ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];
    let good = key == DEFAULT
        || key.split_once(' ').is_some_and(|(method, path)| {
            let before_last = path.rsplit_once('/').map_or("", |(before, _)| before);
            methods.contains(&method) && path.starts_with('/') && !before_last.contains("+}")
        });
    if good { Ok(()) } else { Err(ApiError::bad_request(format!("Invalid route key specified: {key}"))) }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Given {
    route_key: Option<String>,
    api_key_required: Option<bool>,
    authorization_scopes: Option<Vec<String>>,
    authorization_type: Option<String>,
    authorizer_id: Option<String>,
    operation_name: Option<String>,
    target: Option<String>,
}

impl Given {
    fn apply(self, route: &mut Route) {
        if let Some(key) = self.route_key {
            route.route_key = key;
        }
        if let Some(required) = self.api_key_required {
            route.api_key_required = required;
        }
        if let Some(kind) = self.authorization_type {
            route.authorization_type = kind;
        }
        if let Some(scopes) = self.authorization_scopes {
            route.authorization_scopes = scopes;
        }
        route.authorizer_id = self.authorizer_id.or_else(|| route.authorizer_id.take());
        route.operation_name = self.operation_name.or_else(|| route.operation_name.take());
        route.target = self.target.or_else(|| route.target.take());
    }
}

pub(super) fn create(state: &mut State, request: &Request) -> Result<Answer> {
    let mut route = Route::new("");
    request.json::<Given>()?.apply(&mut route);
    let api = state.http.api_mut(request.label(0))?;
    insert(&mut api.configuration, route.clone())?;
    Answer::created(&route)
}

/// Adds a route.
pub(super) fn insert(configuration: &mut Configuration, route: Route) -> Result<()> {
    route.check(configuration)?;
    if configuration.routes.len() >= ROUTES_PER_API {
        return Err(ApiError::limit_exceeded_v2(format!("Maximum number of routes for this API: {ROUTES_PER_API}")));
    }
    configuration.routes.insert(route.route_id.clone(), route);
    Ok(())
}

fn find<'api>(api: &'api HttpApi, id: &str) -> Result<&'api Route> {
    api.configuration.routes.get(id).ok_or_else(|| unknown("Route", id))
}

pub(super) fn get(state: &State, request: &Request) -> Result<Answer> {
    Answer::ok(find(state.http.api(request.label(0))?, request.label(1))?)
}

pub(super) fn list(state: &State, request: &Request) -> Result<Answer> {
    page(request, state.http.api(request.label(0))?.configuration.routes.values())
}

pub(super) fn update(state: &mut State, request: &Request) -> Result<Answer> {
    let api = state.http.api_mut(request.label(0))?;
    let mut changed = find(api, request.label(1))?.clone();
    request.json::<Given>()?.apply(&mut changed);
    changed.check(&api.configuration)?;
    api.configuration.routes.insert(changed.route_id.clone(), changed.clone());
    Answer::ok(&changed)
}

pub(super) fn delete(state: &mut State, request: &Request) -> Result<Answer> {
    let api = state.http.api_mut(request.label(0))?;
    find(api, request.label(1))?;
    api.configuration.routes.remove(request.label(1));
    Ok(Answer::no_content())
}
