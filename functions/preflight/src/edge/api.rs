//! Whether the API and its stage can be switched; pure.

use super::{API, STAGE};
use domain::plan::edge::{Api, Stage};
use domain::{Limit, Problem};

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

pub(super) fn problems(api: &Api) -> Vec<Problem> {
    let mut problems = Vec::new();
    if api.execute_api_disabled {
        problems.push(Limit::DefaultEndpoint.refusal(
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

    #[test]
    fn a_disabled_endpoint_is_refused() {
        let api = Api { execute_api_disabled: true, ..Api::default() };
        assert_eq!(problems(&api)[0].code, "default-endpoint");
        assert_eq!(problems(&Api::default()), []);
    }
}
