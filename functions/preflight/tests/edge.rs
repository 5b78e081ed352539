//! Preflight's look at the edge, on an account in memory: everything wrong is named at once, and nothing is changed.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use domain::plan::edge::{Api, Canary, Stage};
use domain::{Input, Kind, Problem};
use preflight::edge::read;
use testing::{Gate, Road};

fn input() -> Input {
    Gate::migration(&[5, 100]).unwrap().input
}

async fn problems(change: impl FnOnce(&mut Road)) -> Vec<Problem> {
    let gate = Gate::shop();
    change(&mut gate.road());
    let before = gate.road().clone();
    let problems = read(&gate, &input()).await.unwrap().problems;
    assert_eq!(*gate.road(), before, "preflight changes nothing");
    problems
}

fn prod(road: &mut Road) -> &mut Stage {
    road.stages.get_mut(&("shop1".to_owned(), "prod".to_owned())).unwrap()
}

#[tokio::test]
async fn the_facts_are_those_that_the_phases_need() {
    let gate = Gate::shop();
    let found = read(&gate, &input()).await.unwrap();
    assert_eq!(found.problems, []);
    assert_eq!(found.facts, Gate::migration(&[100]).unwrap().plan.edge);
    let deletes: Vec<_> = found.deletes.iter().map(|planned| (planned.kind, planned.id.as_deref().unwrap())).collect();
    assert_eq!(
        deletes,
        [(Kind::VpcLink, "blue1"), (Kind::LoadBalancer, "arn:balancer-blue"), (Kind::TargetGroup, "arn:group-blue"),]
    );
    assert_eq!(found.switch.len(), 2);
    assert_eq!(found.creates.len(), 11);
}

#[tokio::test]
async fn an_api_or_a_stage_that_does_not_exist_is_named() {
    let found = problems(|road| road.apis.clear()).await;
    assert_eq!((found.len(), found[0].path.as_str()), (1, "$.gateway.restApiId"));
    let found = problems(|road| {
        let stage = prod(road).clone();
        road.stages.clear();
        road.stages.insert(("shop1".to_owned(), "live".to_owned()), Stage { name: "live".to_owned(), ..stage });
    })
    .await;
    assert_eq!(found, [Problem::new("$.gateway.stage", "the API shop1 has no stage prod; choose one of live")]);
}

#[tokio::test]
async fn every_reason_comes_at_once() {
    let found = problems(|road| {
        road.apis.get_mut("shop1").unwrap().execute_api_disabled = true;
        prod(road).canary = Some(Canary { deployment_id: "x".to_owned(), percent: 5.0 });
        let method = &mut road.methods.get_mut("shop1").unwrap()[1];
        method.integration.as_mut().unwrap().uri = "http://shop.example.com/basket".to_owned();
        let balancer = road.balancers.get_mut("arn:balancer-blue").unwrap();
        balancer.tags.insert("kubernetes.io/service-name".to_owned(), "ingress/traefik".to_owned());
        road.groups.get_mut("arn:group-blue").unwrap().target_type = "ip".to_owned();
        for number in 0..8 {
            let name = format!("stage{number}");
            let stage = Stage { name: name.clone(), ..prod(road).clone() };
            road.stages.insert(("shop1".to_owned(), name), stage);
        }
    })
    .await;
    let text = Problem::list(&found);
    for part in [
        "default endpoint",
        "has a canary",
        "never deployed",
        "belongs to a Kubernetes Service",
        "only instance",
        "delete 1",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    assert_eq!(found.len(), 6, "{text}");
}

#[tokio::test]
async fn an_api_without_a_vpc_link_has_nothing_to_switch() {
    let found = problems(|road| {
        let methods = road.methods.get_mut("shop1").unwrap();
        methods.retain(|method| method.method == "OPTIONS");
        let methods = methods.clone();
        for (_, deployed) in road.deployments.values_mut() {
            deployed.clone_from(&methods);
        }
    })
    .await;
    assert_eq!(found.len(), 1);
    assert!(found[0].message.contains("no integration through a VPC link"));
}

#[tokio::test]
async fn other_users_of_blues_link_are_told_before_the_cleanup_meets_them() {
    let gate = Gate::shop();
    {
        let mut road = gate.road();
        let methods = road.methods["shop1"].clone();
        road.apis.insert(
            "other".to_owned(),
            Api { id: "other".to_owned(), name: "back office".to_owned(), ..Api::default() },
        );
        road.methods.insert("other".to_owned(), methods);
        let stage = Stage { name: "beta".to_owned(), ..prod(&mut road).clone() };
        road.stages.insert(("shop1".to_owned(), "beta".to_owned()), stage);
    }
    let advice = read(&gate, &input()).await.unwrap().advice.join("\n");
    assert!(advice.contains("the API back office (other) uses blue's VPC link too"), "{advice}");
    assert!(advice.contains("the stage beta of shop1 uses blue's VPC link too"), "{advice}");
}
