//! API keys and usage plans.

use aws_sdk_apigateway::types::{ApiStage, Op, PatchOperation};
use serde_json::json;

use crate::world::{World, message, secured};

const VALUE: &str = "0123456789abcdefghij0123";

async fn key(world: &World, name: &str, value: &str, enabled: bool) -> String {
    let key = world.aws.create_api_key().name(name).value(value).enabled(enabled).send().await.unwrap();
    key.id().unwrap().to_owned()
}

async fn plan(world: &World, name: &str, api: &str, stage: &str) -> String {
    let stage = ApiStage::builder().api_id(api).stage(stage).build();
    world.aws.create_usage_plan().name(name).api_stages(stage).send().await.unwrap().id().unwrap().to_owned()
}

async fn join(world: &World, plan: &str, key: &str) -> Result<(), String> {
    let join = world.aws.create_usage_plan_key().usage_plan_id(plan).key_id(key).key_type("API_KEY");
    join.send().await.map(|_| ()).map_err(message)
}

/// An API whose root needs a key, deployed to `prod`.
async fn guarded(world: &World) -> String {
    let link = world.link("blue").await;
    let scheme = json!({ "type": "apiKey", "name": "x-api-key", "in": "header" });
    let (api, _) = world.import(&secured(&link, "api_key", &scheme)).await;
    let deployment = world.deploy(&api).await;
    world.stage(&api, "prod", &deployment).await;
    api
}

#[tokio::test]
async fn a_value_is_shown_only_when_asked_for() {
    let world = World::new().await;
    let id = key(&world, "mobile", VALUE, true).await;
    assert_eq!(world.aws.get_api_key().api_key(&id).send().await.unwrap().value(), None);
    assert_eq!(world.aws.get_api_key().api_key(&id).include_value(true).send().await.unwrap().value(), Some(VALUE));
    let listed = world.aws.get_api_keys().include_values(true).name_query("mob").send().await.unwrap();
    assert_eq!(listed.items()[0].value(), Some(VALUE));
    assert_eq!(world.aws.get_api_keys().send().await.unwrap().items()[0].value(), None);
}

#[tokio::test]
async fn a_method_that_needs_a_key_opens_only_to_keys_of_a_plan_with_this_stage() {
    let world = World::new().await;
    let api = guarded(&world).await;
    let host = format!("{api}.execute-api.eu-central-1.amazonaws.com");
    let with = async |value: &str| world.request(&host, "/prod", &[("x-api-key", value)]).await;
    let forbidden = (403, json!({ "message": "Forbidden" }));
    assert_eq!(world.get(&api, "/prod").await, forbidden);
    let mobile = key(&world, "mobile", VALUE, true).await;
    assert_eq!(with(VALUE).await, forbidden);
    let plan = plan(&world, "gold", &api, "prod").await;
    join(&world, &plan, &mobile).await.unwrap();
    assert_eq!(with(VALUE).await.0, 200);
    assert_eq!(with("another-value-of-no-key").await, forbidden);
    let disabled = key(&world, "web", "disabled-key-0123456789", false).await;
    join(&world, &plan, &disabled).await.unwrap();
    assert_eq!(with("disabled-key-0123456789").await, forbidden);
}

#[tokio::test]
async fn a_key_can_be_in_several_plans_but_not_twice_for_one_stage() {
    let world = World::new().await;
    let api = guarded(&world).await;
    let deployment = world.deploy(&api).await;
    world.stage(&api, "test", &deployment).await;
    let mobile = key(&world, "mobile", VALUE, true).await;
    let (first, second, third) = (
        plan(&world, "a", &api, "prod").await,
        plan(&world, "b", &api, "prod").await,
        plan(&world, "c", &api, "test").await,
    );
    join(&world, &first, &mobile).await.unwrap();
    assert!(join(&world, &second, &mobile).await.unwrap_err().starts_with("ConflictException"));
    join(&world, &third, &mobile).await.unwrap();
    let widen = PatchOperation::builder().op(Op::Add).path("/apiStages").value(format!("{api}:prod")).build();
    let refused = world.aws.update_usage_plan().usage_plan_id(&third).patch_operations(widen).send().await.unwrap_err();
    assert!(message(refused).starts_with("ConflictException"));
    let plans = world.aws.get_usage_plans().key_id(&mobile).send().await.unwrap();
    assert_eq!(plans.items().len(), 2);
    let keys = world.aws.get_usage_plan_keys().usage_plan_id(&first).send().await.unwrap();
    assert_eq!(keys.items()[0].id(), Some(mobile.as_str()));
}

#[tokio::test]
async fn a_plan_with_stages_cannot_be_deleted() {
    let world = World::new().await;
    let api = guarded(&world).await;
    let plan = plan(&world, "gold", &api, "prod").await;
    let refused = message(world.aws.delete_usage_plan().usage_plan_id(&plan).send().await.unwrap_err());
    // The wording that https://github.com/aws/aws-sdk-js/issues/3841 shows.
    assert_eq!(
        refused,
        format!(
            "BadRequestException: Cannot delete Usage Plan {plan} because there are API Stages associated with it, including {api}:prod"
        )
    );
    let empty = PatchOperation::builder().op(Op::Remove).path("/apiStages").value(format!("{api}:prod")).build();
    world.aws.update_usage_plan().usage_plan_id(&plan).patch_operations(empty).send().await.unwrap();
    world.aws.delete_usage_plan().usage_plan_id(&plan).send().await.unwrap();
}

#[tokio::test]
async fn a_second_key_with_the_same_value_is_a_conflict() {
    let world = World::new().await;
    key(&world, "mobile", VALUE, true).await;
    let second = world.aws.create_api_key().name("web").value(VALUE).send().await.unwrap_err();
    assert!(second.as_service_error().unwrap().is_conflict_exception());
}
