use testing::shop::service::Targets;

use super::*;

/// The shop whose load balancer belongs to a Service, with green's nodes.
fn service_shop() -> (Account, Migration) {
    let (account, migration) = Account::service_opened(Targets::Ip).unwrap();
    account.provision_cluster(&migration);
    (account, migration)
}

/// What the ledger knows of green's load balancer, by kind.
fn of_the_edge(account: &Account, migration: &Migration) -> Vec<(Kind, Status, bool)> {
    let kinds = [Kind::LoadBalancer, Kind::TargetGroup, Kind::Listener, Kind::Service];
    let entries = account.entries_of(migration).into_iter().filter(|entry| kinds.contains(&entry.key.kind));
    entries.map(|entry| (entry.key.kind, entry.status, entry.id.is_some())).collect()
}

async fn take_down(account: &Account, migration: &Migration) -> Result<Outcome, PhaseError> {
    undo(account, migration, Whole::Whole).await
}

#[tokio::test]
async fn the_load_balancer_of_a_service_is_awaited_and_goes_with_its_service() {
    let (account, migration) = service_shop();
    let waits = apply(&account, &migration).await.unwrap_err();
    assert_eq!(waits.condition, Condition::NotReady);
    let (before, known) = (account.aws().contents(), of_the_edge(&account, &migration));
    assert!(known.iter().all(|(_, status, has_id)| *status == Status::Intended && !has_id), "{known:?}");
    account.drive(&migration, apply).await.unwrap();
    let known = of_the_edge(&account, &migration);
    assert_eq!(known.len(), 4);
    assert!(known.iter().all(|(_, status, has_id)| *status == Status::Present && *has_id), "{known:?}");
    let back = account.turned_back(&migration);
    account.drive(&back, take_down).await.unwrap();
    assert!(of_the_edge(&account, &migration).iter().all(|(_, status, _)| *status == Status::Absent));
    let after = account.aws().contents();
    assert_eq!(
        (after.balancers, after.target_groups, after.listeners),
        (before.balancers, before.target_groups, before.listeners)
    );
    assert_eq!(account.cluster(GREEN).object("Service/shop/traefik"), None);
}

#[tokio::test]
async fn a_load_balancer_that_is_another_one_than_blues_is_unhealthy_and_told() {
    let (account, mut migration) = service_shop();
    let mut other = testing::shop::service::bundle(Targets::Ip);
    let traefik = other.iter_mut().find(|manifest| manifest["spec"]["type"] == "LoadBalancer").unwrap();
    traefik["metadata"]["annotations"]["service.beta.kubernetes.io/aws-load-balancer-scheme"] =
        json!("internet-facing");
    migration.plan.workloads.bundles = vec![account.upload(testing::shop::BUNDLE, other)];
    let error = account.drive(&migration, apply).await.unwrap_err();
    assert_eq!(error.condition, Condition::Unhealthy);
    assert!(error.message.contains("its scheme is \"internet-facing\", expected \"internal\""), "{error}");
}

#[tokio::test]
async fn a_service_on_green_that_has_blues_load_balancer_is_left_alone() {
    let (account, mut migration) = service_shop();
    // The controller works under blue's name there, and finds what it made for blue.
    migration.plan.workloads.replace.clear();
    let error = account.drive(&migration, apply).await.unwrap_err();
    assert_eq!(error.condition, Condition::Unhealthy);
    assert!(error.message.contains("--cluster-name"), "{error}");
    let before = account.aws().finished().contents();
    let back = account.turned_back(&migration);
    let error = account.drive(&back, take_down).await.unwrap_err();
    assert_eq!(error.condition, Condition::GuardBreached);
    assert_eq!(account.aws().finished().contents(), before);
}
