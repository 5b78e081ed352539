//! VPC links.

use std::time::Duration;

use aws_sdk_apigateway::types::VpcLinkStatus;
use front_door::Options;

use crate::world::{World, at_once, backend, message, nlb, remove, replace, shop};

#[tokio::test]
async fn a_link_is_pending_for_a_while_and_then_available() {
    let options = Options { vpc_link_creation: Duration::from_millis(200), ..at_once() };
    let world = World::with(options).await;
    let link = world.link("blue").await;
    let status = async || world.aws.get_vpc_link().vpc_link_id(&link).send().await.unwrap().status().cloned();
    assert_eq!(status().await, Some(VpcLinkStatus::Pending));
    tokio::time::sleep(Duration::from_millis(250)).await;
    assert_eq!(status().await, Some(VpcLinkStatus::Available));
}

#[tokio::test]
async fn a_link_to_a_load_balancer_that_does_not_exist_fails_and_says_why() {
    let world = World::new().await;
    let link = world.aws.create_vpc_link().name("lost").target_arns(nlb("nowhere")).send().await.unwrap();
    let link = world.aws.get_vpc_link().vpc_link_id(link.id().unwrap()).send().await.unwrap();
    assert_eq!(link.status(), Some(&VpcLinkStatus::Failed));
    assert!(link.status_message().unwrap().contains("nowhere"));
}

#[tokio::test]
async fn a_link_has_exactly_one_target() {
    let world = World::new().await;
    let two = world.aws.create_vpc_link().name("two").target_arns(nlb("a")).target_arns(nlb("b")).send().await;
    assert_eq!(message(two.unwrap_err()), "BadRequestException: More than one target arn specified for vpc link.");
}

#[tokio::test]
async fn a_link_that_a_deployed_stage_refers_to_cannot_be_deleted() {
    let world = World::new().await;
    let sides = world.two_sides().await;
    let root =
        world.aws.get_rest_api().rest_api_id(&sides.api).send().await.unwrap().root_resource_id().unwrap().to_owned();
    let refused = message(world.aws.delete_vpc_link().vpc_link_id(&sides.blue).send().await.unwrap_err());
    // The wording that https://github.com/klothoplatform/klotho/issues/202 shows.
    let expected = format!(
        "BadRequestException: Cannot delete vpc link. Vpc link '{}', is referenced in [{}:GET:{root}:prod] in format of [RESTApiId:Method:Resource:Stage].",
        sides.blue, sides.api
    );
    assert_eq!(refused, expected);
}

#[tokio::test]
async fn a_link_that_only_an_undeployed_method_refers_to_cannot_be_deleted_either() {
    let world = World::new().await;
    let link = world.link("blue").await;
    let (api, root) = world.import(&shop(&link)).await;
    let refused = message(world.aws.delete_vpc_link().vpc_link_id(&link).send().await.unwrap_err());
    assert!(refused.contains(&format!("[{api}:GET:{root}]")), "{refused}");
}

#[tokio::test]
async fn a_link_that_a_canary_or_a_stage_variable_names_cannot_be_deleted() {
    let world = World::new().await;
    let sides = world.two_sides().await;
    let canary =
        vec![replace("/canarySettings/deploymentId", &sides.g), replace("/canarySettings/percentTraffic", "5")];
    world.update_stage(&sides.api, canary).await.unwrap();
    assert!(world.aws.delete_vpc_link().vpc_link_id(&sides.green).send().await.is_err());
    world.update_stage(&sides.api, vec![remove("/canarySettings")]).await.unwrap();
    world.aws.delete_vpc_link().vpc_link_id(&sides.green).send().await.unwrap();
}

#[tokio::test]
async fn a_deleted_link_is_deleting_for_a_while_and_then_gone() {
    let options = Options { vpc_link_deletion: Duration::from_millis(200), ..at_once() };
    let world = World::with(options).await;
    let link = world.link("blue").await;
    world.aws.delete_vpc_link().vpc_link_id(&link).send().await.unwrap();
    let link_now = world.aws.get_vpc_link().vpc_link_id(&link).send().await.unwrap();
    assert_eq!(link_now.status(), Some(&VpcLinkStatus::Deleting));
    tokio::time::sleep(Duration::from_millis(250)).await;
    let gone = world.aws.get_vpc_link().vpc_link_id(&link).send().await.unwrap_err();
    assert!(gone.as_service_error().unwrap().is_not_found_exception());
    assert!(world.aws.get_vpc_links().send().await.unwrap().items().is_empty());
}

#[tokio::test]
async fn links_carry_the_tags_they_were_made_with_and_later_ones() {
    let world = World::new().await;
    let arn = world.balance("blue", backend("blue").await);
    let link =
        world.aws.create_vpc_link().name("blue").target_arns(arn).tags("bascule:side", "green").send().await.unwrap();
    let arn = format!("arn:aws:apigateway:eu-central-1::/vpclinks/{}", link.id().unwrap());
    world.aws.tag_resource().resource_arn(&arn).tags("team", "shop").send().await.unwrap();
    let tags = world.aws.get_tags().resource_arn(&arn).send().await.unwrap().tags.unwrap();
    let expected = [("bascule:side", "green"), ("team", "shop")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(tags, expected.into());
}
