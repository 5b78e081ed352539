//! What IAM checks for a call of the control plane: the HTTP method on the path.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-iam-policy-examples.html>. What belongs to an API or a
//! usage plan has its tags, and a stage its own before them; in V2 an API and a stage have their own, and nothing inherits any
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-tagging-supported-resources.html>).

use std::collections::BTreeMap;
use std::sync::Arc;

use iam::Access;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::Value;

use super::ApiGateway;
use super::state::State;
use crate::rest_routes;

/// What API Gateway does with its caller's permissions when a VPC link is created or deleted
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/grant-permissions-to-create-vpclink.html>).
const OF_VPC_LINKS: [&str; 5] = [
    "ec2:CreateVpcEndpointServiceConfiguration",
    "ec2:DeleteVpcEndpointServiceConfigurations",
    "ec2:DescribeVpcEndpointServiceConfigurations",
    "ec2:ModifyVpcEndpointServicePermissions",
    "elasticloadbalancing:DescribeLoadBalancers",
];

type Tags = BTreeMap<String, String>;

impl ApiGateway {
    /// What IAM checks for a request.
    #[must_use]
    pub fn accesses(&self) -> iam::Accesses {
        let gateway = self.clone();
        Arc::new(move |request| {
            let (method, uri) = (request.method().as_str(), request.uri());
            let accesses = accesses(&gateway.state(), method, uri.path(), uri.query(), request.body());
            Box::pin(std::future::ready(accesses))
        })
    }
}

/// The accesses of a request.
fn accesses(state: &State, method: &str, path: &str, query: Option<&str>, body: &[u8]) -> Vec<Access> {
    let path = path.trim_end_matches('/');
    let is_v2 = rest_routes::is_v2(path);
    let Some((operation, _)) = rest_routes::find(rest_routes::of_apigateway(path), method, path) else {
        return Vec::new();
    };
    // "arn:aws:apigateway:us-east-1::/apis/*": the version is no part of a resource of V2
    // (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagementv2.html).
    let path = path.strip_prefix("/v2").unwrap_or(path);
    let operation = rest_routes::with_mode(operation, query);
    let arn = |path: &str| format!("arn:aws:apigateway:{}::{path}", state.context.region);
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let given = if operation.starts_with("Create") || operation == "TagResource" { tags(&body) } else { Tags::new() };
    let of_resource = tags_of(state, path);

    let action = format!("apigateway:{method}");
    let mut accesses = vec![Access::new(action, arn(path)).on_tags(&of_resource).giving_tags(&given)];
    if operation != "TagResource" && !given.is_empty() {
        // mattclay/aws-terminator#284: the tags of what is created are a call of their own, on an ARN that is not known yet.
        // `TagResource` is a PUT in V1 and a POST in V2, of which it is taken to hold too.
        let created = utf8_percent_encode(&arn(&format!("{path}/*")), ENCODED).to_string();
        let action = if is_v2 { "apigateway:POST" } else { "apigateway:PUT" };
        accesses.push(Access::new(action, arn(&format!("/tags/{created}"))).giving_tags(&given));
    }
    if changes_policy(operation, &body) {
        // https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-create-attach.html
        accesses.push(Access::new("apigateway:UpdateRestApiPolicy", arn(path)).on_tags(&of_resource));
    }
    if !is_v2 && ["CreateVpcLink", "DeleteVpcLink"].contains(&operation) {
        accesses.extend(OF_VPC_LINKS.map(|action| Access::new(action, "*")));
    }
    accesses
}

/// What stands unencoded in the ARN of a path that holds an ARN, as the error of mattclay/aws-terminator#284 shows.
const ENCODED: &percent_encoding::AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'*');

fn tags(body: &Value) -> Tags {
    let tags = body["tags"].as_object().into_iter().flatten();
    tags.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

/// Whether a call sets the API's resource policy.
fn changes_policy(operation: &str, body: &Value) -> bool {
    let patches = || body["patchOperations"].as_array().into_iter().flatten();
    match operation {
        "ImportRestApi" | "PutRestApi" => body.get("x-amazon-apigateway-policy").is_some(),
        "CreateRestApi" => body.get("policy").is_some(),
        "UpdateRestApi" => {
            patches().any(|patch| patch["path"].as_str().is_some_and(|path| path.starts_with("/policy")))
        }
        _ => false,
    }
}

/// The tags of a path's resource, its own and those that it inherits.
fn tags_of(state: &State, path: &str) -> Tags {
    let segments: Vec<String> =
        path.split('/').skip(1).map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned()).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let tags = match segments.as_slice() {
        ["restapis", id, rest @ ..] => {
            return state.apis.get(*id).map_or_else(Tags::new, |api| {
                let mut tags = api.rest_api.tags.clone();
                if let ["stages", name, ..] = rest
                    && let Some(stage) = api.stages.get(*name)
                {
                    tags.extend(stage.tags.clone());
                }
                tags
            });
        }
        ["usageplans", id, ..] => state.usage_plans.get(*id).map(|plan| &plan.tags),
        ["apis", id] => state.http.apis.get(*id).map(|api| &api.about.tags),
        ["apis", id, "stages", name] => {
            state.http.apis.get(*id).and_then(|api| api.stages.get(*name)).map(|stage| &stage.tags)
        }
        ["vpclinks", id] => {
            let of_v2 = || state.http.vpc_links.get(*id).map(|link| &link.tags);
            state.vpc_links.get(*id).map(|link| &link.tags).or_else(of_v2)
        }
        ["apikeys", id] => state.api_keys.get(*id).map(|key| &key.tags),
        ["domainnames", name, ..] => state.domain_names.get(*name).map(|domain| &domain.tags),
        _ => None,
    };
    tags.cloned().unwrap_or_default()
}
