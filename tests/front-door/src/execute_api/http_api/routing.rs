//! Finds the API, the stage and the route of a request.

use std::cmp::Reverse;
use std::collections::HashMap;

use crate::apigateway::{HttpConfiguration, HttpRoute, HttpStageView, View};

/// The name of the stage that is no part of the URL, and the key of the route that takes what no other does.
const DEFAULT: &str = "$default";

/// An HTTP API that a request's host names.
pub(crate) struct Routed<'view> {
    stages: &'view HashMap<String, HttpStageView>,
    /// The stage of a custom domain's API mapping, and the key that begins the path.
    mapped: Option<(&'view str, &'view str)>,
    /// Whether it is the host name that API Gateway gives the API.
    pub(crate) is_default_endpoint: bool,
}

/// The HTTP API of a host, if it is one's: at an execute-api host, or by the API mapping of a custom domain, of which the longest key counts.
pub(crate) fn find<'view>(view: &'view View, region: &str, host: &str, path: &str) -> Option<Routed<'view>> {
    let host = host.split(':').next().unwrap_or_default().to_ascii_lowercase();
    let own = host.strip_suffix(&format!(".execute-api.{region}.amazonaws.com"));
    if let Some(stages) = own.and_then(|api| view.http_apis.get(api)) {
        return Some(Routed { stages, mapped: None, is_default_endpoint: true });
    }
    let mut mappings = view.domains.get(&host)?.iter();
    let (key, api, stage) = mappings.find(|(key, _, _)| key.is_empty() || path_below(path, key).is_some())?;
    let mapped = Some((stage.as_deref()?, key.as_str()));
    Some(Routed { stages: view.http_apis.get(api)?, mapped, is_default_endpoint: false })
}

/// What follows a first segment, with a slash in front.
fn path_below<'path>(path: &'path str, first: &str) -> Option<&'path str> {
    let rest = path.strip_prefix('/')?.strip_prefix(first)?;
    if rest.is_empty() { Some("/") } else { rest.starts_with('/').then_some(rest) }
}

impl<'view> Routed<'view> {
    /// The stage and the path below it. "If a request explicitly matches a stage, API Gateway sends the request to that stage. If no stage
    /// fully matches the request, API Gateway sends the request to the `$default` stage."
    pub(crate) fn stage_and_path<'path>(&self, path: &'path str) -> Option<(&'view HttpStageView, &'path str)> {
        if let Some((stage, key)) = self.mapped {
            let path = if key.is_empty() { path } else { path_below(path, key)? };
            return Some((self.stages.get(stage)?, path));
        }
        let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
        match self.stages.get(first).filter(|_| first != DEFAULT) {
            Some(stage) => Some((stage, path_below(path, first)?)),
            None => Some((self.stages.get(DEFAULT)?, path)),
        }
    }
}

/// The route of a request, with its path parameters as they stand in the path.
pub(crate) struct Found<'api> {
    pub(crate) route: &'api HttpRoute,
    pub(crate) parameters: HashMap<&'api str, String>,
}

/// Selects the route: "1. Full match for a route and method. 2. Match for a route and method with a greedy path variable (`{proxy+}`). 3. The
/// `$default` route." Of several full matches the one with a literal where the others have a variable wins, of several greedy ones the
/// longest, and a method before `ANY`, as in the example of the page.
pub(crate) fn select<'api>(configuration: &'api HttpConfiguration, method: &str, path: &str) -> Option<Found<'api>> {
    let fits = |route: &'api HttpRoute| {
        let (of, template) = route.method_and_path()?;
        let (rank, parameters) = matched(template, path).filter(|_| of == "ANY" || of == method)?;
        Some(((rank, of == "ANY"), Found { route, parameters }))
    };
    let best = configuration.routes.values().filter_map(fits).min_by(|(one, _), (other, _)| one.cmp(other));
    let default = || configuration.routes.values().find(|route| route.route_key == DEFAULT);
    best.map(|(_, found)| found).or_else(|| Some(Found { route: default()?, parameters: HashMap::new() }))
}

/// How well a path fits a template, the best lowest: full before greedy, longer before shorter, and segment by segment a literal before a
/// variable.
type Rank = (bool, Reverse<usize>, Vec<bool>);

fn matched<'api>(template: &'api str, path: &str) -> Option<(Rank, HashMap<&'api str, String>)> {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let wanted: Vec<&str> = template.split('/').filter(|segment| !segment.is_empty()).collect();
    let (mut parameters, mut variables) = (HashMap::new(), Vec::new());
    for (at, part) in wanted.iter().enumerate() {
        let name = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
        if let Some(name) = name.and_then(|name| name.strip_suffix('+')) {
            let rest = segments.get(at..).filter(|rest| !rest.is_empty())?;
            parameters.insert(name, rest.join("/"));
            return Some(((true, Reverse(wanted.len()), variables), parameters));
        }
        let segment = *segments.get(at)?;
        match name {
            Some(name) => drop(parameters.insert(name, segment.to_owned())),
            None if *part == segment => {}
            None => return None,
        }
        variables.push(name.is_some());
    }
    (wanted.len() == segments.len()).then_some(((false, Reverse(wanted.len()), variables), parameters))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configuration(keys: &[&str]) -> HttpConfiguration {
        let mut configuration = HttpConfiguration::default();
        for key in keys {
            let route = HttpRoute::new(*key);
            configuration.routes.insert(route.route_id.clone(), route);
        }
        configuration
    }

    fn selected(keys: &[&str], method: &str, path: &str) -> Option<String> {
        select(&configuration(keys), method, path).map(|found| found.route.route_key.clone())
    }

    // The example of "Routing API requests".
    #[test]
    fn a_request_goes_to_the_route_that_the_developer_guide_names() {
        let keys = ["GET /pets/dog/1", "GET /pets/dog/{id}", "GET /pets/{proxy+}", "ANY /{proxy+}", "$default"];
        for (method, path, wanted) in [
            ("GET", "/pets/dog/1", "GET /pets/dog/1"),
            ("GET", "/pets/dog/2", "GET /pets/dog/{id}"),
            ("GET", "/pets/cat/1", "GET /pets/{proxy+}"),
            ("POST", "/test/5", "ANY /{proxy+}"),
            ("GET", "/", "$default"),
        ] {
            assert_eq!(selected(&keys, method, path).as_deref(), Some(wanted), "{method} {path}");
        }
    }

    #[test]
    fn a_method_comes_before_any_and_what_fits_nothing_is_not_found() {
        assert_eq!(selected(&["ANY /a", "GET /a"], "GET", "/a").as_deref(), Some("GET /a"));
        assert_eq!(selected(&["ANY /a", "GET /a"], "PUT", "/a").as_deref(), Some("ANY /a"));
        assert_eq!(selected(&["GET /a", "GET /a/{id}"], "GET", "/a/b/c"), None);
    }

    #[test]
    fn path_parameters_are_what_the_variables_stand_for() {
        let configuration = configuration(&["GET /carts/{id}/items", "ANY /static/{proxy+}"]);
        let of = |method: &str, path: &str| {
            select(&configuration, method, path).unwrap().parameters.into_iter().collect::<Vec<_>>()
        };
        assert_eq!(of("GET", "/carts/7/items"), [("id", "7".to_owned())]);
        assert_eq!(of("PUT", "/static/css/a.css"), [("proxy", "css/a.css".to_owned())]);
    }

    #[test]
    fn a_first_segment_is_a_whole_one() {
        assert_eq!(path_below("/prod/a", "prod"), Some("/a"));
        assert_eq!(path_below("/prod", "prod"), Some("/"));
        assert_eq!(path_below("/products", "prod"), None);
    }
}
