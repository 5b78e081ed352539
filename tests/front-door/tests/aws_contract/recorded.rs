//! What AWS itself answered, as `LocalStack`'s contributors recorded it for their tests in tests/aws/services/apigateway (Apache-2.0):
//! each test names the file and the recorded test.

use aws_sdk_apigateway::types::VpcLinkStatus;
use serde_json::json;

use crate::world::{World, api, message, nlb};

/// An API with a `MOCK` method, and its deployment on the stage `dev`.
async fn deployed(world: &World) -> (String, String) {
    let mock = json!({ "type": "mock", "requestTemplates": { "application/json": "{\"statusCode\": 200}" } });
    let (api, _) = world.import(&api(&json!({ "/": { "get": { "x-amazon-apigateway-integration": mock } } }))).await;
    let deployment = world.deploy(&api).await;
    world.stage(&api, "dev", &deployment).await;
    (api, deployment)
}

// test_apigateway_api.snapshot.json: TestApiGatewayVpcLink::test_vpc_link_lifecycle
#[tokio::test]
async fn a_vpc_link_is_pending_without_a_message_and_then_ready_for_use() {
    let world = World::new().await;
    let arn = world.balance("blue", "127.0.0.1:1".parse().unwrap());
    let link = world.aws.create_vpc_link().name("blue").target_arns(arn).send().await.unwrap();
    assert_eq!((link.status(), link.status_message()), (Some(&VpcLinkStatus::Pending), None));
    let link = world.aws.get_vpc_link().vpc_link_id(link.id().unwrap()).send().await.unwrap();
    let expected = (Some(&VpcLinkStatus::Available), Some("Your vpc link is ready for use"));
    assert_eq!((link.status(), link.status_message()), expected);
}

// test_apigateway_api.snapshot.json: TestApiGatewayVpcLink::test_create_vpc_link_invalid_parameters,
// TestApiGatewayVpcLink::test_get_vpc_link_invalid_id, TestApiGatewayVpcLink::test_delete_vpc_link_invalid_id
#[tokio::test]
async fn what_is_wrong_with_a_vpc_link_is_told_as_aws_tells_it() {
    let world = World::new().await;
    let create = |name: &str, arn: &str| world.aws.create_vpc_link().name(name).target_arns(arn).send();
    let found = message(create("blue", "invalid-arn").await.unwrap_err());
    assert_eq!(found, "BadRequestException: Invalid ARN. ARN is not well formed invalid-arn");
    let found = message(create("", &nlb("blue")).await.unwrap_err());
    assert_eq!(found, "BadRequestException: Name cannot be empty");
    let unknown = "NotFoundException: Invalid Vpc Link identifier specified";
    assert_eq!(message(world.aws.get_vpc_link().vpc_link_id("no").send().await.unwrap_err()), unknown);
    assert_eq!(message(world.aws.delete_vpc_link().vpc_link_id("no").send().await.unwrap_err()), unknown);
}

// test_apigateway_common.snapshot.json: TestDeployments::test_create_update_deployments
#[tokio::test]
async fn a_deployment_that_a_stage_uses_is_not_deleted() {
    let world = World::new().await;
    let (api, first) = deployed(&world).await;
    let delete = |id: &str| world.aws.delete_deployment().rest_api_id(&api).deployment_id(id).send();
    let refused = "BadRequestException: Active stages pointing to this deployment must be moved or deleted";
    assert_eq!(message(delete(&first).await.unwrap_err()), refused);
    let second = world.aws.create_deployment().rest_api_id(&api).stage_name("dev").send().await.unwrap();
    delete(&first).await.unwrap();
    assert_eq!(message(delete(second.id().unwrap()).await.unwrap_err()), refused);
}

// test_apigateway_common.snapshot.json: TestUsagePlans::test_usage_plan_crud
#[tokio::test]
async fn a_stage_that_a_usage_plan_does_not_cover_cannot_be_taken_out_of_it() {
    let world = World::new().await;
    let (api, _) = deployed(&world).await;
    let plan = world.aws.create_usage_plan().name("gold").send().await.unwrap().id().unwrap().to_owned();
    let remove = |plan: &str, value: &str| {
        let patch = aws_sdk_apigateway::types::PatchOperation::builder();
        let patch = patch.op(aws_sdk_apigateway::types::Op::Remove).path("/apiStages").value(value).build();
        world.aws.update_usage_plan().usage_plan_id(plan).patch_operations(patch).send()
    };
    let found = message(remove(&plan, &format!("{api}:other")).await.unwrap_err());
    let expected =
        format!("NotFoundException: Invalid API Stage {{api: {api}, stage: other}} specified for usageplan {plan}");
    assert_eq!(found, expected);
    let found = message(remove(&plan, "nothing").await.unwrap_err());
    assert_eq!(found, "BadRequestException: Invalid API Stage specified");
    let found = message(remove("no", &format!("{api}:dev")).await.unwrap_err());
    assert_eq!(found, "NotFoundException: Invalid Usage Plan ID specified");
}

// test_apigateway_extended.snapshot.json: test_export_oas30_openapi[TEST_IMPORT_PETS]
#[tokio::test]
async fn an_export_names_the_stage_without_a_slash_and_its_file_after_the_deployment() {
    let world = World::new().await;
    let (api, deployment) = deployed(&world).await;
    let made = world.aws.get_deployment().rest_api_id(&api).deployment_id(&deployment).send().await.unwrap();
    let made = jiff::Timestamp::from_second(made.created_date().unwrap().secs()).unwrap();
    let export = world.aws.get_export().rest_api_id(&api).stage_name("dev").export_type("oas30").send().await.unwrap();
    assert_eq!(export.content_type(), Some("application/octet-stream"));
    let file = format!("attachment; filename=\"oas30_{made}.json\"");
    assert_eq!(export.content_disposition(), Some(file.as_str()));
    let document: serde_json::Value = serde_json::from_slice(export.body().unwrap().as_ref()).unwrap();
    assert_eq!(document["servers"][0]["variables"]["basePath"]["default"], "dev");
    assert_eq!(
        document["servers"][0]["url"],
        format!("https://{api}.execute-api.eu-central-1.amazonaws.com/{{basePath}}")
    );
}
