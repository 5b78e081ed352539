//! Whether the API and its stage can be switched; pure.

use super::{API, STAGE};
use domain::plan::edge::{Api, Stage};
use domain::{Input, Limit, Problem};

/// An API has at most ten stages
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html>).
const STAGES: usize = 10;

/// The refusal of an id that no REST API has. The deployment of an HTTP API's stage cannot be changed while it deploys by itself; without
/// that a deployment is a snapshot as a REST API's is, and no canary takes a part of the requests
/// (<https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-stages-stagename.html>,
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-stages.html>,
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-vs-rest.html>).
pub(super) fn unknown(id: &str) -> Problem {
    Limit::HttpApi.refusal(
        API,
        format!(
            "there is no REST API {id} in this account and Region; see `aws apigateway get-rest-apis`. Where it is an HTTP API or a WebSocket \
             API (`aws apigatewayv2 get-apis`), it is not switched. With automatic deployment each change of an integration is live at once, \
             and going back would take a call for each; without it (`aws apigatewayv2 update-stage --no-auto-deploy`) the switch by hand is one \
             call: create-deployment while the integrations point at green, then update-stage --deployment-id, and back with the former id"
        ),
    )
}

pub(super) fn problems(input: &Input, api: &Api) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(unreachable(input, api));
    problems
}

/// Why an API without its default endpoint cannot be switched as the input asks: no request comes to its stages, but by the public name to
/// production's.
fn unreachable(input: &Input, api: &Api) -> Option<Problem> {
    let is_asked = input.smoke.iter().any(|smoke| smoke.is_of(&api.id));
    let wanted = [
        (!is_asked)
            .then_some("name a request in $.smoke with what it expects, by which green is tried on the temporary API"),
        input.cutover.is_analysed().then_some("set $.cutover.analysis.when to \"never\""),
        input.cutover.marker.is_some().then_some("leave $.cutover.marker out"),
    ];
    let wanted: Vec<&str> = wanted.into_iter().flatten().filter(|_| api.execute_api_disabled).collect();
    let message = || {
        format!(
            "the default endpoint of {} is disabled, so the stages that hold deployments B and G cannot be asked: {}; or enable it for the \
             time of the migration (UpdateRestApi replace /disableExecuteApiEndpoint false, and a deployment)",
            api.id,
            wanted.join(", ")
        )
    };
    (!wanted.is_empty()).then(|| Limit::DefaultEndpoint.refusal(API, message()))
}

pub(super) fn stage_problems(stage: &Stage, stages: usize) -> Vec<Problem> {
    let mut problems = Vec::new();
    if let Some(canary) = &stage.canary {
        problems.push(Limit::StageCanary.refusal(
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

#[cfg(test)]
mod tests {
    use super::*;
    use domain::plan::edge::Canary;
    use serde_json::{Value, json};

    #[test]
    fn two_stages_must_be_free() {
        let stage = Stage { name: "prod".to_owned(), ..Stage::default() };
        assert_eq!(stage_problems(&stage, 8), []);
        assert!(stage_problems(&stage, 9)[0].message.contains("delete 1"));
    }

    #[test]
    fn a_canary_is_refused() {
        let canary = Canary { deployment_id: "d2".to_owned(), percent: 10.0, ..Canary::default() };
        let stage = Stage { name: "prod".to_owned(), canary: Some(canary), ..Stage::default() };
        assert_eq!(stage_problems(&stage, 1)[0].path, "$.gateway.stage");
    }

    fn input(smoke: &Value, cutover: &Value) -> Input {
        Input::read(&json!({
            "blue": { "cluster": "b" }, "green": { "cluster": "g" }, "gateway": { "restApiId": "a", "stage": "s" },
            "workloads": { "manifests": ["s3://b/k"] }, "smoke": smoke, "cutover": cutover,
        }))
        .unwrap()
    }

    #[test]
    fn without_a_default_endpoint_green_is_tried_by_what_the_input_expects_and_nothing_else() {
        let api = Api { execute_api_disabled: true, ..Api::default() };
        let (some, none) = (json!([{ "path": "/cart" }]), json!([]));
        let marker = json!({ "marker": { "path": "/v", "blue": "b", "green": "g" } });
        let steps = json!({ "steps": [5, 100], "analysis": { "when": "never" } });
        for (smoke, cutover, part) in [
            (&some, json!({}), ""),
            (&some, steps, ""),
            (&none, json!({}), "name a request in $.smoke"),
            (&some, json!({ "steps": [5, 100] }), "$.cutover.analysis.when"),
            (&some, marker, "leave $.cutover.marker out"),
        ] {
            let found = problems(&input(smoke, &cutover), &api);
            assert_eq!(found.is_empty(), part.is_empty(), "{part}: {found:?}");
            assert!(found.iter().all(|problem| problem.message.contains(part)), "{part}: {found:?}");
            assert_eq!(problems(&input(smoke, &cutover), &Api::default()), []);
        }
    }
}
