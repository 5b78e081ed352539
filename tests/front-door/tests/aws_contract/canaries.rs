//! Canaries. The refusals are those that `LocalStack` recorded from AWS (`test_apigateway_canary.snapshot.json`).

use aws_sdk_apigateway::types::{CanarySettings, Op, PatchOperation};

use crate::world::{World, remove, replace};

async fn canary(world: &World, api: &str) -> Option<CanarySettings> {
    world.aws.get_stage().rest_api_id(api).stage_name("prod").send().await.unwrap().canary_settings
}

#[tokio::test]
async fn replacing_a_part_creates_a_canary_on_the_stages_own_deployment_with_no_traffic() {
    let world = World::new().await;
    let sides = world.two_sides().await;
    world.update_stage(&sides.api, vec![replace("/canarySettings/deploymentId", &sides.g)]).await.unwrap();
    let created = canary(&world, &sides.api).await.unwrap();
    assert_eq!((created.deployment_id(), created.percent_traffic()), (Some(sides.g.as_str()), 0.0));
    assert_eq!(world.serving(&sides.api).await, "blue");
    world.update_stage(&sides.api, vec![remove("/canarySettings")]).await.unwrap();
    assert_eq!(canary(&world, &sides.api).await, None);
    world.update_stage(&sides.api, vec![replace("/canarySettings/percentTraffic", "50")]).await.unwrap();
    let created = canary(&world, &sides.api).await.unwrap();
    assert_eq!((created.deployment_id(), created.percent_traffic()), (Some(sides.b.as_str()), 50.0));
}

#[tokio::test]
async fn a_canary_takes_about_its_share_of_the_requests_at_random() {
    let world = World::new().await;
    let sides = world.two_sides().await;
    let operations =
        vec![replace("/canarySettings/deploymentId", &sides.g), replace("/canarySettings/percentTraffic", "25.0")];
    world.update_stage(&sides.api, operations).await.unwrap();
    let mut green = 0;
    for _ in 0..400 {
        green += u32::from(world.serving(&sides.api).await == "green");
    }
    assert!((60..=140).contains(&green), "{green} of 400 at 25 %");
}

#[tokio::test]
async fn the_last_step_ends_the_canary_and_moves_the_stage_in_one_call() {
    let world = World::new().await;
    let sides = world.two_sides().await;
    let partial =
        vec![replace("/canarySettings/deploymentId", &sides.g), replace("/canarySettings/percentTraffic", "50")];
    world.update_stage(&sides.api, partial).await.unwrap();
    let last = vec![remove("/canarySettings"), replace("/deploymentId", &sides.g)];
    world.update_stage(&sides.api, last).await.unwrap();
    assert_eq!(canary(&world, &sides.api).await, None);
    for _ in 0..20 {
        assert_eq!(world.serving(&sides.api).await, "green");
    }
    assert_eq!(world.gateway.switches(&sides.api, "prod").len(), 3);
}

#[tokio::test]
async fn a_canary_has_its_own_stage_variables() {
    let world = World::new().await;
    let sides = world.two_sides().await;
    let operations = vec![
        replace("/variables/who", "stage"),
        replace("/canarySettings/percentTraffic", "100.0"),
        replace("/canarySettings/stageVariableOverrides/who", "canary"),
    ];
    world.update_stage(&sides.api, operations).await.unwrap();
    let overrides = canary(&world, &sides.api).await.unwrap().stage_variable_overrides.unwrap();
    assert_eq!(overrides["who"], "canary");
}

#[tokio::test]
async fn a_copy_promotes_the_canary_and_does_not_end_it() {
    let world = World::new().await;
    let sides = world.two_sides().await;
    let copy = |from: &str, path: &str| PatchOperation::builder().op(Op::Copy).from(from).path(path).build();
    let refused = world.update_stage(&sides.api, vec![copy("/canarySettings/deploymentId", "/deploymentId")]).await;
    assert_eq!(refused.unwrap_err(), "BadRequestException: Promotion not available. Canary does not exist.");
    let operations = vec![
        replace("/canarySettings/deploymentId", &sides.g),
        replace("/canarySettings/percentTraffic", "0.0"),
        copy("/canarySettings/deploymentId", "/deploymentId"),
    ];
    world.update_stage(&sides.api, operations).await.unwrap();
    assert_eq!(world.serving(&sides.api).await, "green");
    assert!(canary(&world, &sides.api).await.is_some());
    let wrong =
        world.update_stage(&sides.api, vec![copy("/variables", "/canarySettings/stageVariableOverrides")]).await;
    assert_eq!(
        wrong.unwrap_err(),
        "BadRequestException: Invalid copy operation with path: /canarySettings/stageVariableOverrides and from /variables. Valid copy:path are [/deploymentId, /variables] and valid copy:from are [/canarySettings/deploymentId, /canarySettings/stageVariableOverrides]"
    );
}

#[tokio::test]
async fn what_a_canary_does_not_have_is_refused_with_the_words_of_aws() {
    let world = World::new().await;
    let sides = world.two_sides().await;
    world.update_stage(&sides.api, vec![replace("/canarySettings/deploymentId", &sides.g)]).await.unwrap();
    let refused = async |operation| world.update_stage(&sides.api, vec![operation]).await.unwrap_err();
    assert_eq!(
        refused(remove("/canarySettings/badPath")).await,
        "BadRequestException: Cannot remove method setting canarySettings/badPath because there is no method setting for this method "
    );
    let wrong = refused(replace("/canarySettings/badPath", "badPath")).await;
    assert!(
        wrong.starts_with(
            "BadRequestException: Invalid method setting path: /canarySettings/badPath. Must be one of: ["
        )
    );
    let added = PatchOperation::builder().op(Op::Add).path("/canarySettings/deploymentId").value(&sides.g).build();
    assert_eq!(
        refused(added).await,
        "BadRequestException: Invalid add operation with path: /canarySettings/deploymentId"
    );
    let unknown = replace("/canarySettings/deploymentId", "deploy");
    assert_eq!(refused(unknown).await, "BadRequestException: Deployment id does not exist");
    assert!(refused(replace("/canarySettings/percentTraffic", "101")).await.starts_with("BadRequestException"));
}
