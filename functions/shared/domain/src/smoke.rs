//! The requests that green is tried with: through production's own stage and the temporary API before people are asked, and
//! through deployment G before the switch.

use crate::Input;
use crate::plan::edge::{Edge, integration::DEFAULT_ROUTE};

/// How many requests are made up where the input names none.
const MADE_UP: usize = 3;

/// A GET request, and what must answer it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The path below the stage.
    pub path: String,
    /// The status that the input expects; without one green answers as blue does.
    pub expect: Option<u16>,
}

/// What the input asks to be tried of this edge's API, or else a few of the API's own paths without parameters.
#[must_use]
pub fn checks(input: &Input, edge: &Edge) -> Vec<Check> {
    let asked = input.smoke.iter().filter(|smoke| smoke.is_of(&edge.api.id));
    let asked: Vec<_> = asked.map(|smoke| Check { path: smoke.path.clone(), expect: Some(smoke.expect) }).collect();
    if !asked.is_empty() {
        return asked;
    }
    let plain = edge
        .integrations
        .iter()
        .filter(|integration| ["GET", "ANY"].contains(&integration.method.as_str()) && !integration.path.contains('{'));
    let path = |path: &str| if path == DEFAULT_ROUTE { "/".to_owned() } else { path.to_owned() };
    plain.take(MADE_UP).map(|integration| Check { path: path(&integration.path), expect: None }).collect()
}

/// Whether API Gateway answers so without asking the backend: a missing signature, an address or a stage that the resource policy
/// does not allow, a web ACL, a throttle.
#[must_use]
pub const fn is_refusal(status: u16) -> bool {
    matches!(status, 401 | 403 | 429)
}

impl Check {
    /// What is wrong with green's answer where blue cannot be asked, where anything is.
    #[must_use]
    pub fn fault_alone(&self, green: u16) -> Option<String> {
        // A request without an expected status says that the side is up.
        let is_right = self.expect.map_or(green < 500 && !is_refusal(green), |expected| green == expected);
        let expected = self.expect.map_or_else(|| "no failure".to_owned(), |expected| expected.to_string());
        (!is_right).then(|| format!("{} answered {green}, expected {expected}", self.path))
    }

    /// What is wrong with green's answer beside blue's, where anything is.
    #[must_use]
    pub fn fault(&self, blue: u16, green: u16) -> Option<String> {
        let refused_alike = blue == green && is_refusal(blue);
        let is_right = match self.expect {
            Some(expected) => green == expected || refused_alike,
            // A blue that fails or is not asked says nothing of what green has to answer, but that it must not fail.
            None => green == blue || (green < 500 && (blue >= 500 || is_refusal(blue))),
        };
        let expected = self.expect.map_or_else(|| format!("{blue} as blue does"), |expected| expected.to_string());
        (!is_right).then(|| format!("{} answered {green}, expected {expected}", self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::edge::LinkedMethod;
    use serde_json::json;

    fn check(expect: Option<u16>) -> Check {
        Check { path: "/cart".to_owned(), expect }
    }

    #[test]
    fn without_an_expected_status_green_answers_as_blue_does() {
        for (blue, green, is_right) in [
            (200, 200, true),
            (404, 404, true),
            (403, 403, true),
            (200, 403, false),
            (200, 404, false),
            (200, 503, false),
            // A web ACL of production's, which Bascule's own stages do not have.
            (403, 200, true),
            (403, 503, false),
            (429, 200, true),
            (500, 200, true),
            (503, 503, true),
            (503, 500, false),
        ] {
            assert_eq!(check(None).fault(blue, green).is_none(), is_right, "blue {blue}, green {green}");
        }
        assert_eq!(check(None).fault(200, 403).as_deref(), Some("/cart answered 403, expected 200 as blue does"));
    }

    #[test]
    fn an_expected_status_is_wanted_unless_api_gateway_refuses_both_alike() {
        for (blue, green, is_right) in [
            (200, 404, true),
            (404, 200, false),
            (200, 200, false),
            (403, 403, true),
            (503, 503, false),
            (200, 403, false),
        ] {
            assert_eq!(check(Some(404)).fault(blue, green).is_none(), is_right, "blue {blue}, green {green}");
        }
        assert_eq!(check(Some(200)).fault(200, 503).as_deref(), Some("/cart answered 503, expected 200"));
    }

    #[test]
    fn where_blue_cannot_be_asked_a_refusal_of_green_is_none_of_blues() {
        for (expect, green, is_right) in [
            (Some(200), 200, true),
            (Some(200), 403, false),
            (Some(403), 403, true),
            (Some(200), 503, false),
            (None, 404, true),
            (None, 403, false),
            (None, 503, false),
        ] {
            assert_eq!(check(expect).fault_alone(green).is_none(), is_right, "{expect:?} {green}");
        }
        assert_eq!(check(Some(200)).fault_alone(403).as_deref(), Some("/cart answered 403, expected 200"));
    }

    #[test]
    fn paths_with_parameters_are_not_made_up() {
        let integration = |method: &str, path: &str| LinkedMethod {
            method: method.to_owned(),
            path: path.to_owned(),
            ..LinkedMethod::default()
        };
        let edge = Edge {
            integrations: vec![
                integration("POST", "/cart"),
                integration("GET", "/product/{id}"),
                integration("GET", "/cart"),
                integration("ANY", "/$default"),
            ],
            ..Edge::default()
        };
        let mut input = json!({
            "blue": { "cluster": "b" }, "green": { "cluster": "g" }, "gateway": { "restApiId": "a", "stage": "s" },
            "workloads": { "manifests": ["s3://b/k"] },
        });
        let paths = |input: &serde_json::Value| {
            let checks = checks(&Input::read(input).unwrap(), &edge);
            checks.into_iter().map(|check| (check.path, check.expect)).collect::<Vec<_>>()
        };
        assert_eq!(paths(&input), [("/cart".to_owned(), None), ("/".to_owned(), None)]);
        input["smoke"] = json!([{ "path": "/", "expect": 404 }]);
        assert_eq!(paths(&input), [("/".to_owned(), Some(404))]);
    }
}
