//! The deletion of a load balancer that belongs to a Service of blue: by its Service, and by nothing else.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use cleanup::edge;
use domain::{Condition, Kind, Migration, Outcome, PhaseError, Side, Status};
use serde_json::json;
use testing::Account;
use testing::shop::{API, BLUE, G, service::Targets};

/// The shop with nothing that points at blue any more.
fn promoted() -> (Account, Migration) {
    let (account, migration) = Account::service_opened(Targets::Instance).unwrap();
    account.prepare(&migration);
    {
        let mut aws = account.aws();
        let green = aws.deployments[&(API.to_owned(), G.to_owned())].1.clone();
        aws.methods.insert(API.to_owned(), green);
        let prod = (API.to_owned(), "prod".to_owned());
        G.clone_into(&mut aws.stages.get_mut(&prod).unwrap().deployment_id);
    }
    (account, migration)
}

async fn converge(account: &Account, migration: &Migration) -> Result<Outcome, PhaseError> {
    edge::converge(account, migration).await
}

fn status(account: &Account, migration: &Migration, kind: Kind) -> Vec<Status> {
    let entries = account.entries_of(migration).into_iter().filter(|entry| entry.is_of(Side::Blue, kind));
    entries.map(|entry| entry.status).collect()
}

#[tokio::test]
async fn blues_load_balancer_goes_with_its_service_and_each_is_in_the_ledger() {
    let (account, migration) = promoted();
    account.drive(&migration, converge).await.unwrap();
    assert_eq!(account.cluster(BLUE).object("Service/shop/traefik"), None);
    assert!(!account.aws().balancers.contains_key(&migration.plan.edge.load_balancer.arn));
    for kind in [Kind::Service, Kind::LoadBalancer, Kind::TargetGroup] {
        assert_eq!(status(&account, &migration, kind), [Status::Absent], "{kind}");
    }
    let deleted = ["elasticloadbalancing:DeleteLoadBalancer", "elasticloadbalancing:DeleteTargetGroup"];
    assert!(!account.operations().iter().any(|operation| deleted.contains(operation)));
}

#[tokio::test]
async fn a_load_balancer_that_outlives_its_service_is_waited_for_and_never_deleted() {
    let (account, migration) = promoted();
    let mut service = account.cluster(BLUE).object("Service/shop/traefik").unwrap();
    service["metadata"]["finalizers"] = json!([]);
    account.cluster(BLUE).put_with_status(service);
    let mut error = converge(&account, &migration).await.unwrap_err();
    for _ in 0..20 {
        account.pass();
        error = converge(&account, &migration).await.unwrap_err();
    }
    assert_eq!(error.condition, Condition::NotReady);
    assert!(error.message.contains("delete it by hand"), "{error}");
    assert!(account.aws().balancers.contains_key(&migration.plan.edge.load_balancer.arn));
}

#[tokio::test]
async fn a_service_that_got_another_load_balancer_since_is_not_touched() {
    let (account, migration) = promoted();
    let mut service = account.cluster(BLUE).object("Service/shop/traefik").unwrap();
    service["status"]["loadBalancer"]["ingress"] = json!([{ "hostname": "another.elb.amazonaws.com" }]);
    account.cluster(BLUE).put_with_status(service);
    let error = account.drive(&migration, converge).await.unwrap_err();
    assert_eq!(error.condition, Condition::Conflict);
    assert!(error.message.contains("another.elb.amazonaws.com"), "{error}");
    assert!(account.cluster(BLUE).object("Service/shop/traefik").is_some());
}
