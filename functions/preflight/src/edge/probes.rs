//! Whether the requests by which a step of the switch is judged can be answered at all; pure.

use domain::gateway::credentials::{met, wanted};
use domain::plan::edge::Edge;
use domain::ports::gateway::Method;
use domain::smoke::{checks, is_refusal};
use domain::{Input, Limit, Problem};
use serde_json::Value;

/// Refuses an API that would refuse every one of these requests: nothing would ever be known of a step, and each would go back.
pub(super) fn problems(input: &Input, edge: &Edge, methods: &[Method], export: &Value) -> Vec<Problem> {
    let refused = |path: &str| {
        let method = met(methods, path)?;
        Some(format!("{} {} wants {}", method.method, method.path, wanted(method, export)?))
    };
    let mut problems = Vec::new();
    let checks = checks(input, edge);
    // Where a refusal is what the input expects, it says something.
    let all: Option<Vec<String>> =
        checks.iter().map(|check| refused(&check.path).filter(|_| !check.expect.is_some_and(is_refusal))).collect();
    if let Some(all) = all.filter(|all| !all.is_empty() && input.cutover.is_analysed()) {
        problems.push(Limit::ProbeCredentials.refusal(
            "$.cutover.analysis",
            format!(
                "green is compared with blue by requests that have an API key and no other credentials, and API Gateway refuses each of \
                 them: {}. Name a path that wants no more in $.smoke, or set $.cutover.analysis.when to \"never\"",
                all.join("; ")
            ),
        ));
    }
    if let Some(marker) = &input.cutover.marker
        && let Some(why) = refused(marker.path_of(&edge.api.id))
    {
        problems.push(Limit::ProbeCredentials.refusal(
            "$.cutover.marker",
            format!("the requests that tell which side serves have an API key and no other credentials, and API Gateway refuses them: {why}"),
        ));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(cutover: &Value, smoke: &Value, authorizations: &[(&str, &str)]) -> Vec<(String, String)> {
        let input = Input::read(&json!({
            "blue": { "cluster": "blue" }, "green": { "cluster": "green" }, "gateway": { "restApiId": "a", "stage": "prod" },
            "workloads": { "manifests": ["s3://b/k"] }, "cutover": cutover, "smoke": smoke,
        }));
        let method = |(path, authorization): &(&str, &str)| Method {
            path: (*path).to_owned(),
            method: "GET".to_owned(),
            authorization: (*authorization).to_owned(),
            ..Method::default()
        };
        let methods: Vec<Method> = authorizations.iter().map(method).collect();
        let problems = problems(&input.unwrap(), &Edge::default(), &methods, &json!({}));
        problems.into_iter().map(|problem| (problem.path, problem.code)).collect()
    }

    #[test]
    fn an_api_that_refuses_every_request_of_the_analysis_is_refused_and_no_other() {
        let steps = json!({ "steps": [5, 100] });
        let both = json!([{ "path": "/cart" }, { "path": "/up" }]);
        let refusal = vec![("$.cutover.analysis".to_owned(), "probe-credentials".to_owned())];
        for (cutover, smoke, authorizations, expected) in [
            (&steps, &both, [("/cart", "AWS_IAM"), ("/up", "COGNITO_USER_POOLS")], refusal.clone()),
            (&steps, &both, [("/cart", "AWS_IAM"), ("/up", "NONE")], Vec::new()),
            (&json!({}), &both, [("/cart", "AWS_IAM"), ("/up", "AWS_IAM")], Vec::new()),
            (&json!({ "analysis": { "when": "always" } }), &both, [("/cart", "AWS_IAM"), ("/up", "AWS_IAM")], refusal),
            (
                &steps,
                &json!([{ "path": "/cart", "expect": 403 }]),
                [("/cart", "AWS_IAM"), ("/up", "AWS_IAM")],
                Vec::new(),
            ),
            // Requests that meet no method are preflight's no more than their answers.
            (&steps, &json!([{ "path": "/other" }]), [("/cart", "AWS_IAM"), ("/up", "AWS_IAM")], Vec::new()),
        ] {
            assert_eq!(found(cutover, smoke, &authorizations), expected, "{cutover} {smoke} {authorizations:?}");
        }
    }

    #[test]
    fn a_marker_that_wants_credentials_is_refused() {
        let marker = json!({ "marker": { "path": "/version", "blue": "b", "green": "g" } });
        let refusal = vec![("$.cutover.marker".to_owned(), "probe-credentials".to_owned())];
        assert_eq!(found(&marker, &json!([]), &[("/version", "AWS_IAM")]), refusal);
        assert_eq!(found(&marker, &json!([]), &[("/version", "NONE")]), []);
    }
}
