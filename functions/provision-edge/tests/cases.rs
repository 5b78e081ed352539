//! Exports of the kinds that people reported when they put API Gateway before a cluster, and what a correct tool does with them.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use domain::{
    Input,
    gateway::{counterparts::Counterparts, export},
    input::Host,
    plan::edge::{Connection, Edge, LinkedMethod},
    resource_policy, smoke,
};
use provision_edge::rewrite;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn export(name: &str) -> Value {
    let path = format!("{}/tests/cases/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Public Terraform of an API before an internal load balancer, whose URI says nothing of the host.
#[test]
fn the_host_header_of_a_parameter_mapping_is_the_host_that_green_sees() {
    let hosts = [Host { primary: "shop.example.com".into(), temporary: "green.example.com".into() }];
    let written = export("host-header-in-a-parameter-mapping");
    let link = |id: &str| Connection::VpcLink(id.to_owned());
    let counterparts = Counterparts::new([(link("blue1"), link("green1"))]);
    let temporary = rewrite::temporary(written.clone(), &counterparts, &hosts, &BTreeMap::new());
    let of = |export: &Value| export["paths"]["/cart"]["get"][export::INTEGRATION].clone();
    let (mut expected, found) = (of(&written), of(&temporary));
    expected["connectionId"] = json!("green1");
    expected["requestParameters"]["integration.request.header.Host"] = json!("'green.example.com'");
    assert_eq!(found, expected);
}

/// go-to-k/cdk-real-drift#721; hashicorp/terraform-provider-aws#15602.
#[test]
fn a_stored_policy_names_whichever_api_it_is_imported_into() {
    let mut policy = export("resource-policy-that-names-the-api")["x-amazon-apigateway-policy"].take();
    resource_policy::own(&mut policy["Statement"], "a1b2c3d4e5");
    assert!(!policy.to_string().contains("a1b2c3d4e5"), "{policy}");
    assert_eq!(policy["Statement"][0]["Resource"], "execute-api:/*");
    assert_eq!(policy["Statement"][1]["Resource"], "execute-api:/*");
    assert_eq!(policy["Statement"][1]["Condition"]["NotIpAddress"]["aws:SourceIp"], json!(["203.0.113.0/24"]));
}

/// AWS knowledge centre, 403 of API Gateway: no made-up request has a signature.
#[test]
fn where_every_method_wants_a_signature_a_refusal_on_both_sides_is_an_answer() {
    let export = export("every-method-wants-a-signature");
    let integrations = export::integrations(&export).map(|(path, name, integration)| LinkedMethod {
        path: path.to_owned(),
        method: name.to_uppercase(),
        integration: export::integration(integration),
        ..LinkedMethod::default()
    });
    let edge = Edge { integrations: integrations.collect(), ..Edge::default() };
    let input = json!({
        "blue": { "cluster": "shop-blue" }, "green": { "cluster": "shop-green" },
        "gateway": { "restApiId": "a1b2c3d4e5", "stage": "prod" }, "workloads": { "manifests": ["s3://bucket/shop.yaml"] },
    });
    let checks = smoke::checks(&Input::read(&input).unwrap(), &edge);
    assert_eq!(checks.len(), 1);
    assert_eq!(checks[0].fault(403, 403), None);
    assert!(checks[0].fault(403, 503).is_some() && checks[0].fault(200, 403).is_some());
}
