//! Pure judgements on the API, its stage and its links.

use super::{API, STAGE};
use domain::Problem;
use domain::plan::edge::{Api, Stage};
use domain::ports::gateway::{Backend, Method};
use std::collections::BTreeSet;

/// An API has at most ten stages
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html>).
const STAGES: usize = 10;

pub(super) fn problems(api: &Api) -> Vec<Problem> {
    let mut problems = Vec::new();
    if api.endpoint_type == "PRIVATE" {
        problems.push(Problem::new(
            API,
            format!("the API {} is private; only REGIONAL and EDGE are supported yet", api.id),
        ));
    }
    if api.execute_api_disabled {
        problems.push(Problem::new(
            API,
            format!(
                "the default endpoint of {} is disabled, so deployment G cannot be tried before the switch; enable it for the time of the migration \
                 (UpdateRestApi replace /disableExecuteApiEndpoint false)",
                api.id
            ),
        ));
    }
    problems
}

pub(super) fn stage_problems(stage: &Stage, stages: usize) -> Vec<Problem> {
    let mut problems = Vec::new();
    if let Some(canary) = &stage.canary {
        problems.push(Problem::new(
            STAGE,
            format!(
                "the stage {} has a canary ({} % to the deployment {}); promote or delete it first",
                stage.name, canary.percent, canary.deployment_id
            ),
        ));
    }
    if stages + 2 > STAGES {
        problems.push(Problem::new(
            STAGE,
            format!(
                "the API has {stages} of {STAGES} stages; the migration needs two more, so delete {}",
                stages + 2 - STAGES
            ),
        ));
    }
    problems
}

/// The one V1 link of these integrations, or why there is none.
pub(super) fn link(api: &str, linked: &[(&Method, &Backend)]) -> (Option<String>, Vec<Problem>) {
    let refuse = |message: String| (None, vec![Problem::new(API, message)]);
    let name = |(method, _): &(&Method, &Backend)| format!("{} {}", method.method, method.path);
    let some = |chosen: Vec<String>| {
        let more = chosen.len().saturating_sub(5);
        let first = chosen.into_iter().take(5).collect::<Vec<_>>().join(", ");
        if more > 0 { format!("{first} and {more} more") } else { first }
    };
    if linked.is_empty() {
        return refuse(format!(
            "the API {api} has no integration through a VPC link, so there is nothing to switch; name the API whose integrations reach \
             blue through one"
        ));
    }
    let variables: Vec<String> =
        linked.iter().filter(|(_, backend)| backend.connection_id.contains("${")).map(name).collect();
    if !variables.is_empty() {
        return refuse(format!("VPC links in stage variables are not supported yet: {}", some(variables)));
    }
    let v2: Vec<String> =
        linked.iter().filter(|(_, backend)| !backend.integration_target.is_empty()).map(name).collect();
    if !v2.is_empty() {
        return refuse(format!("V2 VPC links are not supported yet: {}", some(v2)));
    }
    let links: BTreeSet<&str> = linked.iter().map(|(_, backend)| backend.connection_id.as_str()).collect();
    if let [only] = links.iter().collect::<Vec<_>>().as_slice() {
        return (Some((**only).to_owned()), Vec::new());
    }
    let links = links.into_iter().collect::<Vec<_>>().join(", ");
    refuse(format!("the API {api} uses several VPC links ({links}); only one is supported yet"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::plan::edge::Canary;

    fn backend(link: &str, target: &str) -> Backend {
        Backend { connection_id: link.to_owned(), integration_target: target.to_owned(), ..Backend::default() }
    }

    fn judged(backends: &[Backend]) -> Result<String, String> {
        let method = Method { path: "/cart".to_owned(), method: "GET".to_owned(), ..Method::default() };
        let linked: Vec<_> = backends.iter().map(|backend| (&method, backend)).collect();
        let (link, problems) = link("api1", &linked);
        link.ok_or_else(|| Problem::list(&problems))
    }

    #[test]
    fn one_link_of_the_first_version_is_what_is_supported() {
        assert_eq!(judged(&[backend("a", ""), backend("a", "")]), Ok("a".to_owned()));
        for (backends, part) in [
            (vec![], "no integration through a VPC link"),
            (vec![backend("a", ""), backend("b", "")], "several VPC links (a, b)"),
            (vec![backend("a", "arn:aws:elasticloadbalancing:x")], "V2 VPC links are not supported yet: GET /cart"),
            (vec![backend("${stageVariables.link}", "")], "stage variables"),
        ] {
            let message = judged(&backends).unwrap_err();
            assert!(message.starts_with("$.gateway.restApiId: ") && message.contains(part), "{message}");
        }
    }

    #[test]
    fn two_stages_must_be_free() {
        let stage = Stage { name: "prod".to_owned(), ..Stage::default() };
        assert_eq!(stage_problems(&stage, 8), []);
        assert!(stage_problems(&stage, 9)[0].message.contains("delete 1"));
    }

    #[test]
    fn a_canary_is_refused() {
        let canary = Canary { deployment_id: "d2".to_owned(), percent: 10.0 };
        let stage = Stage { name: "prod".to_owned(), canary: Some(canary), ..Stage::default() };
        assert_eq!(stage_problems(&stage, 1)[0].path, "$.gateway.stage");
    }

    #[test]
    fn private_apis_and_disabled_endpoints_are_refused_together() {
        let api = Api { endpoint_type: "PRIVATE".to_owned(), execute_api_disabled: true, ..Api::default() };
        assert_eq!(problems(&api).len(), 2);
    }
}
