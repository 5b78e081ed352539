//! The shop before any migration: it answers at a steady rate, and a switch by hand loses nothing.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use http::Method;
use sandbox::account::Account;
use sandbox::project::Project;
use sandbox::python::Python;
use sandbox::world::front::Front;
use sandbox::world::gateway::STAGE;
use sandbox::{inventory, shop, snapshot::Snapshot};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_requests_a_second_survive_a_switch_to_another_deployment_and_back() {
    survives_a_switch(Front::Plain).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn and_so_they_do_where_the_api_is_an_http_api() {
    survives_a_switch(Front::HttpApi).await;
}

async fn survives_a_switch(front: Front) {
    let begin = std::time::Instant::now();
    let say = |line: &str| eprintln!("{:5.1} s {line}", begin.elapsed().as_secs_f64());
    let project = Project::locate().await.unwrap();
    let python = Python::prepare(&project, &say).await.unwrap();
    let account = Account::start(&project, &python, None).await.unwrap();
    let aws = account.aws.clone();
    let story = async {
        let shop = shop::build(&account, front, &[], &say).await?;
        let load = shop::open(&account, &shop, 200).await?;
        say("open");
        let before = Snapshot::take(&aws, &shop.api.ids()).await?;
        let all = inventory::take(&aws).await?;
        let (link, name) = if shop.api.is_http { ("VpcLinkV2", "shop") } else { ("VpcLink", "shop-blue") };
        assert!(all.iter().any(|resource| resource.kind == link && resource.name == name));
        let (apis, id) = if shop.api.is_http { ("/v2/apis", "deploymentId") } else { ("/restapis", "id") };
        assert!(all.iter().any(|resource| resource.id == shop.api.id));
        let stages = format!("{apis}/{}/stages/{STAGE}", shop.api.id);
        let first = aws.rest("apigateway", Method::GET, &stages, None).await?["deploymentId"].clone();
        let deployments = format!("{apis}/{}/deployments", shop.api.id);
        let second = aws.rest("apigateway", Method::POST, &deployments, Some(&json!({}))).await?[id].clone();
        for deployment in [second, first] {
            let patch = if shop.api.is_http {
                json!({"deploymentId": deployment})
            } else {
                json!({"patchOperations": [{"op": "replace", "path": "/deploymentId", "value": deployment}]})
            };
            aws.rest("apigateway", Method::PATCH, &stages, Some(&patch)).await?;
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
        let after = Snapshot::take(&aws, &shop.api.ids()).await?;
        let records = load.stop().await?;
        Ok::<_, sandbox::error::Error>((records, after.unchanged(&before), shop.api.id))
    };
    let told = story.await;
    let switches = told.as_ref().map_or(0, |(.., api)| account.gateway.switches(api, STAGE).len());
    account.stop().await;
    let (records, unchanged, _) = told.unwrap();
    assert_eq!(records.failed(), 0, "{:?}", records.failures);
    assert!(records.all.len() > 800, "{}", records.all.len());
    assert_eq!(records.by_cluster().into_keys().collect::<Vec<_>>(), ["shop-blue"]);
    assert!(unchanged.all(), "{unchanged:?}");
    assert_eq!(switches, 3, "the first deployment, one switch there and one back");
    eprintln!("p50 {:.1} ms, p99 {:.1} ms", records.latency(0.5), records.latency(0.99));
}
