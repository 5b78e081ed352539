//! Deployments and stages.

use aws_sdk_apigateway::types::DeploymentCanarySettings;
use serde_json::json;

use crate::world::{World, api, message, replace, shop};

#[tokio::test]
async fn a_deployment_is_a_snapshot_that_later_edits_do_not_touch() {
    let world = World::new().await;
    let sides = world.two_sides().await;
    assert_eq!(world.serving(&sides.api).await, "blue");
    let root =
        world.aws.get_rest_api().rest_api_id(&sides.api).send().await.unwrap().root_resource_id().unwrap().to_owned();
    world.relink(&sides.api, &root, &sides.green).await;
    assert_eq!(world.serving(&sides.api).await, "blue");
    world.update_stage(&sides.api, vec![replace("/deploymentId", &sides.g)]).await.unwrap();
    world.relink(&sides.api, &root, &sides.blue).await;
    assert_eq!(world.serving(&sides.api).await, "green");
}

#[tokio::test]
async fn a_deployment_that_a_stage_serves_cannot_be_deleted() {
    let world = World::new().await;
    let sides = world.two_sides().await;
    let delete = async |id: &str| world.aws.delete_deployment().rest_api_id(&sides.api).deployment_id(id).send().await;
    // The wording that https://github.com/hashicorp/terraform/issues/25495 shows.
    let expected = "BadRequestException: Active stages pointing to this deployment must be moved or deleted";
    assert_eq!(message(delete(&sides.b).await.unwrap_err()), expected);
    let canary = vec![replace("/canarySettings/deploymentId", &sides.g)];
    world.update_stage(&sides.api, canary).await.unwrap();
    assert_eq!(message(delete(&sides.g).await.unwrap_err()), expected);
    world.aws.delete_stage().rest_api_id(&sides.api).stage_name("prod").send().await.unwrap();
    delete(&sides.g).await.unwrap();
    delete(&sides.b).await.unwrap();
    assert!(world.aws.get_deployments().rest_api_id(&sides.api).send().await.unwrap().items().is_empty());
}

#[tokio::test]
async fn an_api_without_methods_or_with_a_method_without_integration_cannot_be_deployed() {
    let world = World::new().await;
    for (paths, expected) in [
        (json!({ "/carts": {} }), "BadRequestException: The REST API doesn't contain any methods"),
        (json!({ "/carts": { "get": {} } }), "BadRequestException: No integration defined for method"),
    ] {
        let (api, _) = world.import(&api(&paths)).await;
        let refused = world.aws.create_deployment().rest_api_id(&api).send().await.unwrap_err();
        assert_eq!(message(refused), expected);
    }
}

/// "Deploying an API will wait if the status is PENDING": <https://docs.aws.amazon.com/apigateway/latest/api/API_VpcLink.html>.
#[tokio::test]
async fn a_private_integration_needs_a_link_that_exists_and_a_deployment_waits_until_it_is_available() {
    let creation = std::time::Duration::from_millis(300);
    let options = front_door::Options { vpc_link_creation: creation, ..crate::world::at_once() };
    let world = World::with(options).await;
    let pending = world.link("blue").await;
    let (api, root) = world.import(&shop(&pending)).await;
    world.deploy(&api).await;
    let link = world.aws.get_vpc_link().vpc_link_id(&pending).send().await.unwrap();
    assert_eq!(link.status(), Some(&aws_sdk_apigateway::types::VpcLinkStatus::Available));
    let update = world.aws.update_integration().rest_api_id(&api).resource_id(&root).http_method("GET");
    let refused = update.patch_operations(replace("/connectionId", "nothing")).send().await.unwrap_err();
    assert_eq!(message(refused), "BadRequestException: Invalid Vpc Link identifier specified: nothing");
}

#[tokio::test]
async fn a_deployment_with_a_stage_name_creates_the_stage_and_later_moves_it() {
    let world = World::new().await;
    let sides = world.two_sides().await;
    let create = || world.aws.create_deployment().rest_api_id(&sides.api).stage_name("test").variables("a", "1");
    let first = create().stage_description("for tests").send().await.unwrap();
    let stage = async || world.aws.get_stage().rest_api_id(&sides.api).stage_name("test").send().await.unwrap();
    assert_eq!(stage().await.deployment_id(), first.id());
    assert_eq!(stage().await.description(), Some("for tests"));
    let second = create().send().await.unwrap();
    assert_eq!(stage().await.deployment_id(), second.id());
}

#[tokio::test]
async fn an_ordinary_deployment_onto_a_stage_with_a_canary_is_refused() {
    let world = World::new().await;
    let sides = world.two_sides().await;
    world.update_stage(&sides.api, vec![replace("/canarySettings/deploymentId", &sides.g)]).await.unwrap();
    let refused = world.aws.create_deployment().rest_api_id(&sides.api).stage_name("prod").send().await.unwrap_err();
    // The wording that https://github.com/serverless/serverless/issues/11518 shows.
    assert_eq!(
        message(refused),
        "BadRequestException: Invalid deployment content specified.Non canary deployment not supported on stage prod because Canary is enabled. Provide CanarySettings in deploymentInput."
    );
}

#[tokio::test]
async fn a_canary_deployment_needs_a_stage_that_exists() {
    let world = World::new().await;
    let sides = world.two_sides().await;
    let settings = DeploymentCanarySettings::builder().percent_traffic(50.0).build();
    let create = || world.aws.create_deployment().rest_api_id(&sides.api).canary_settings(settings.clone());
    assert_eq!(
        message(create().send().await.unwrap_err()),
        "BadRequestException: Invalid deployment content specified.Non null and non empty stageName must be provided for canary deployment. Provided value is null"
    );
    assert_eq!(
        message(create().stage_name("non-existing").send().await.unwrap_err()),
        "BadRequestException: Invalid deployment content specified.Stage non-existing must already be created before making a canary release deployment"
    );
    let canary = create().stage_name("prod").send().await.unwrap();
    let stage = world.aws.get_stage().rest_api_id(&sides.api).stage_name("prod").send().await.unwrap();
    assert_eq!(stage.deployment_id(), Some(sides.b.as_str()));
    assert_eq!(stage.canary_settings().unwrap().deployment_id(), canary.id());
}

#[tokio::test]
async fn an_api_has_at_most_ten_stages() {
    let world = World::new().await;
    let sides = world.two_sides().await;
    for number in 1..10 {
        world.stage(&sides.api, &format!("stage{number}"), &sides.b).await;
    }
    let eleventh =
        world.aws.create_stage().rest_api_id(&sides.api).stage_name("eleventh").deployment_id(&sides.b).send().await;
    assert!(eleventh.unwrap_err().as_service_error().unwrap().is_limit_exceeded_exception());
}

#[tokio::test]
async fn stages_are_listed_by_the_deployment_they_serve() {
    let world = World::new().await;
    let sides = world.two_sides().await;
    world.stage(&sides.api, "bascule-g", &sides.g).await;
    let of = async |id: &str| {
        let stages = world.aws.get_stages().rest_api_id(&sides.api).deployment_id(id).send().await.unwrap();
        stages.item().iter().map(|stage| stage.stage_name().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of(&sides.g).await, ["bascule-g"]);
    assert_eq!(of(&sides.b).await, ["prod"]);
    assert_eq!(world.aws.get_stages().rest_api_id(&sides.api).send().await.unwrap().item().len(), 2);
}

#[tokio::test]
async fn every_operation_of_an_update_takes_effect_or_none_does() {
    let world = World::new().await;
    let sides = world.two_sides().await;
    let operations = vec![replace("/deploymentId", &sides.g), replace("/nothing/of/the/kind/at/all", "x")];
    let refused = world.update_stage(&sides.api, operations).await.unwrap_err();
    assert!(refused.starts_with(
        "BadRequestException: Invalid method setting path: /nothing/of/the/kind/at/all. Must be one of: [/deploymentId,"
    ));
    assert_eq!(world.serving(&sides.api).await, "blue");
}

#[tokio::test]
async fn method_settings_variables_and_descriptions_are_patched_by_their_paths() {
    let world = World::new().await;
    let sides = world.two_sides().await;
    let operations = vec![
        replace("/*/*/logging/loglevel", "INFO"),
        replace("/*/*/throttling/rateLimit", "12.5"),
        replace("/~1/GET/metrics/enabled", "true"),
        replace("/variables/vpcLinkId", &sides.green),
        replace("/description", "production"),
    ];
    world.update_stage(&sides.api, operations).await.unwrap();
    let stage = world.aws.get_stage().rest_api_id(&sides.api).stage_name("prod").send().await.unwrap();
    let settings = stage.method_settings().unwrap();
    assert_eq!(settings["*/*"].logging_level(), Some("INFO"));
    assert!((settings["*/*"].throttling_rate_limit() - 12.5).abs() < f64::EPSILON);
    assert!(settings["~1/GET"].metrics_enabled());
    assert_eq!(stage.variables().unwrap()["vpcLinkId"], sides.green);
    assert_eq!(stage.description(), Some("production"));
}

#[tokio::test]
async fn what_moved_production_is_counted_from_the_stage_itself() {
    let world = World::new().await;
    let sides = world.two_sides().await;
    world.update_stage(&sides.api, vec![replace("/description", "no switch")]).await.unwrap();
    world.update_stage(&sides.api, vec![replace("/deploymentId", &sides.g)]).await.unwrap();
    world.update_stage(&sides.api, vec![replace("/deploymentId", &sides.g)]).await.unwrap();
    world.update_stage(&sides.api, vec![replace("/deploymentId", &sides.b)]).await.unwrap();
    let switches = world.gateway.switches(&sides.api, "prod");
    let seen: Vec<_> =
        switches.iter().map(|switch| (switch.operation.as_str(), switch.deployment.as_deref())).collect();
    let (b, g) = (Some(sides.b.as_str()), Some(sides.g.as_str()));
    assert_eq!(seen, [("CreateStage", b), ("UpdateStage", g), ("UpdateStage", b)]);
}
