//! prepare-cutover on an account in memory: there, back, twice, and with a fault at every call.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use domain::plan::edge::{Protocol, Stage};
use domain::ports::gateway::{Deployment, Method};
use domain::resources::stage::keeper_name;
use domain::{Condition, Entry, Migration, Side};
use prepare_cutover::{converge, undo};
use std::collections::BTreeMap;
use testing::shop::{API, GREEN_LINK, input, input_with};
use testing::{Account, Aws, Fault};

/// The shop once people have qualified green.
async fn shop() -> (Account, Migration) {
    let (account, migration) = Account::opened(&input()).unwrap();
    account.deploy(&migration);
    (account, migration)
}

async fn prepared() -> (Account, Migration) {
    let (account, migration) = shop().await;
    account.drive(&migration, converge).await.unwrap();
    let back = account.turned_back(&migration);
    (account, back)
}

/// The shop's account without what only concerns Kubernetes.
fn edge(aws: &Aws) -> Aws {
    Aws { objects: BTreeMap::new(), others: BTreeMap::new(), ..aws.contents() }
}

fn links(methods: &[Method]) -> Vec<String> {
    let linked = methods.iter().filter_map(Method::linked);
    linked.filter_map(|method| method.integration.connection.vpc_link(&BTreeMap::new())).collect()
}

fn made_by_bascule(aws: &Aws) -> Vec<(&Deployment, Vec<String>)> {
    let own = aws.deployments.values().filter(|(deployment, _)| deployment.description.starts_with("Bascule move"));
    own.map(|(deployment, methods)| (deployment, links(methods))).collect()
}

fn prod() -> (String, String) {
    (API.to_owned(), "prod".to_owned())
}

#[tokio::test]
async fn g_differs_from_b_in_the_link_only_and_the_configuration_is_as_it_was() {
    let aws = Account::survives(shop, converge).await.unwrap().aws;
    assert_eq!(aws.methods[API], Account::shop().aws().methods[API]);
    let own = made_by_bascule(&aws);
    let [(g, through)] = &own[..] else { panic!("T is deleted again: {own:?}") };
    assert_eq!(*through, [GREEN_LINK; 4]);
    let held = aws.stages.iter().filter(|((api, _), _)| api == API).map(|(_, stage)| stage.deployment_id.as_str());
    let mut held: Vec<&str> = held.collect();
    held.sort_unstable();
    let mut expected = ["deployment-b", g.id.as_str(), "deployment-b"];
    expected.sort_unstable();
    assert_eq!(held, expected, "B and G have a stage each beside production's");
    let mut stages = aws.stages.iter().filter(|((api, _), _)| api == API);
    assert!(stages.all(|(_, stage)| stage.client_certificate_id.as_deref() == Some("certificate-1")));
    let plan = aws.plans.values().find(|plan| plan.name.starts_with("smoke")).unwrap();
    assert_eq!((&plan.key_ids, &plan.quota), (&vec!["key1".to_owned()], &None));
}

#[tokio::test]
async fn production_is_not_touched() {
    let (account, migration) = shop().await;
    account.drive(&migration, converge).await.unwrap();
    let calls = account.aws().history.stage_calls.clone();
    assert!(calls.iter().all(|(api, stage, _)| (api.clone(), stage.clone()) != prod()), "{calls:?}");
}

#[tokio::test]
async fn undeployed_edits_are_refused_with_what_they_are() {
    let (account, migration) = shop().await;
    {
        let mut aws = account.aws();
        let method = &mut aws.methods.get_mut(API).unwrap()[1];
        method.integration.as_mut().unwrap().uri = "http://shop.example.com/basket".to_owned();
    }
    let error = account.drive(&migration, converge).await.unwrap_err();
    assert_eq!(error.condition, Condition::Conflict);
    assert!(error.message.contains("never deployed") && error.message.contains("/basket"), "{error}");
    assert_eq!(links(&account.aws().methods[API]), ["blue1"; 4]);
}

#[tokio::test]
async fn a_deployment_inside_the_window_is_reported() {
    // Of all calls, those between the opening of the window and its end.
    let (undisturbed, migration) = shop().await;
    let before = undisturbed.calls();
    undisturbed.drive(&migration, converge).await.unwrap();
    let mut seen = 0;
    for call in 1..=undisturbed.calls() - before {
        let (account, migration) = shop().await;
        account.fail_at(call, Fault::Killed);
        let _ = converge(&account, &migration).await;
        account.start("prepare-cutover");
        let methods = account.aws().methods[API].clone();
        let g_exists = made_by_bascule(&account.aws()).iter().any(|(_, links)| links.contains(&GREEN_LINK.to_owned()));
        if links(&methods) != [GREEN_LINK; 4] || g_exists {
            continue;
        }
        seen += 1;
        let deployment =
            Deployment { id: "foreign".to_owned(), description: "hotfix".to_owned(), created: String::new() };
        account.aws().deployments.insert((API.to_owned(), "foreign".to_owned()), (deployment, methods));
        let error = account.drive(&migration, converge).await.unwrap_err();
        assert_eq!(error.condition, Condition::Conflict);
        assert!(error.message.contains("hotfix"), "{error}");
        let back = account.turned_back(&migration);
        account.drive(&back, undo).await.unwrap();
        assert_eq!(account.aws().methods[API], Account::shop().aws().methods[API]);
    }
    assert!(seen > 0);
}

#[tokio::test]
async fn a_stage_that_moved_since_the_plan_is_a_conflict() {
    let (account, migration) = shop().await;
    account.aws().stages.get_mut(&prod()).unwrap().deployment_id = "other".to_owned();
    let error = account.drive(&migration, converge).await.unwrap_err();
    assert_eq!(error.condition, Condition::Conflict);
    assert!(error.message.contains("somebody deployed"), "{error}");
}

#[tokio::test]
async fn a_green_that_fails_the_smoke_test_is_waited_for_and_then_unhealthy() {
    let (account, migration) = shop().await;
    let stage = keeper_name(&migration, Side::Green);
    account.aws().answers.insert(format!("{API}/{stage}/admin"), 503);
    let error = converge(&account, &migration).await.unwrap_err();
    assert_eq!(error.condition, Condition::NotReady, "{error}");
    account.wait(jiff::SignedDuration::from_mins(4));
    let error = converge(&account, &migration).await.unwrap_err();
    assert_eq!(error.condition, Condition::Unhealthy);
    assert!(error.message.contains("/admin answered 503, expected 200 as blue does"), "{error}");
}

#[tokio::test]
async fn a_marker_that_does_not_tell_the_sides_is_found_before_traffic_moves() {
    for (green, is_right) in [("shop-green", true), ("version 2", false)] {
        let marker = serde_json::json!({ "path": "/cart", "blue": "shop-blue", "green": green });
        let input = input_with(serde_json::json!({ "cutover": { "marker": marker } }));
        let (account, migration) = Account::opened(&input).unwrap();
        account.deploy(&migration);
        if is_right {
            account.drive(&migration, converge).await.unwrap();
            continue;
        }
        assert_eq!(converge(&account, &migration).await.unwrap_err().condition, Condition::NotReady);
        account.wait(jiff::SignedDuration::from_mins(4));
        let error = converge(&account, &migration).await.unwrap_err();
        assert_eq!(error.condition, Condition::Unhealthy);
        assert!(error.message.contains("$.cutover.marker: green's answer to /cart has the status 200"), "{error}");
    }
}

#[tokio::test]
async fn without_a_default_endpoint_nothing_is_sent_through_g_and_no_key_is_let_in() {
    let (account, mut migration) = shop().await;
    migration.plan.edge.api.execute_api_disabled = true;
    account.aws().apis.get_mut(API).unwrap().execute_api_disabled = true;
    account.aws().answers.insert("/admin".to_owned(), 503);
    let plans = account.aws().plans.len();
    account.drive(&migration, converge).await.unwrap();
    assert_eq!(account.aws().plans.len(), plans);
}

#[tokio::test]
async fn a_request_that_production_refuses_is_refused_by_g_as_well() {
    let (account, migration) = shop().await;
    account.aws().answers.insert("/admin".to_owned(), 403);
    account.drive(&migration, converge).await.unwrap();
}

#[tokio::test]
async fn a_policy_for_the_production_stage_alone_is_seen_by_bs_stage_once_both_are_settled() {
    let (account, migration) = shop().await;
    for side in [Side::Blue, Side::Green] {
        let stage = keeper_name(&migration, side);
        account.aws().answers.insert(format!("{API}/{stage}/admin"), 403);
    }
    let error = converge(&account, &migration).await.unwrap_err();
    assert_eq!(error.condition, Condition::NotReady, "the key may not be known there yet: {error}");
    account.wait(jiff::SignedDuration::from_mins(4));
    converge(&account, &migration).await.unwrap();
}

#[tokio::test]
async fn a_duplicate_of_g_is_deleted_and_g_stays() {
    let (account, migration) = shop().await;
    account.drive(&migration, converge).await.unwrap();
    let g = made_by_bascule(&account.aws())[0].0.clone();
    for id in ["a-late-one", "zz-late-one"] {
        let late = (Deployment { id: id.to_owned(), ..g.clone() }, Vec::new());
        account.aws().deployments.insert((API.to_owned(), id.to_owned()), late);
    }
    account.drive(&migration, converge).await.unwrap();
    let left: Vec<String> =
        made_by_bascule(&account.aws()).iter().map(|(deployment, _)| deployment.id.clone()).collect();
    assert_eq!(left, [g.id]);
}

// 400 KB: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html#limits-items
#[tokio::test]
async fn the_ledgers_entries_of_an_api_with_five_thousand_methods_fit_into_items() {
    let (account, mut migration) = shop().await;
    {
        let mut aws = account.aws();
        let like = aws.methods[API][0].clone();
        let methods: Vec<Method> = (0..5_000)
            .map(|number| Method { resource_id: format!("r{number}"), path: format!("/m{number}"), ..like.clone() })
            .collect();
        migration.plan.edge.integrations = methods.iter().filter_map(Method::linked).collect();
        aws.methods.insert(API.to_owned(), methods.clone());
        aws.deployments.get_mut(&(API.to_owned(), "deployment-b".to_owned())).unwrap().1 = methods;
    }
    account.drive(&migration, converge).await.unwrap();
    for entry in account.entries_of(&migration) {
        let size = entry.detail.to_string().len();
        assert!(size < 400_000, "{} has {size} bytes", entry.key);
    }
}

/// What is live in the ledger.
fn live(entries: &[Entry]) -> Vec<String> {
    entries.iter().filter(|entry| entry.is_live()).map(|entry| entry.key.to_string()).collect()
}

#[tokio::test]
async fn the_undo_leaves_the_api_as_it_was() {
    let left = Account::survives(prepared, undo).await.unwrap();
    let (before, migration) = shop().await;
    assert_eq!(edge(&left.aws), edge(&before.aws()));
    assert_eq!(live(&left.entries), live(&before.entries_of(&migration)));
}

#[tokio::test]
async fn an_undo_after_a_death_anywhere_leaves_the_api_as_it_was() {
    let (undisturbed, migration) = shop().await;
    let (before, calls) = (edge(&undisturbed.aws()), undisturbed.calls());
    let known = live(&undisturbed.entries_of(&migration));
    undisturbed.drive(&migration, converge).await.unwrap();
    for call in 1..=undisturbed.calls() - calls {
        let (account, migration) = shop().await;
        account.fail_at(call, Fault::Killed);
        let _ = converge(&account, &migration).await;
        let back = account.turned_back(&migration);
        account.drive(&back, undo).await.unwrap();
        assert_eq!(edge(&account.aws()), before, "killed at call {call}");
        assert_eq!(live(&account.entries_of(&back)), known, "killed at call {call}");
    }
}

#[tokio::test]
async fn nothing_is_undone_while_production_uses_g() {
    let (account, back) = prepared().await;
    let g = made_by_bascule(&account.aws())[0].0.id.clone();
    account.aws().stages.get_mut(&prod()).unwrap().deployment_id = g;
    let error = undo(&account, &back).await.unwrap_err();
    assert_eq!(error.condition, Condition::GuardBreached);
}

// "Automatic deployment ... API Gateway automatically releases a new version of your API whenever you change it"
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-stages.html).
#[tokio::test]
async fn an_http_api_of_which_a_stage_deploys_by_itself_since_the_plan_is_left_as_it_is() {
    for name in ["prod", "beta"] {
        let (account, mut migration) = shop().await;
        let edge = &mut migration.plan.edge;
        (edge.api.protocol, edge.stage.client_certificate_id) = (Protocol::Http, None);
        edge.usage_plans.clear();
        let before = {
            let mut aws = account.aws();
            aws.apis.get_mut(API).unwrap().protocol = Protocol::Http;
            let stage = Stage { name: name.to_owned(), auto_deploy: true, ..aws.stages[&prod()].clone() };
            aws.stages.insert((API.to_owned(), name.to_owned()), stage);
            aws.methods[API].clone()
        };
        let error = account.drive(&migration, converge).await.unwrap_err();
        assert_eq!(error.condition, Condition::Conflict, "{error}");
        assert!(error.message.contains(&format!("--stage-name '{name}' --no-auto-deploy")), "{error}");
        assert_eq!(account.aws().methods[API], before);
    }
}
