//! A snapshot of an API's configuration, with the tree by which the data plane finds a request's method.

use std::collections::BTreeMap;

use super::resources::{Resource, is_greedy};
use super::rest_apis::RestApi;
use super::state::Configuration;

/// The immutable configuration of a deployment.
#[derive(Debug, PartialEq)]
pub(crate) struct Snapshot {
    pub(crate) configuration: Configuration,
    /// The API's properties at the time, which an export has and the data plane serves by.
    pub(crate) rest_api: RestApi,
    root: Node,
}

/// A resource and what lies below it.
#[derive(Debug, Default, PartialEq)]
struct Node {
    resource: Option<String>,
    literals: BTreeMap<String, Node>,
    variable: Option<(String, Box<Node>)>,
    /// Name and resource id of `{name+}`, which matches the rest of the path.
    greedy: Option<(String, String)>,
}

/// The resource of a request's path, with its path parameters in percent-encoded form.
#[derive(Debug, PartialEq)]
pub(crate) struct Found<'snapshot> {
    pub(crate) resource: &'snapshot Resource,
    pub(crate) parameters: Vec<(&'snapshot str, String)>,
}

impl Snapshot {
    pub(crate) fn new(configuration: Configuration, rest_api: RestApi) -> Self {
        let mut root = Node::default();
        for resource in configuration.resources.values().filter(|resource| !resource.methods.is_empty()) {
            root.insert(&resource.path, &resource.id);
        }
        Self { configuration, rest_api, root }
    }

    /// Finds the resource for a path (encoded, with a slash in front) that has a method the predicate accepts.
    ///
    /// A literal segment wins over a variable, and both over a greedy one, as in "Integrate a proxy resource".
    pub(crate) fn find(&self, path: &str, accepts: impl Fn(&Resource) -> bool) -> Option<Found<'_>> {
        let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        let accepts = |id: &str| self.configuration.resources.get(id).is_some_and(&accepts);
        let (id, parameters) = self.root.find(&segments, &accepts)?;
        Some(Found { resource: self.configuration.resources.get(id)?, parameters })
    }
}

impl Node {
    fn insert(&mut self, path: &str, id: &str) {
        let mut node = self;
        for part in path.split('/').filter(|part| !part.is_empty()) {
            let name = part.trim_start_matches('{').trim_end_matches('}').trim_end_matches('+');
            if is_greedy(part) {
                node.greedy = Some((name.to_owned(), id.to_owned()));
                return;
            }
            node = if part.starts_with('{') {
                &mut node.variable.get_or_insert_with(|| (name.to_owned(), Box::default())).1
            } else {
                node.literals.entry(part.to_owned()).or_default()
            };
        }
        node.resource = Some(id.to_owned());
    }

    fn find(&self, segments: &[&str], accepts: &impl Fn(&str) -> bool) -> Option<(&str, Vec<(&str, String)>)> {
        let Some((first, rest)) = segments.split_first() else {
            let id = self.resource.as_deref().filter(|id| accepts(id))?;
            return Some((id, Vec::new()));
        };
        if let Some(found) = self.literals.get(*first).and_then(|node| node.find(rest, accepts)) {
            return Some(found);
        }
        if let Some((name, node)) = &self.variable
            && let Some((id, mut parameters)) = node.find(rest, accepts)
        {
            parameters.push((name, (*first).to_owned()));
            return Some((id, parameters));
        }
        let (name, id) = self.greedy.as_ref()?;
        accepts(id).then(|| (id.as_str(), vec![(name.as_str(), segments.join("/"))]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apigateway::methods::Method;

    fn snapshot(paths: &[&str]) -> Snapshot {
        let mut configuration = Configuration::default();
        for path in paths {
            let methods = BTreeMap::from([("GET".to_owned(), Method::default())]);
            let resource =
                Resource { id: (*path).into(), parent_id: None, path_part: None, path: (*path).into(), methods };
            configuration.resources.insert((*path).into(), resource);
        }
        Snapshot::new(configuration, RestApi::default())
    }

    fn found(snapshot: &Snapshot, path: &str) -> Option<(String, Vec<(String, String)>)> {
        let found = snapshot.find(path, |_| true)?;
        let parameters = found.parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Some((found.resource.path.clone(), parameters))
    }

    #[test]
    fn a_literal_wins_over_a_variable_and_both_over_a_greedy_one() {
        let api = snapshot(&["/carts/own", "/carts/{id}", "/{proxy+}"]);
        assert_eq!(found(&api, "/carts/own"), Some(("/carts/own".into(), vec![])));
        assert_eq!(found(&api, "/carts/7"), Some(("/carts/{id}".into(), vec![("id".into(), "7".into())])));
        assert_eq!(found(&api, "/a/b"), Some(("/{proxy+}".into(), vec![("proxy".into(), "a/b".into())])));
    }

    #[test]
    fn a_dead_end_under_a_literal_falls_back_to_the_greedy_path() {
        let api = snapshot(&["/carts/own", "/{proxy+}"]);
        assert_eq!(
            found(&api, "/carts/other"),
            Some(("/{proxy+}".into(), vec![("proxy".into(), "carts/other".into())]))
        );
    }

    #[test]
    fn a_greedy_variable_needs_at_least_one_segment() {
        assert_eq!(found(&snapshot(&["/{proxy+}"]), "/"), None);
        assert_eq!(found(&snapshot(&["/"]), "/"), Some(("/".into(), vec![])));
    }

    #[test]
    fn a_resource_without_a_fitting_method_is_passed_over() {
        let api = snapshot(&["/a", "/{proxy+}"]);
        let other = api.find("/a", |resource| resource.path != "/a").unwrap();
        assert_eq!(other.resource.path, "/{proxy+}");
    }
}
