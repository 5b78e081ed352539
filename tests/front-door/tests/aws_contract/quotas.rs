//! The request quotas ("Amazon API Gateway quotas").

use front_door::{Options, Quotas};

use crate::world::{World, at_once, message};

#[tokio::test]
async fn a_second_deployment_within_five_seconds_is_throttled_and_told_when_to_come_back() {
    let options = Options { quotas: Some(Quotas::default()), ..at_once() };
    let world = World::with(options).await;
    let first = world.aws.create_deployment().rest_api_id("nothing").send().await.unwrap_err();
    assert!(message(first).starts_with("NotFoundException"));
    let second = world.aws.create_deployment().rest_api_id("nothing").send().await.unwrap_err();
    let retry_after = second.raw_response().unwrap().headers().get("retry-after").unwrap().to_owned();
    assert_eq!(retry_after, "5");
    assert!(second.as_service_error().unwrap().is_too_many_requests_exception());
}

#[tokio::test]
async fn a_burst_of_more_than_forty_requests_is_throttled_whatever_the_time_scale() {
    let options = Options { quotas: Some(Quotas { time_scale: 0.0 }), ..at_once() };
    let world = World::with(options).await;
    let mut throttled = 0;
    for _ in 0..60 {
        throttled += u32::from(world.aws.get_rest_apis().send().await.is_err());
    }
    assert!((10..=20).contains(&throttled), "{throttled} of 60");
}
