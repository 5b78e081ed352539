//! Conversations about HTTP APIs. Paths, bodies and answers are those of <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/resources.html>
//! and of aws-cli's examples for `apigatewayv2`, which also give the ids.

mod changes;
mod kinds;
mod reads;

use crate::apigateway::tests::missing;
use crate::scenario::{Answer, Scenario, answer};
use domain::ports::Apis;
use serde_json::{Value, json};

/// An API of the examples.
const API: &str = "a1b2c3d4";

/// A listener, as in the examples of Elastic Load Balancing's `CreateListener`.
const LISTENER: &str =
    "arn:aws:elasticloadbalancing:us-west-2:123456789012:listener/net/shop/50dc6c495c0c9188/f2f7dc8efc522ab2";

/// What `GetApi` says of an API of the protocol.
fn described(protocol: &str) -> Value {
    json!({
        "apiEndpoint": "https://a1b2c3d4.execute-api.us-west-2.amazonaws.com", "apiId": API,
        "apiKeySelectionExpression": "$request.header.x-api-key", "createdDate": "2020-03-28T00:32:37Z",
        "name": "my-api", "protocolType": protocol, "routeSelectionExpression": "$request.method $request.path",
        "tags": { "department": "finance" },
    })
}

fn said(status: u16, body: &Value) -> Answer {
    answer(status, body.to_string())
}

/// An account that knows the API as an HTTP API, and answers so from then on. The first two requests are those by which it knows.
async fn known(answers: impl IntoIterator<Item = Answer>) -> Scenario {
    let first = [missing(), said(200, &described("HTTP"))];
    let scenario = Scenario::of(first.into_iter().chain(answers));
    scenario.account.api(API).await.unwrap();
    scenario
}

/// What was asked of an account that knew the API.
fn lines(scenario: &Scenario) -> Vec<String> {
    scenario.lines().split_off(2)
}
