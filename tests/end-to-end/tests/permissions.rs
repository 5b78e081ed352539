//! What the simulators ask IAM for is what AWS's authorization reference and documents list, as the tests of the roles have it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that panics has failed")]

use bytes::Bytes;
use compute::{Compute, Delays};
use end_to_end::{
    permission, project,
    reference::Reference,
    source::{self, Operation},
};
use front_door::{ApiGateway, Options};
use iam::{Access, Accesses, Decision, Policy};
use serde_json::{Value, json};
use std::{collections::BTreeSet, sync::Arc};

/// The services that are simulated, by their SDKs' names.
const SERVICES: [&str; 6] =
    ["apigateway", "apigatewayv2", "autoscaling", "eks", "elasticloadbalancingv2", "servicequotas"];

/// What the reference or a document lists and one request does not ask for: the same on another resource.
const EITHER: [(&str, &str); 1] = [("import_rest_api", "apigateway:UpdateRestApiPolicy /restapis/*")];

const ROLE: &str = "arn:aws:iam::000000000000:role/shop-node";
const BALANCER: &str = "arn:aws:elasticloadbalancing:eu-central-1:000000000000:loadbalancer/net/green/50dc6c495c0c9188";

/// The body of a request that asks for everything that the operation can check, in JSON.
fn body(name: &str) -> Value {
    let tags = json!({ "bascule:migration": "a" });
    match name {
        "create_cluster" => json!({
            "name": "x", "roleArn": ROLE, "computeConfig": { "nodeRoleArn": ROLE }, "tags": tags,
            "encryptionConfig": [{ "provider": { "keyArn": "arn:aws:kms:eu-central-1:000000000000:key/1" } }],
        }),
        "create_access_entry" => json!({ "principalArn": ROLE, "type": "EC2_LINUX", "tags": tags }),
        "create_nodegroup" => json!({ "nodeRole": ROLE, "launchTemplate": { "id": "lt-1" }, "tags": tags }),
        "create_addon" => json!({
            "serviceAccountRoleArn": ROLE, "podIdentityAssociations": [{ "roleArn": ROLE }], "tags": tags,
        }),
        "create_pod_identity_association" => json!({ "roleArn": ROLE, "tags": tags }),
        "create_fargate_profile" => json!({ "podExecutionRoleArn": ROLE, "tags": tags }),
        "import_rest_api" | "put_rest_api" => json!({ "x-amazon-apigateway-policy": {} }),
        "get_service_quota" => json!({ "ServiceCode": "iam", "QuotaCode": "L-C07B4B0D" }),
        name if name.starts_with("create") => json!({ "tags": tags }),
        _ => json!({}),
    }
}

/// The form of a request of the query protocol.
fn form(action: &str) -> String {
    let listener = BALANCER.replace(":loadbalancer/", ":listener/") + "/1";
    let group = "arn:aws:elasticloadbalancing:eu-central-1:000000000000:targetgroup/green/1";
    let on = match action {
        action if action.contains("Listener") && !action.starts_with("Create") => format!("ListenerArn={listener}"),
        action if action.contains("TargetGroup") && !action.starts_with("Create") => format!("TargetGroupArn={group}"),
        _ => format!("LoadBalancerArn={BALANCER}"),
    };
    let on = if ["CreateLoadBalancer", "CreateTargetGroup"].contains(&action) { "Name=green".to_owned() } else { on };
    let on = if action.contains("LoadBalancerTargetGroups") { "AutoScalingGroupName=g".to_owned() } else { on };
    let tags =
        if action.starts_with("Create") { "&Tags.member.1.Key=bascule:migration&Tags.member.1.Value=a" } else { "" };
    format!("Action={action}&{on}{tags}")
}

fn request(reference: &Reference, operation: &Operation) -> http::Request<Bytes> {
    let called = reference.operation(&operation.service, &operation.name).unwrap();
    let (verb, path) = called.request.split_once(' ').unwrap();
    let (path, body) = match operation.service.as_str() {
        "autoscaling" | "elasticloadbalancingv2" => ("/".to_owned(), form(called.action.split(':').nth(1).unwrap())),
        _ => (path.replace('*', "x"), body(&operation.name).to_string()),
    };
    let query = if operation.name == "import_rest_api" { "?mode=import" } else { "" };
    http::Request::builder().method(verb).uri(format!("{path}{query}")).body(Bytes::from(body)).unwrap()
}

/// An access as [`permission::Needs`] writes it: API Gateway's with its path.
fn written(access: &Access) -> String {
    let path = access.resource.split_once("::/").map(|(_, path)| path);
    match path.filter(|_| access.action.starts_with("apigateway:")) {
        Some(path) if path.starts_with("tags/") => format!("{} /tags/*", access.action),
        Some(path) => {
            let parts: Vec<&str> = path.split('/').map(|part| if part == "x" { "*" } else { part }).collect();
            format!("{} /{}", access.action, parts.join("/"))
        }
        None => access.action.clone(),
    }
}

/// What is wrong with an access, as the reference has it.
fn wrong(reference: &Reference, access: &Access) -> Vec<String> {
    let mut wrong = Vec::new();
    let Some(known) = reference.action(&access.action) else { return vec![format!("AWS has no {}", access.action)] };
    // API Gateway's REST APIs share their prefix with its HTTP APIs, whose entries hide some of theirs.
    if access.action.starts_with("apigateway:") {
        return wrong;
    }
    let arns = reference.arns(&access.action);
    if access.resource == "*" {
        // EC2 takes the endpoint services of API Gateway as they come.
        if !arns.is_empty() && !access.action.starts_with("ec2:") {
            wrong.push(format!("{} names no resource", access.action));
        }
    } else if !arns.is_empty() {
        let named = json!({ "Statement": { "Effect": "Allow", "Action": "*", "Resource": arns } });
        if iam::evaluate(&[Policy::read(&named).unwrap()], access) != Decision::Allowed {
            wrong.push(format!("{} is on {}, and AWS has {arns:?}", access.action, access.resource));
        }
    }
    let keys: BTreeSet<String> = known.conditions.iter().map(|key| key.to_lowercase()).collect();
    for key in access.keys() {
        let evaluated = keys.iter().any(|known| match known.split_once("${") {
            Some((prefix, _)) => key.starts_with(prefix),
            None => known == key,
        });
        if !evaluated {
            wrong.push(format!("{} has no {key}", access.action));
        }
    }
    wrong
}

#[tokio::test]
async fn the_simulators_ask_for_what_aws_asks_for() {
    let reference = Reference::get();
    let compute = Compute::start(compute::Options {
        ministack_url: "http://127.0.0.1:1".into(),
        region: "eu-central-1".into(),
        account: "000000000000".into(),
        delays: Delays { metrics: std::time::Duration::from_hours(1), ..Delays::short() },
        traefik: "traefik".into(),
        control_planes: None,
        link_uses_load_balancer: Arc::new(|_| false),
    });
    let gateway = ApiGateway::new(Options::default(), Arc::new(|_| true));
    let of = |service: &str| -> Accesses {
        match service {
            "apigateway" | "apigatewayv2" => gateway.accesses(),
            "autoscaling" => compute.autoscaling_accesses(),
            "eks" => compute.eks_accesses(),
            "elasticloadbalancingv2" => compute.elasticloadbalancing_accesses(),
            "servicequotas" => compute.service_quotas_accesses(),
            other => panic!("{other} is not simulated"),
        }
    };
    let called = project::phases().into_iter().flat_map(|phase| source::reach(&phase).operations);
    let operations: BTreeSet<(String, String)> = called
        .filter(|operation| SERVICES.contains(&operation.service.as_str()))
        .map(|operation| (operation.service, operation.name))
        .collect();
    assert!(operations.len() > 80, "{}", operations.len());
    let mut problems = Vec::new();
    for (service, name) in operations {
        let operation = Operation { service: service.clone(), name: name.clone(), is_tagged: true, is_versioned: true };
        let accesses = of(&service)(request(reference, &operation)).await;
        let needs = permission::needs(reference, &operation);
        let asked: BTreeSet<String> = accesses.iter().map(written).collect();
        let either = |action: &&String| !EITHER.contains(&(name.as_str(), action.as_str()));
        let missing: Vec<_> = needs.actions.difference(&asked).filter(either).collect();
        let more: Vec<_> = asked.difference(&needs.actions).collect();
        if !(missing.is_empty() && more.is_empty()) {
            problems.push(format!("{service} {name}: not asked for {missing:?}, asked for {more:?}"));
        }
        problems.extend(accesses.iter().flat_map(|access| wrong(reference, access)));
    }
    compute.stop().await;
    assert!(problems.is_empty(), "{problems:#?}");
}
