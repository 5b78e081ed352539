//! Resources: the tree of paths of a REST API.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::error::{ApiError, Result};
use super::id;
use super::methods::Method;
use super::page::page;
use super::request::{Answer, Request};
use super::state::{Configuration, State};

/// A node of the tree.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Resource {
    pub(crate) id: String,
    pub(crate) parent_id: Option<String>,
    /// `None` for the root.
    pub(crate) path_part: Option<String>,
    /// From the root, as in `/carts/{id}`.
    pub(crate) path: String,
    pub(crate) methods: BTreeMap<String, Method>,
}

impl Resource {
    /// The root of a new API.
    pub(crate) fn root() -> Self {
        Self { id: id::random(10), parent_id: None, path_part: None, path: "/".into(), methods: BTreeMap::new() }
    }

    /// The resource in the format of the API. Methods are empty objects unless `embed=methods` was requested.
    fn view(&self, embed_methods: bool) -> Value {
        let mut view = json!({ "id": self.id, "path": self.path });
        if let (Some(parent_id), Some(path_part)) = (&self.parent_id, &self.path_part) {
            view["parentId"] = json!(parent_id);
            view["pathPart"] = json!(path_part);
        }
        if !self.methods.is_empty() {
            let methods = self.methods.iter();
            view["resourceMethods"] = methods
                .map(|(verb, method)| (verb.clone(), if embed_methods { json!(method) } else { json!({}) }))
                .collect();
        }
        view
    }

    /// The method of an HTTP verb.
    pub(crate) fn method(&self, verb: &str) -> Result<&Method> {
        self.methods.get(verb).ok_or_else(|| ApiError::not_found("Invalid Method identifier specified"))
    }

    pub(crate) fn method_mut(&mut self, verb: &str) -> Result<&mut Method> {
        self.methods.get_mut(verb).ok_or_else(|| ApiError::not_found("Invalid Method identifier specified"))
    }
}

/// Adds a child to a resource that has none of this name, with AWS's checks.
pub(crate) fn add_child(configuration: &mut Configuration, parent_id: &str, path_part: &str) -> Result<String> {
    let parent = configuration.resource(parent_id)?;
    let valid = |part: &str| {
        let name =
            part.strip_prefix('{').and_then(|part| part.strip_suffix('}')).map(|part| part.trim_end_matches('+'));
        let name = name.unwrap_or(part);
        !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-:$~,".contains(letter))
    };
    if !valid(path_part) {
        return Err(ApiError::bad_request(
            "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the beginning and the end.",
        ));
    }
    if parent.path_part.as_deref().is_some_and(is_greedy) {
        let message = format!(
            "Cannot create a child of a resource with a greedy path variable: {}",
            parent.path_part.as_deref().unwrap_or_default()
        );
        return Err(ApiError::bad_request(message));
    }
    let siblings =
        || configuration.resources.values().filter(|resource| resource.parent_id.as_deref() == Some(parent_id));
    let is_variable = |part: &str| part.starts_with('{') && !is_greedy(part);
    if is_variable(path_part)
        && let Some(sibling) = siblings().find(|sibling| sibling.path_part.as_deref().is_some_and(is_variable))
    {
        let taken = sibling.path_part.as_deref().unwrap_or_default();
        return Err(ApiError::bad_request(format!(
            "A sibling ({taken}) of this resource already has a variable path part -- only one is allowed"
        )));
    }
    let resource = Resource {
        id: id::random(6),
        parent_id: Some(parent_id.to_owned()),
        path_part: Some(path_part.to_owned()),
        path: format!("{}/{path_part}", parent.path.trim_end_matches('/')),
        methods: BTreeMap::new(),
    };
    let id = resource.id.clone();
    configuration.resources.insert(id.clone(), resource);
    Ok(id)
}

/// Whether a path part is of the form `{name+}`.
pub(crate) fn is_greedy(path_part: &str) -> bool {
    path_part.ends_with("+}")
}

fn embeds_methods(request: &Request) -> bool {
    request.query_all("embed").iter().any(|embed| embed == "methods")
}

pub(crate) fn get(state: &State, request: &Request) -> Result<Answer> {
    let resource = state.api(request.label(0))?.configuration.resource(request.label(1))?;
    Answer::ok(&resource.view(embeds_methods(request)))
}

pub(crate) fn list(state: &State, request: &Request) -> Result<Answer> {
    let embed = embeds_methods(request);
    page(request, state.api(request.label(0))?.configuration.resources.values().map(|resource| resource.view(embed)))
}
