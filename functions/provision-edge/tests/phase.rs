//! provision-edge on an account in memory: there, back, twice, and with a fault at every call.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use domain::plan::edge::{Api, Connection, LoadBalancer, VpcLink};
use domain::resources::{deployment, load_balancer, stage_shift};
use domain::{Condition, Entry, Migration, Outcome, PhaseError, Progress, Whole};
use provision_edge::{Step, converge, undo as take_down};
use serde_json::{Value, json};
use testing::shop::{GREEN_BALANCER, input, service::Targets};
use testing::{Account, Fault};

/// The shop with green's nodes.
async fn shop() -> (Account, Migration) {
    let (account, migration) = Account::opened(&input()).unwrap();
    account.provision_cluster(&migration);
    (account, migration)
}

async fn build(account: &Account, migration: &Migration) -> Result<Outcome, PhaseError> {
    converge(account, migration, Step::Build).await
}

async fn attach(account: &Account, migration: &Migration) -> Result<Outcome, PhaseError> {
    converge(account, migration, Step::AttachNodes).await
}

async fn undo(account: &Account, migration: &Migration) -> Result<Outcome, PhaseError> {
    take_down(account, migration, Whole::Whole).await
}

async fn built() -> (Account, Migration) {
    let (account, migration) = shop().await;
    account.drive(&migration, build).await.unwrap();
    (account, migration)
}

async fn attached() -> (Account, Migration) {
    let (account, migration) = built().await;
    account.drive(&migration, attach).await.unwrap();
    // What shift-traffic makes in the temporary API goes with it.
    for key in [deployment::temporary_of_blue(&migration), stage_shift::temporary(&migration)] {
        account.know(&migration, key, "deployment-of-blue");
    }
    let back = account.turned_back(&migration);
    (account, back)
}

#[tokio::test]
async fn the_load_balancer_is_cloned_without_its_deletion_protection() {
    let aws = Account::survives(shop, build).await.unwrap().aws;
    let clone = aws.balancers.values().find(|balancer| balancer.arn != "arn:balancer-blue").unwrap();
    assert_eq!(clone.attributes["load_balancing.cross_zone.enabled"], "true");
    assert_eq!(clone.attributes["deletion_protection.enabled"], "false");
    assert_eq!(clone.private_link_enforcement.as_deref(), Some("off"));
    assert_eq!(clone.security_group_ids, ["sg-nlb"]);
    assert_eq!((clone.tags["bascule:migration"].as_str(), clone.tags["bascule:side"].as_str()), ("move", "green"));
    assert!(clone.name.len() <= 32, "{}", clone.name);
    let listener = &aws.listeners[&clone.arn][0];
    assert_eq!((listener.port, listener.attributes["tcp.idle_timeout.seconds"].as_str()), (80, "350"));
    let group = &aws.target_groups[&listener.target_group_arns[0]];
    assert_eq!((group.port, group.attributes["preserve_client_ip.enabled"].as_str()), (30080, "false"));
}

#[tokio::test]
async fn the_temporary_api_points_at_green_under_temporary_hosts_with_the_same_keys() {
    let (account, migration) = shop().await;
    account.drive(&migration, build).await.unwrap();
    let aws = account.aws().clone();
    let api = aws.apis.values().find(|api| api.id != "shop1").unwrap();
    let link = aws.links.values().find(|link| link.id != "blue1").unwrap();
    let cart = aws.methods[&api.id].iter().find(|method| method.path == "/cart" && method.method == "GET").unwrap();
    let backend = cart.integration.as_ref().unwrap();
    assert_eq!(
        (&backend.connection, backend.uri.as_str()),
        (&Connection::VpcLink(link.id.clone()), "http://green.example.com/cart")
    );
    assert_eq!(aws.methods[&api.id].len(), 5);
    assert_eq!((api.minimum_compression_size, api.tags["bascule:side"].as_str()), (Some(1024), "temporary"));
    let stage = &aws.stages[&(api.id.clone(), "prod".to_owned())];
    assert_eq!(stage.variables["tier"], "gold");
    assert_eq!(stage.client_certificate_id.as_deref(), Some("certificate-1"));
    let plan = aws.plans.values().find(|plan| plan.id != "gold").unwrap();
    assert_eq!(plan.key_ids, ["key1", "key2"]);
    assert_eq!(plan.quota, aws.plans["gold"].quota);
    assert_eq!(plan.stages, [(api.id.clone(), "prod".to_owned())]);
    let url = format!("https://{}.execute-api.eu-central-1.amazonaws.com/prod", api.id);
    let progress = account.progress_of(&migration, Progress::ProvisionEdge);
    assert_eq!(progress["temporaryUrl"], url);
}

#[tokio::test]
async fn a_temporary_api_has_the_default_endpoint_that_the_public_one_lacks() {
    let (account, migration) = shop().await;
    account.aws().apis.get_mut("shop1").unwrap().execute_api_disabled = true;
    account.drive(&migration, build).await.unwrap();
    let aws = account.aws();
    let closed: Vec<_> = aws.apis.values().filter(|api| api.execute_api_disabled).map(|api| api.id.as_str()).collect();
    assert_eq!((closed, aws.apis.len()), (vec!["shop1"], 2));
}

#[tokio::test]
async fn a_resource_policy_that_names_the_public_api_lets_people_into_the_temporary_one() {
    let (account, migration) = shop().await;
    let policy = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke",
        "Resource": "arn:aws:execute-api:eu-central-1:123456789012:shop1/prod/*",
    }] });
    account.aws().apis.get_mut("shop1").unwrap().policy = Some(policy.to_string());
    account.drive(&migration, build).await.unwrap();
    let aws = account.aws();
    let api = aws.apis.values().find(|api| api.id != "shop1").unwrap();
    let found: Value = serde_json::from_str(api.policy.as_ref().unwrap()).unwrap();
    let named = format!("arn:aws:execute-api:eu-central-1:123456789012:{}/prod/*", api.id);
    assert_eq!(found["Statement"][0]["Resource"], named);
}

#[tokio::test]
async fn of_an_api_and_a_link_that_were_made_twice_one_each_stays() {
    let (account, migration) = shop().await;
    account.drive(&migration, build).await.unwrap();
    let expected = account.aws().contents();
    {
        let mut aws = account.aws();
        let api = aws.apis.values().find(|api| api.id != "shop1").unwrap().clone();
        aws.apis.insert("a-late-one".to_owned(), Api { id: "a-late-one".to_owned(), tags: [].into(), ..api });
        let link = aws.links.values().find(|link| link.id != "blue1").unwrap().clone();
        aws.links.insert("a-late-one".to_owned(), VpcLink { id: "a-late-one".to_owned(), ..link });
    }
    account.drive(&migration, build).await.unwrap();
    assert_eq!(account.aws().finished().contents(), expected);
}

#[tokio::test]
async fn production_is_not_touched() {
    let (account, migration) = shop().await;
    let before = account.aws().clone();
    account.drive(&migration, build).await.unwrap();
    let after = account.aws().clone();
    assert_eq!(after.methods["shop1"], before.methods["shop1"]);
    assert_eq!(after.plans["gold"], before.plans["gold"]);
    assert!(after.history.stage_calls.iter().all(|(api, _, _)| api != "shop1"), "{:?}", after.history.stage_calls);
    assert_eq!(after.scaling, before.scaling);
}

#[tokio::test]
async fn every_node_group_is_attached_where_blues_is() {
    let aws = Account::survives(built, attach).await.unwrap().aws;
    let clone = aws.target_groups.values().find(|group| group.arn != "arn:group-blue").unwrap();
    for name in ["general", "jobs"] {
        assert_eq!(aws.scaling[&format!("eks-{name}-shop-green")].target_group_arns, std::slice::from_ref(&clone.arn));
        assert_eq!(aws.scaling[&format!("eks-{name}-shop-blue")].target_group_arns, ["arn:group-blue"]);
    }
}

#[tokio::test]
async fn the_undo_leaves_the_account_as_it_was() {
    let left = Account::survives(attached, undo).await.unwrap();
    let (before, migration) = shop().await;
    assert_eq!(left.aws, before.aws().contents());
    assert_eq!(live(&left.entries), live(&before.entries_of(&migration)));
}

/// What is live in the ledger.
fn live(entries: &[Entry]) -> Vec<String> {
    entries.iter().filter(|entry| entry.is_live()).map(|entry| entry.key.to_string()).collect()
}

#[tokio::test]
async fn a_load_balancer_that_somebody_protected_goes_all_the_same() {
    let (account, migration) = attached().await;
    for balancer in account.aws().balancers.values_mut() {
        balancer.attributes.insert("deletion_protection.enabled".to_owned(), "true".to_owned());
    }
    account.drive(&migration, undo).await.unwrap();
    assert_eq!(account.aws().balancers.keys().collect::<Vec<_>>(), ["arn:balancer-blue"]);
}

#[tokio::test]
async fn an_undo_after_a_death_anywhere_leaves_nothing() {
    let (undisturbed, migration) = shop().await;
    let (before, calls) = (undisturbed.aws().contents(), undisturbed.calls());
    undisturbed.drive(&migration, build).await.unwrap();
    for call in 1..=undisturbed.calls() - calls {
        let (account, migration) = shop().await;
        account.fail_at(call, Fault::Killed);
        while !account.is_dead() {
            let _ = build(&account, &migration).await;
            account.pass();
        }
        let back = account.turned_back(&migration);
        account.drive(&back, undo).await.unwrap();
        assert_eq!(account.aws().contents(), before, "killed at call {call}");
    }
}

#[tokio::test]
async fn a_link_that_failed_is_unhealthy() {
    let (account, migration) = shop().await;
    assert_eq!(build(&account, &migration).await.unwrap_err().condition, Condition::NotReady);
    account.pass();
    assert_eq!(build(&account, &migration).await.unwrap_err().condition, Condition::NotReady);
    for link in account.aws().links.values_mut().filter(|link| link.id != "blue1") {
        "FAILED".clone_into(&mut link.status);
        "NLB ARN is malformed".clone_into(&mut link.status_message);
    }
    let error = build(&account, &migration).await.unwrap_err();
    assert_eq!(error.condition, Condition::Unhealthy);
    assert!(error.message.contains("NLB ARN is malformed"), "{error}");
}

#[tokio::test]
async fn what_stands_before_a_load_balancer_of_a_service_is_made_once_that_is_there_and_goes_without_it() {
    let (account, migration) = Account::service_opened(Targets::Ip).unwrap();
    account.provision_cluster(&migration);
    let before = account.aws().contents();
    account.drive(&migration, build).await.unwrap();
    account.drive(&migration, attach).await.unwrap();
    assert_eq!(account.aws().contents(), before);
    let connect = async |account: &Account, migration: &Migration| converge(account, migration, Step::Connect).await;
    assert_eq!(connect(&account, &migration).await.unwrap_err().condition, Condition::Conflict);
    let blue = migration.plan.edge.load_balancer.clone();
    let green = LoadBalancer { arn: GREEN_BALANCER.to_owned(), name: "k8s-shop-traefik-green".to_owned(), ..blue };
    account.aws().balancers.insert(green.arn.clone(), green);
    account.know(&migration, load_balancer::key(&migration), GREEN_BALANCER);
    let before = account.aws().contents();
    account.drive(&migration, connect).await.unwrap();
    let leads = |link: &VpcLink| link.target_arns == [GREEN_BALANCER];
    assert_eq!(account.aws().links.values().filter(|link| leads(link)).count(), 1);
    assert_eq!(account.aws().apis.len(), before.apis.len() + 1);
    account.drive(&account.turned_back(&migration), undo).await.unwrap();
    assert_eq!(account.aws().finished().contents(), before);
}
