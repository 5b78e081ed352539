//! Preflight's look at the edge, on an account in memory: everything wrong is named at once, and nothing is changed.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use domain::plan::Found;
use domain::plan::edge::{Api, Canary, Edge, Stage};
use domain::{Input, Kind, PhaseError, Problem, Reading};
use testing::shop::{Front, service::Targets};
use testing::{Account, Aws, shop};

async fn read(account: &Account, input: &Input) -> Result<Found<Edge>, PhaseError> {
    preflight::edge::read(account, input, &account.plan().compute).await
}

fn input() -> Input {
    Input::read(&shop::input_with(serde_json::json!({ "cutover": { "steps": [5, 100] } }))).unwrap()
}

async fn problems(change: impl FnOnce(&mut Aws)) -> Vec<Problem> {
    let account = Account::shop();
    change(&mut account.aws());
    let before = account.aws().clone();
    let problems = read(&account, &input()).await.unwrap().problems;
    assert_eq!(*account.aws(), before, "preflight changes nothing");
    problems
}

fn prod(aws: &mut Aws) -> &mut Stage {
    aws.stages.get_mut(&("shop1".to_owned(), "prod".to_owned())).unwrap()
}

#[tokio::test]
async fn the_facts_are_those_that_the_phases_need() {
    let account = Account::shop();
    let found = read(&account, &input()).await.unwrap();
    assert_eq!(found.problems, []);
    assert_eq!(found.facts, account.plan().edge);
    let deletes: Vec<_> = found.deletes.iter().map(|planned| (planned.kind, planned.id.as_deref().unwrap())).collect();
    assert_eq!(
        deletes,
        [(Kind::VpcLink, "blue1"), (Kind::LoadBalancer, "arn:balancer-blue"), (Kind::TargetGroup, "arn:group-blue"),]
    );
    assert_eq!(
        found.switch,
        [
            "UpdateStage shop1/prod: replace /canarySettings with green's deployment and 5 %",
            "UpdateStage shop1/prod: remove /canarySettings and replace /deploymentId with green's",
        ]
    );
    let creates: Vec<Kind> = found.creates.iter().map(|planned| planned.kind).collect();
    let (once, twice) = ([Kind::LoadBalancer, Kind::VpcLink, Kind::RestApi], [Kind::Deployment, Kind::Stage]);
    let others = [Kind::TargetGroup, Kind::Listener, Kind::UsagePlan, Kind::UsagePlan];
    assert_eq!(creates, [&once[..], &twice.map(|kind| [kind; 2]).concat(), &others].concat());
}

#[tokio::test]
async fn what_the_variants_of_an_api_need_is_in_the_plan() {
    let link = "UpdateStage shop1/prod: remove /canarySettings and replace /variables/link with green's VPC link";
    let deployment = "UpdateStage shop1/prod: remove /canarySettings and replace /deploymentId with green's";
    for (front, links, deployments, permissions, last) in [
        (Front::Plain, 1, 2, 0, deployment),
        (Front::Functions, 1, 2, 2, deployment),
        (Front::Variable, 1, 0, 0, link),
        (Front::SecondLink, 0, 2, 0, deployment),
        (Front::Warehouse, 1, 2, 0, deployment),
    ] {
        let found = read(&Account::shop_behind(front), &input()).await.unwrap();
        assert_eq!(found.problems, [], "{front:?}");
        let of = |kind: Kind| found.creates.iter().filter(|planned| planned.kind == kind).count();
        let created = (of(Kind::VpcLink), of(Kind::Deployment), of(Kind::LambdaPermission));
        assert_eq!(created, (links, deployments, permissions), "{front:?}");
        let deleted = found.deletes.iter().filter(|planned| planned.kind == Kind::VpcLink).count();
        assert_eq!((deleted, found.switch.last().map(String::as_str)), (links, Some(last)), "{front:?}");
    }
}

#[tokio::test]
async fn what_else_there_is_is_read_where_the_input_names_no_api() {
    let mut written = shop::input_with(serde_json::json!({}));
    written["gateway"] = serde_json::json!({});
    let found = read(&Account::shop(), &Reading::of(&written).input.unwrap()).await.unwrap();
    assert_eq!(found.problems, []);
}

#[tokio::test]
async fn an_api_or_a_stage_that_does_not_exist_is_named() {
    let found = problems(|aws| aws.apis.clear()).await;
    let told = (found.len(), found[0].path.as_str(), found[0].code.as_str());
    assert_eq!(told, (1, "$.gateway.restApiId", "websocket-api"));
    assert!(found[0].message.contains("aws apigateway get-rest-apis"), "{found:?}");
    let found = problems(|aws| {
        let stage = prod(aws).clone();
        aws.stages.clear();
        aws.stages.insert(("shop1".to_owned(), "live".to_owned()), Stage { name: "live".to_owned(), ..stage });
    })
    .await;
    assert_eq!(found, [Problem::new("$.gateway.stage", "the API shop1 has no stage prod; choose one of live")]);
}

#[tokio::test]
async fn every_reason_comes_at_once() {
    let found = problems(|aws| {
        aws.apis.get_mut("shop1").unwrap().execute_api_disabled = true;
        prod(aws).canary = Some(Canary { deployment_id: "x".to_owned(), percent: 5.0, ..Canary::default() });
        let method = &mut aws.methods.get_mut("shop1").unwrap()[1];
        method.integration.as_mut().unwrap().uri = "http://shop.example.com/basket".to_owned();
        let balancer = aws.balancers.get_mut("arn:balancer-blue").unwrap();
        balancer.tags.insert("kubernetes.io/service-name".to_owned(), "ingress/traefik".to_owned());
        aws.target_groups.get_mut("arn:group-blue").unwrap().target_type = "ip".to_owned();
        for number in 0..8 {
            let name = format!("stage{number}");
            let stage = Stage { name: name.clone(), ..prod(aws).clone() };
            aws.stages.insert(("shop1".to_owned(), name), stage);
        }
    })
    .await;
    let text = Problem::list(&found);
    for part in [
        "default endpoint",
        "has a canary",
        "never deployed",
        "was made by a controller in a cluster",
        "only instance",
        "delete 1",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    assert_eq!(found.len(), 6, "{text}");
}

#[tokio::test]
async fn an_api_without_a_vpc_link_has_nothing_to_switch() {
    let found = problems(|aws| {
        let methods = aws.methods.get_mut("shop1").unwrap();
        methods.retain(|method| method.method == "OPTIONS");
        let methods = methods.clone();
        for (_, deployed) in aws.deployments.values_mut() {
            deployed.clone_from(&methods);
        }
    })
    .await;
    assert_eq!(found.len(), 1);
    assert!(found[0].message.contains("no integration through a VPC link"));
}

#[tokio::test]
async fn other_users_of_blues_link_are_told_before_the_cleanup_meets_them() {
    let account = Account::shop();
    {
        let mut aws = account.aws();
        let methods = aws.methods["shop1"].clone();
        aws.apis.insert(
            "other".to_owned(),
            Api { id: "other".to_owned(), name: "back office".to_owned(), ..Api::default() },
        );
        aws.methods.insert("other".to_owned(), methods);
        let stage = Stage { name: "beta".to_owned(), ..prod(&mut aws).clone() };
        aws.stages.insert(("shop1".to_owned(), "beta".to_owned()), stage);
    }
    for method in account.aws().methods.get_mut("shop1").unwrap() {
        method.authorization = "AWS_IAM".to_owned();
    }
    let refused = Problem::list(&read(&account, &input()).await.unwrap().problems);
    assert!(
        refused.contains("$.cutover.analysis") && refused.contains("GET /cart wants a signature of AWS IAM"),
        "{refused}"
    );
    let uncompared = shop::input_with(serde_json::json!({ "cutover": { "analysis": { "when": "never" } } }));
    let advice = read(&account, &Input::read(&uncompared).unwrap()).await.unwrap().advice.join("\n");
    assert!(advice.contains("execute-api:Invoke"), "{advice}");
    assert!(advice.contains("the API back office (other) uses blue's VPC link blue1 too"), "{advice}");
    assert!(advice.contains("the stage beta of shop1 uses blue's VPC link blue1 too"), "{advice}");
}

#[tokio::test]
async fn a_load_balancer_of_a_service_is_planned_to_come_and_go_with_it() {
    for targets in [Targets::Instance, Targets::Ip] {
        let (account, migration) = Account::service_opened(targets).unwrap();
        let found = read(&account, &input()).await.unwrap();
        assert_eq!(found.problems, []);
        assert_eq!(found.facts, migration.plan.edge);
        assert_eq!(found.facts.service.as_ref().map(ToString::to_string).as_deref(), Some("Service/shop/traefik"));
        let deletes: Vec<_> = found.deletes.iter().map(|planned| planned.kind).collect();
        assert_eq!(deletes, [Kind::VpcLink, Kind::Service, Kind::LoadBalancer, Kind::TargetGroup]);
        assert!(found.creates.iter().any(|planned| planned.kind == Kind::Service));
        assert!(found.creates[0].name.contains("the controller of Service/shop/traefik makes"), "{:?}", found.creates);
        assert!(found.advice.iter().any(|advice| advice.contains(&found.facts.load_balancer.dns_name)));
    }
}

#[tokio::test]
async fn a_load_balancer_of_another_cluster_s_service_is_refused() {
    let account = Account::service_shop(Targets::Ip);
    for balancer in account.aws().balancers.values_mut() {
        balancer.tags.insert("elbv2.k8s.aws/cluster".to_owned(), "shop-test".to_owned());
    }
    let problems = read(&account, &input()).await.unwrap().problems;
    let told = Problem::list(&problems);
    assert!(told.contains("limit service-load-balancer") && told.contains("limit target-type"), "{told}");
}
