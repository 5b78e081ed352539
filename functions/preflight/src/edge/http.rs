//! What HTTP APIs cannot do, or do otherwise than REST APIs; pure
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-vs-rest.html>).

use super::{API, STAGE};
use domain::gateway::mapping;
use domain::plan::edge::{Edge, LinkedMethod, Stage};
use domain::{Input, Limit, Problem};
use serde_json::Value;

/// How many routes one message names.
const NAMED: usize = 5;

/// Why the stages of an HTTP API cannot be switched: those with automatic deployment would serve green for as long as the configuration
/// points there, and API Gateway refuses to move the deployment of such a stage
/// (<https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-stages-stagename.html>).
pub(super) fn auto_deployed(edge: &Edge, stages: &[Stage]) -> Option<Problem> {
    let api = &edge.api.id;
    let names: Vec<&str> = stages.iter().filter(|stage| stage.auto_deploy).map(|stage| stage.name.as_str()).collect();
    let message = || {
        let commands = names.iter().map(|name| {
            format!("`aws apigatewayv2 update-stage --api-id {api} --stage-name '{name}' --no-auto-deploy`")
        });
        format!(
            "stages of {api} deploy each change of the configuration at once: {}. Requests would reach green while deployment G is made, \
             which takes a moment in which the configuration points at green, and no deployment could be switched. Turn it off until the \
             bake has ended: {}",
            names.join(", "),
            commands.collect::<Vec<_>>().join(", ")
        )
    };
    (!names.is_empty()).then(|| Limit::AutoDeploy.refusal(STAGE, message()))
}

/// What the input asks of an HTTP API that cannot be.
pub(super) fn problems(input: &Input, edge: &Edge) -> Vec<Problem> {
    if edge.api.protocol.is_rest() {
        return Vec::new();
    }
    [partial(input, edge), of_the_path(input, edge), of_the_host(input, edge)].into_iter().flatten().collect()
}

/// An HTTP API has no canary, which is what sends a part of the requests to green.
fn partial(input: &Input, edge: &Edge) -> Option<Problem> {
    let steps = &input.cutover.steps;
    let message = || {
        format!(
            "found {steps:?}, expected [100]: {} is an HTTP API, which has no canaries, so that all of its requests go to green in one call, \
             and back in one",
            edge.api.id
        )
    };
    (steps.len() > 1).then(|| Limit::PartialShift.refusal("$.cutover.steps", message()))
}

/// Requests that are asked for and would go to another path than production's.
fn of_the_path(input: &Input, edge: &Edge) -> Option<Problem> {
    let with_stage: Vec<_> = edge.with_stage_in_path().collect();
    let wanted = [
        input.cutover.is_analysed().then_some("set $.cutover.analysis.when to \"never\""),
        input.cutover.marker.is_some().then_some("leave $.cutover.marker out"),
    ];
    let wanted: Vec<&str> = wanted.into_iter().flatten().collect();
    let message = || {
        format!(
            "API Gateway puts the name of the stage before the path of {}, and the stages that hold deployments B and G have other names than \
             {}, so that what answers there says nothing of production: {}; or {}",
            some(&with_stage),
            edge.stage.name,
            wanted.join(", "),
            remedy()
        )
    };
    (!with_stage.is_empty() && !wanted.is_empty()).then(|| Limit::StageInPath.refusal(API, message()))
}

/// Hosts that are to have temporary names, where integrations pass on whatever host the caller used.
fn of_the_host(input: &Input, edge: &Edge) -> Option<Problem> {
    let passed = passed_on(edge);
    let message = || {
        let host = input.workloads.hosts.first().map_or("", |host| host.primary.as_str());
        let first = passed.first().map_or("", |method| method.resource_id.as_str());
        format!(
            "{} pass on the Host header of the caller, which no temporary name of $.workloads.hosts can take the place of: people, and \
             Bascule's own requests, come by the default endpoint, whose name green's routes do not have. Map it, which changes nothing for \
             who uses that name, and deploy: `aws apigatewayv2 update-integration --api-id {} --integration-id {first} --request-parameters \
             overwrite:header.host={host}`, and so on",
            some(&passed),
            edge.api.id,
        )
    };
    (!passed.is_empty() && !input.workloads.hosts.is_empty()).then(|| Limit::PassedOnHost.refusal(API, message()))
}

/// The routes to blue whose backend sees the Host header of the caller.
fn passed_on(edge: &Edge) -> Vec<&LinkedMethod> {
    let variables = &edge.stage.variables;
    edge.integrations.iter().filter(|method| mapping::host(&method.integration, variables).is_none()).collect()
}

/// What people should know of an HTTP API that can be switched; `served` is what its stage serves.
pub(super) fn advice(input: &Input, edge: &Edge, served: &Value) -> Vec<String> {
    let mut advice = Vec::new();
    if edge.api.protocol.is_rest() {
        return advice;
    }
    let with_stage: Vec<_> = edge.with_stage_in_path().collect();
    if !with_stage.is_empty() && !edge.api.execute_api_disabled {
        advice.push(format!(
            "through deployment G no request is sent before the switch, and it is held against deployment B alone: API Gateway puts the name of \
             the stage before the path of {}. To have it tried, {}",
            some(&with_stage),
            remedy()
        ));
    }
    let passed = passed_on(edge);
    if !passed.is_empty() {
        advice.push(format!(
            "{} pass on the Host header of the caller: on the temporary API, and in Bascule's own requests, that is the name of a default \
             endpoint, so that routes of blue and green that want another host answer them alike and otherwise than customers. Map \
             overwrite:header.host, and deploy, to have green tried under the name that customers use",
            some(&passed)
        ));
    }
    let is_verified = |name: &str| input.workloads.hosts.iter().any(|host| host.primary.eq_ignore_ascii_case(name));
    let names = domain::gateway::export::integrations(served)
        .filter_map(|(_, _, integration)| integration["tlsConfig"]["serverNameToVerify"].as_str());
    if names.into_iter().any(is_verified) {
        advice.push(
            "some integrations use HTTPS: what answers on green needs a certificate for the temporary hosts".to_owned(),
        );
    }
    advice
}

fn remedy() -> &'static str {
    "map overwrite:path to $request.path in the integrations, where the backend can do without the stage's name, and deploy"
}

fn some(methods: &[&LinkedMethod]) -> String {
    let more = methods.len().saturating_sub(NAMED);
    let first = methods.iter().take(NAMED).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{first} and {more} more") } else { first }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::plan::edge::{Api, Integration, Protocol};
    use serde_json::json;

    fn edge(mappings: &[(&str, &str)]) -> Edge {
        let mappings = mappings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let integration = Integration { request_parameters: mappings.collect(), ..Integration::default() };
        let (path, method) = ("/cart".to_owned(), "GET".to_owned());
        Edge {
            api: Api { id: "h1".to_owned(), protocol: Protocol::Http, ..Api::default() },
            stage: Stage { name: "prod".to_owned(), ..Stage::default() },
            integrations: vec![LinkedMethod { path, method, integration, ..LinkedMethod::default() }],
            ..Edge::default()
        }
    }

    fn input(cutover: &Value, hosts: &Value) -> Input {
        Input::read(&json!({
            "blue": { "cluster": "b" }, "green": { "cluster": "g" }, "gateway": { "httpApiId": "h1", "stage": "prod" },
            "workloads": { "manifests": ["s3://b/k"], "hosts": hosts }, "cutover": cutover,
        }))
        .unwrap()
    }

    const HOST: (&str, &str) = ("overwrite:header.host", "shop.example.com");
    const PATH: (&str, &str) = ("overwrite:path", "$request.path");

    #[test]
    fn what_an_http_api_cannot_do_is_refused_where_it_is_asked_for() {
        let hosts = json!([{ "primary": "shop.example.com", "temporary": "green.example.com" }]);
        let (straight, none) = (json!({}), json!([]));
        let marker = json!({ "marker": { "path": "/v", "blue": "b", "green": "g" } });
        let always = json!({ "analysis": { "when": "always" } });
        for (mappings, cutover, hosts, expected) in [
            (&[HOST, PATH][..], &straight, &hosts, vec![]),
            (&[HOST, PATH], &marker, &hosts, vec![]),
            (&[HOST, PATH], &json!({ "steps": [5, 100] }), &hosts, vec!["partial-shift"]),
            (&[HOST], &straight, &hosts, vec![]),
            (&[HOST], &marker, &hosts, vec!["stage-in-path"]),
            (&[HOST], &always, &hosts, vec!["stage-in-path"]),
            (&[PATH], &straight, &hosts, vec!["passed-on-host"]),
            (&[("overwrite:header.host", "$request.header.host"), PATH], &straight, &hosts, vec!["passed-on-host"]),
            (&[PATH], &straight, &none, vec![]),
        ] {
            let (input, edge) = (input(cutover, hosts), edge(mappings));
            let found: Vec<_> = problems(&input, &edge).into_iter().map(|problem| problem.code).collect();
            assert_eq!(found, expected, "{mappings:?} {cutover} {hosts}");
            let rest = Edge { api: Api::default(), ..edge };
            assert_eq!(problems(&input, &rest), []);
        }
    }

    #[test]
    fn every_stage_with_automatic_deployment_is_named_with_the_command_that_turns_it_off() {
        let stage = |name: &str, auto_deploy| Stage { name: name.to_owned(), auto_deploy, ..Stage::default() };
        let api = edge(&[]);
        assert_eq!(auto_deployed(&api, &[stage("prod", false)]), None);
        let found = auto_deployed(&api, &[stage("prod", false), stage("$default", true), stage("beta", true)]).unwrap();
        assert_eq!((found.path.as_str(), found.code.as_str()), ("$.gateway.stage", "auto-deploy"));
        let command = "`aws apigatewayv2 update-stage --api-id h1 --stage-name '$default' --no-auto-deploy`";
        assert!(found.message.contains(command) && found.message.contains("'beta'"), "{found}");
    }

    #[test]
    fn what_is_not_tried_and_what_is_passed_on_is_told() {
        let input = input(&json!({}), &json!([{ "primary": "shop.example.com", "temporary": "green.example.com" }]));
        let tls = json!({ "tlsConfig": { "serverNameToVerify": "shop.example.com" } });
        let served = json!({ "paths": { "/cart": { "get": { "x-amazon-apigateway-integration": tls } } } });
        for (mappings, served, parts) in [
            (&[HOST, PATH][..], &Value::Null, &[][..]),
            (&[HOST], &Value::Null, &["through deployment G no request is sent"]),
            (&[PATH], &Value::Null, &["GET /cart pass on the Host header"]),
            (&[HOST, PATH], &served, &["needs a certificate for the temporary hosts"]),
        ] {
            let told = advice(&input, &edge(mappings), served);
            assert_eq!(told.len(), parts.len(), "{mappings:?}: {told:?}");
            assert!(told.iter().zip(parts).all(|(line, part)| line.contains(part)), "{mappings:?}: {told:?}");
        }
    }
}
