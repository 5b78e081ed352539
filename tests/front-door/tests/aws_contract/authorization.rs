//! IAM on the control plane: who may call what, and what a refusal looks like.

use serde_json::{Value, json};

use crate::world::{SESSION, World, at_once, client, message, replace, shop};

/// Statements as
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-iam-policy-examples.html> writes them.
fn allow(action: &str, path: &str, condition: &Value) -> Value {
    let resource = format!("arn:aws:apigateway:eu-central-1::{path}");
    json!({ "Effect": "Allow", "Action": action, "Resource": resource, "Condition": condition })
}

/// The message of an implicit denial: <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html>.
fn denial(action: &str, path: &str) -> String {
    format!(
        "AccessDeniedException: User: {SESSION} is not authorized to perform: {action} on resource: \
         arn:aws:apigateway:eu-central-1::{path} because no identity-based policy allows the {action} action"
    )
}

#[tokio::test]
async fn a_role_may_call_what_its_policy_allows_by_method_and_path_and_is_told_what_it_lacks() {
    let world =
        World::with_role(at_once(), &json!([allow("apigateway:GET", "/restapis/*/stages/*", &json!({}))])).await;
    let sides = world.two_sides().await;
    let role = world.role();
    assert!(role.get_stage().rest_api_id(&sides.api).stage_name("prod").send().await.is_ok());
    let stage = format!("/restapis/{}/stages/prod", sides.api);
    let update = role.update_stage().rest_api_id(&sides.api).stage_name("prod");
    let refused = update.patch_operations(replace("/deploymentId", &sides.g)).send().await.unwrap_err();
    assert_eq!(refused.raw_response().map(|response| response.status().as_u16()), Some(403));
    assert_eq!(message(refused), denial("apigateway:PATCH", &stage));
    assert_eq!(world.serving(&sides.api).await, "blue");
    // A collection is another path than what is in it.
    let refused = role.get_stages().rest_api_id(&sides.api).send().await.unwrap_err();
    assert_eq!(message(refused), denial("apigateway:GET", &format!("/restapis/{}/stages", sides.api)));
}

#[tokio::test]
async fn a_deny_beats_an_allow() {
    let deny = json!({ "Effect": "Deny", "Action": "apigateway:GET", "Resource": "*" });
    let world = World::with_role(at_once(), &json!([allow("apigateway:*", "/*", &json!({})), deny])).await;
    let refused = message(world.role().get_rest_apis().send().await.unwrap_err());
    assert!(refused.ends_with("/restapis with an explicit deny in an identity-based policy"), "{refused}");
}

#[tokio::test]
async fn an_access_key_that_is_nobodys_is_refused() {
    let world = World::new().await;
    let nobody = client(world.door.address(), "AKIANOBODY");
    let refused = message(nobody.get_rest_apis().send().await.unwrap_err());
    assert_eq!(refused, "UnrecognizedClientException: The security token included in the request is invalid.");
}

/// The example of <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-tagging-supported-resources.html>: an API
/// with `{'foo': 'bar', 'x': 'y'}` and a stage with `{'foo': 'bar2', 'hello': 'world'}` of its own, which has
/// `{'foo': 'bar2', 'hello': 'world', 'x': 'y'}`; a deployment has what its API has.
#[tokio::test]
async fn what_belongs_to_an_api_has_its_tags_and_a_stage_its_own_before_them() {
    let tagged = |tags: Value| {
        let keys =
            tags.as_object().unwrap().iter().map(|(key, value)| (format!("aws:ResourceTag/{key}"), value.clone()));
        json!({ "StringEquals": keys.collect::<serde_json::Map<_, _>>() })
    };
    let statements = json!([
        allow(
            "apigateway:GET",
            "/restapis/*/stages/own",
            &tagged(json!({ "foo": "bar2", "hello": "world", "x": "y" }))
        ),
        allow("apigateway:GET", "/restapis/*/stages/bare", &tagged(json!({ "foo": "bar2" }))),
        allow("apigateway:GET", "/restapis/*/deployments", &tagged(json!({ "foo": "bar", "x": "y" }))),
    ]);
    let world = World::with_role(at_once(), &statements).await;
    let link = world.link("blue").await;
    let (api, _) = world.import(&shop(&link)).await;
    let arn = format!("arn:aws:apigateway:eu-central-1::/restapis/{api}");
    world.aws.tag_resource().resource_arn(arn).tags("foo", "bar").tags("x", "y").send().await.unwrap();
    let deployment = world.deploy(&api).await;
    world.stage(&api, "bare", &deployment).await;
    let own = world.aws.create_stage().rest_api_id(&api).stage_name("own").deployment_id(&deployment);
    own.tags("foo", "bar2").tags("hello", "world").send().await.unwrap();

    let role = world.role();
    assert!(role.get_stage().rest_api_id(&api).stage_name("own").send().await.is_ok());
    assert!(role.get_deployments().rest_api_id(&api).send().await.is_ok());
    let refused = role.get_stage().rest_api_id(&api).stage_name("bare").send().await.unwrap_err();
    assert_eq!(message(refused), denial("apigateway:GET", &format!("/restapis/{api}/stages/bare")));
}

/// mattclay/aws-terminator#284 has AWS's answer to a creation with tags.
#[tokio::test]
async fn the_tags_of_what_is_created_are_a_call_of_their_own() {
    let statements = json!([allow("apigateway:POST", "/usageplans", &json!({}))]);
    let world = World::with_role(at_once(), &statements).await;
    let create = || world.role().create_usage_plan().name("shop");
    assert!(create().send().await.is_ok());
    let refused = create().tags("team", "shop").send().await.unwrap_err();
    let path = "/tags/arn%3Aaws%3Aapigateway%3Aeu-central-1%3A%3A%2Fusageplans%2F*";
    assert_eq!(message(refused), denial("apigateway:PUT", path));
}

/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-create-attach.html>: who changes a
/// resource policy needs `apigateway:UpdateRestApiPolicy` besides.
#[tokio::test]
async fn a_resource_policy_needs_a_permission_of_its_own() {
    let statements = json!([
        allow("apigateway:POST", "/restapis", &json!({})),
        allow("apigateway:PATCH", "/restapis/*", &json!({})),
    ]);
    let world = World::with_role(at_once(), &statements).await;
    let link = world.link("blue").await;
    let mut document = shop(&link);
    let role = world.role();
    let import = |document: &Value| role.import_rest_api().body(document.to_string().into_bytes().into()).send();
    let api = import(&document).await.unwrap().id().unwrap().to_owned();
    document["x-amazon-apigateway-policy"] = json!({ "Version": "2012-10-17", "Statement": [] });
    let refused = import(&document).await.unwrap_err();
    assert_eq!(message(refused), denial("apigateway:UpdateRestApiPolicy", "/restapis"));
    let update = |path: &str, value: &str| {
        role.update_rest_api().rest_api_id(&api).patch_operations(replace(path, value)).send()
    };
    assert!(update("/description", "shop").await.is_ok());
    let refused = update("/policy", "{}").await.unwrap_err();
    assert_eq!(message(refused), denial("apigateway:UpdateRestApiPolicy", &format!("/restapis/{api}")));
}

/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/grant-permissions-to-create-vpclink.html>
#[tokio::test]
async fn a_link_needs_what_api_gateway_does_for_it_with_its_callers_permissions() {
    let of_link = allow("apigateway:POST", "/vpclinks", &json!({}));
    let world = World::with_role(at_once(), &json!([of_link])).await;
    let create = world.role().create_vpc_link().name("green").target_arns(crate::world::nlb("green"));
    let refused = message(create.send().await.unwrap_err());
    assert!(refused.contains("perform: ec2:CreateVpcEndpointServiceConfiguration on resource: *"), "{refused}");

    let others = json!({ "Effect": "Allow", "Resource": "*", "Action": [
        "elasticloadbalancing:DescribeLoadBalancers",
        "ec2:CreateVpcEndpointServiceConfiguration",
        "ec2:DeleteVpcEndpointServiceConfigurations",
        "ec2:DescribeVpcEndpointServiceConfigurations",
        "ec2:ModifyVpcEndpointServicePermissions",
    ] });
    let of_link = allow("apigateway:POST", "/vpclinks", &json!({}));
    let world = World::with_role(at_once(), &json!([of_link, others])).await;
    let create = world.role().create_vpc_link().name("green").target_arns(crate::world::nlb("green"));
    assert!(create.send().await.is_ok());
}
