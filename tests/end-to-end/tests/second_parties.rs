//! The judge of recorded requests and answers finds what is wrong with them.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use end_to_end::exchanges::{Judgement, judge};
use serde_json::{Value, json};

/// A request of a function to a REST API and its answer; an empty body stands for none.
fn exchange(service: &str, method: &str, uri: &str, body: &str, status: u16, answer: &str) -> Value {
    json!({
        "service": service,
        "accessKeyId": "AKIAFUNCTION",
        "method": method,
        "uri": uri,
        "headers": { "content-type": "application/json" },
        "body": base64(body),
        "isSimulated": true,
        "status": status,
        "answerHeaders": if status < 400 { json!({}) } else { json!({ "x-amzn-errortype": "StrangeException" }) },
        "answer": base64(answer),
    })
}

fn base64(text: &str) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    STANDARD.encode(text)
}

fn judged(name: &str, exchanges: &[Value]) -> Judgement {
    let file = std::env::temp_dir().join(format!("{name}-{}.jsonl", std::process::id()));
    let lines: Vec<String> = exchanges.iter().map(Value::to_string).collect();
    std::fs::write(&file, lines.join("\n")).unwrap();
    let judgement = judge(&file, "test");
    std::fs::remove_file(file).unwrap();
    judgement
}

#[test]
fn requests_that_the_models_allow_have_no_problem() {
    let patch = r#"{"patchOperations":[{"op":"replace","path":"/deploymentId","value":"abc"}]}"#;
    let answer = r#"{"deploymentId":"abc","stageName":"prod","createdDate":1795628367}"#;
    let good = judged("good", &[exchange("apigateway", "PATCH", "/restapis/a1/stages/prod", patch, 200, answer)]);
    assert_eq!(good.problems, Vec::<String>::new());
    assert_eq!((good.operations, good.answers), (vec!["apigateway:UpdateStage".to_owned()], 1));
}

#[test]
fn requests_about_http_apis_are_held_against_their_own_model() {
    let answer = r#"{"deploymentId":"abc","stageName":"prod","createdDate":"2020-04-08T00:36:05Z"}"#;
    let of = |body: &str| exchange("apigateway", "PATCH", "/v2/apis/a1/stages/%24default", body, 200, answer);
    let found = judged("http", &[of(r#"{"deploymentId":"abc"}"#), of(r#"{"variables":{"color":"green"}}"#)]);
    assert_eq!(found.problems, ["apigatewayv2:UpdateStage: request: .variables.color is not in the model (1 times)"]);
    assert_eq!((found.operations, found.answers), (vec!["apigatewayv2:UpdateStage".to_owned()], 2));
}

#[test]
fn what_the_models_do_not_allow_is_told_with_its_place() {
    let patch = r#"{"patchOperations":[{"op":"swap","path":"/deploymentId","volume":"abc"}],"force":true}"#;
    let group = r#"{"subnets":["subnet-1"],"nodeRole":"arn:aws:iam::123456789012:role/nodes","capacityType":"CHEAP","nodegroupName":"a"}"#;
    let cluster = r#"{"name":"-shop","roleArn":"arn:aws:iam::123456789012:role/eks"}"#;
    let found = judged(
        "bad",
        &[
            exchange("apigateway", "PATCH", "/restapis/a1/stages/prod", patch, 200, r#"{"createdDate":"today"}"#),
            exchange("eks", "POST", "/clusters/shop/node-groups", group, 200, r#"{"nodegroup":{"state":"ACTIVE"}}"#),
            exchange("eks", "POST", "/clusters", cluster, 409, "{}"),
            exchange("eks", "GET", "/bundles", "", 200, "{}"),
        ],
    );
    let expected = [
        "apigateway:UpdateStage: answer: .createdDate: 'today' is no timestamp (1 times)",
        "apigateway:UpdateStage: request: .force is not in the model (1 times)",
        "apigateway:UpdateStage: request: .patchOperations.*.op: 'swap' is none of ['add', 'remove', 'replace', 'move', 'copy', 'test'] (1 times)",
        "apigateway:UpdateStage: request: .patchOperations.*.volume is not in the model (1 times)",
        "eks: no operation has GET /bundles (1 times)",
        "eks:CreateCluster: request: .name: '-shop' does not match ^[0-9A-Za-z][A-Za-z0-9\\-_]* (1 times)",
        "eks:CreateCluster: request: Missing required parameter in input: \"resourcesVpcConfig\" (1 times)",
        "eks:CreateNodegroup: answer: .nodegroup.state is not in the model (1 times)",
        "eks:CreateNodegroup: request: .capacityType: 'CHEAP' is none of ['ON_DEMAND', 'SPOT', 'CAPACITY_BLOCK'] (1 times)",
    ];
    let (errors, others): (Vec<_>, Vec<_>) =
        found.problems.iter().map(String::as_str).partition(|problem| problem.contains("StrangeException"));
    assert_eq!(others, expected);
    assert_eq!(errors.len(), 1, "{errors:?}");
}
