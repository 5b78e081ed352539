//! Whether the API and its stage can be switched; pure.

use super::{API, STAGE};
use domain::plan::edge::{Api, Stage};
use domain::{Input, Limit, Problem, input::Gateway};

/// An API has at most ten stages
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html>).
const STAGES: usize = 10;

/// The refusal of an id that no API has which is switched: a WebSocket API keeps its connections to whatever served it when they began
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-overview.html>).
pub(super) fn unknown(gateway: &Gateway) -> Problem {
    let id = gateway.api_id();
    let (kind, list) =
        if gateway.is_http() { ("HTTP", "apigatewayv2 get-apis") } else { ("REST", "apigateway get-rest-apis") };
    Limit::WebsocketApi.refusal(
        API,
        format!(
            "there is no {kind} API {id} in this account and Region; see `aws {list}`. Where it is a WebSocket API it is not switched: its \
             connections stay with the side that they were made to"
        ),
    )
}

/// Why an API is not what the input calls it.
pub(super) fn misnamed(gateway: &Gateway, api: &Api) -> Option<Problem> {
    let (kind, right) = if api.protocol.is_rest() { ("a REST API", "restApiId") } else { ("an HTTP API", "httpApiId") };
    let message = || format!("{} is {kind}: name it in {right} and leave {} out", api.id, gateway.field());
    (api.protocol.is_rest() == gateway.is_http()).then(|| Problem::new(API, message()))
}

/// Why an API without its default endpoint cannot be switched as the input asks: no request comes to its stages, but by the public name to
/// production's.
pub(super) fn unreachable(input: &Input, api: &Api) -> Option<Problem> {
    let is_asked = input.smoke.iter().any(|smoke| smoke.is_of(&api.id));
    let wanted = [
        (!is_asked)
            .then_some("name a request in $.smoke with what it expects, by which green is tried on the temporary API"),
        input.cutover.is_analysed().then_some("set $.cutover.analysis.when to \"never\""),
        input.cutover.marker.is_some().then_some("leave $.cutover.marker out"),
    ];
    let wanted: Vec<&str> = wanted.into_iter().flatten().filter(|_| api.execute_api_disabled).collect();
    let enable = if api.protocol.is_rest() {
        "UpdateRestApi replace /disableExecuteApiEndpoint false"
    } else {
        "`aws apigatewayv2 update-api --no-disable-execute-api-endpoint`"
    };
    let message = || {
        format!(
            "the default endpoint of {} is disabled, so the stages that hold deployments B and G cannot be asked: {}; or enable it for the \
             time of the migration ({enable}, and a deployment)",
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
    if !stage.is_deployed() {
        problems
            .push(Problem::new(STAGE, format!("the stage {} serves no deployment; deploy the API to it", stage.name)));
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
        let stage = Stage { name: "prod".to_owned(), deployment_id: "d1".to_owned(), ..Stage::default() };
        assert_eq!(stage_problems(&stage, 8), []);
        assert!(stage_problems(&stage, 9)[0].message.contains("delete 1"));
    }

    #[test]
    fn a_stage_that_serves_nothing_yet_cannot_be_switched() {
        let found = stage_problems(&Stage { name: "prod".to_owned(), ..Stage::default() }, 1);
        assert!(found[0].message.contains("serves no deployment"), "{found:?}");
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
            let found = unreachable(&input(smoke, &cutover), &api);
            assert_eq!(found.is_none(), part.is_empty(), "{part}: {found:?}");
            assert!(found.iter().all(|problem| problem.message.contains(part)), "{part}: {found:?}");
            assert_eq!(unreachable(&input(smoke, &cutover), &Api::default()), None);
        }
    }
}
