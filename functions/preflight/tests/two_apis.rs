//! Preflight's look at two APIs in front of one cluster, on an account in memory: healthy, and with one thing changed.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use domain::plan::Found;
use domain::plan::edge::{Connection, Edge, VpcLink};
use domain::{Input, Kind, PhaseError, Problem};
use serde_json::json;
use testing::shop::two_apis::{self, OTHER};
use testing::shop::{Front, input_with};
use testing::{Account, Aws};

async fn read(account: &Account, input: &Input) -> Result<Found<Edge>, PhaseError> {
    preflight::edge::read(account, input, &account.plan().compute).await
}

fn input() -> Input {
    Input::read(&input_with(json!({ "gateway": two_apis::gateway(), "cutover": { "steps": [5, 100] } }))).unwrap()
}

async fn problems(change: impl FnOnce(&mut Aws)) -> Vec<Problem> {
    let account = Account::shop_behind(Front::TwoApis);
    change(&mut account.aws());
    read(&account, &input()).await.unwrap().problems
}

#[tokio::test]
async fn each_api_has_its_own_of_everything_but_link_and_load_balancer() {
    let account = Account::shop_behind(Front::TwoApis);
    let found = read(&account, &input()).await.unwrap();
    assert_eq!(found.problems, []);
    assert_eq!(found.facts.others, [two_apis::found()]);
    let of = |kind: Kind| found.creates.iter().filter(|planned| planned.kind == kind).count();
    let shared = [Kind::LoadBalancer, Kind::VpcLink, Kind::TargetGroup, Kind::Listener].map(of);
    let own = [Kind::RestApi, Kind::Deployment, Kind::Stage, Kind::UsagePlan].map(of);
    assert_eq!((shared, own), ([1; 4], [2, 4, 4, 4]));
    let expected = [
        "UpdateStage shop1/prod: replace /canarySettings with green's deployment and 5 %",
        "UpdateStage shop2/prod: replace /canarySettings with green's deployment and 5 %",
        "UpdateStage shop1/prod: remove /canarySettings and replace /deploymentId with green's",
        "UpdateStage shop2/prod: remove /canarySettings and replace /deploymentId with green's",
    ];
    assert_eq!(found.switch, expected);
    let told = found.advice.join("\n");
    assert!(
        told.contains("the 2 APIs are switched by one call each, one after the other, and are not atomic"),
        "{told}"
    );
    assert!(!told.contains("is not switched"), "{told}");
}

#[tokio::test]
async fn an_api_that_is_not_named_is_told_and_one_that_is_named_is_not() {
    let account = Account::shop_behind(Front::TwoApis);
    let one = Input::read(&input_with(json!({}))).unwrap();
    let found = read(&account, &one).await.unwrap();
    assert_eq!((found.problems, found.facts.others), (Vec::new(), Vec::new()));
    let told = found.advice.join("\n");
    assert!(told.contains("the API pay (shop2) uses blue's VPC link blue1 too and is not switched"), "{told}");
}

#[tokio::test]
async fn what_is_wrong_with_one_of_them_is_told_at_its_place() {
    let found = problems(|aws| {
        aws.apis.remove(OTHER);
    })
    .await;
    let told: Vec<_> = found.iter().map(|problem| (problem.path.as_str(), problem.code.as_str())).collect();
    assert_eq!(told, [("$.gateway[1].restApiId", "websocket-api")]);
    for (id, path) in [("shop1", "$.gateway[0].restApiId"), (OTHER, "$.gateway[1].restApiId")] {
        let found = problems(|aws| aws.apis.get_mut(id).unwrap().endpoint_type = "PRIVATE".to_owned()).await;
        let told: Vec<_> = found.iter().map(|problem| (problem.path.as_str(), problem.code.as_str())).collect();
        assert_eq!(told, [(path, "private-api")]);
    }
}

#[tokio::test]
async fn an_api_through_another_link_is_refused() {
    let found = problems(|aws| {
        let link = aws.links["blue1"].clone();
        aws.links.insert("blue2".to_owned(), VpcLink { id: "blue2".to_owned(), ..link });
        let deployed = aws.deployments.get_mut(&(OTHER.to_owned(), "deployment-b2".to_owned())).map(|(_, it)| it);
        for method in deployed.into_iter().flatten() {
            method.integration.as_mut().unwrap().connection = Connection::VpcLink("blue2".to_owned());
        }
        for method in aws.methods.get_mut(OTHER).into_iter().flatten() {
            method.integration.as_mut().unwrap().connection = Connection::VpcLink("blue2".to_owned());
        }
    })
    .await;
    let told: Vec<_> = found.iter().map(|problem| (problem.path.as_str(), problem.code.as_str())).collect();
    assert_eq!(told, [("$.gateway[1].restApiId", "several-links")]);
    assert!(found[0].message.contains("the VPC link blue2, expected the VPC link blue1 as shop1 does"), "{found:?}");
}
