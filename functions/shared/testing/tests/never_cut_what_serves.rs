//! Somebody deploys while the configuration points at green, or changes a stage afterwards: no way back and no cleanup detaches
//! or deletes what those requests go through.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use cleanup::Step;
use domain::plan::edge::{Api, Canary, Connection, Stage};
use domain::ports::gateway::{Deployment, Method};
use domain::ports::migrations::Life;
use domain::shift::Shift;
use domain::{Condition, Entry, Kind, Migration, Outcome, PhaseError, Side, Whole};
use std::collections::BTreeMap;
use testing::shop::{API, BLUE, G, GREEN, GREEN_LINK, TEMPORARY, input};
use testing::{Account, Aws, Fault};

fn pair(api: &str, name: &str) -> (String, String) {
    (api.to_owned(), name.to_owned())
}

/// Who answers each request that a stage's deployment and its canary send through a VPC link.
fn answers(aws: &Aws, api: &str, stage: &str) -> Vec<Result<String, (u16, String)>> {
    let stage = &aws.stages[&pair(api, stage)];
    let canary = stage.canary.as_ref().map(|canary| &canary.deployment_id);
    let deployments = [Some(&stage.deployment_id), canary].into_iter().flatten();
    let methods = deployments.flat_map(|id| aws.deployments[&pair(api, id)].1.iter().filter_map(Method::linked));
    methods.map(|method| aws.backend(&method.integration, &stage.variables)).collect()
}

/// Deploys the configuration as it stands to production.
fn deploy(account: &Account) {
    let mut aws = account.aws();
    let methods = aws.methods[API].clone();
    let hotfix = Deployment { id: "hotfix".to_owned(), description: "hotfix".to_owned(), ..Deployment::default() };
    aws.deployments.insert(pair(API, "hotfix"), (hotfix, methods));
    "hotfix".clone_into(&mut aws.stages.get_mut(&pair(API, "prod")).unwrap().deployment_id);
}

/// The states of the rollback machine that touch green's edge or its nodes, in their order; it stops at the first error.
async fn way_back(account: &Account, migration: &Migration) -> Result<Outcome, PhaseError> {
    let back = account.turned_back(migration);
    account.drive(&back, async |ports, back| shift_traffic::undo(ports, back, Whole::Whole).await).await?;
    account.drive(&back, prepare_cutover::undo).await?;
    account.drive(&back, async |ports, back| provision_edge::undo(ports, back, Whole::Whole).await).await?;
    account.drive(&back, provision_nodes::undo).await
}

fn through_green(methods: &[Method]) -> bool {
    methods
        .iter()
        .filter_map(Method::linked)
        .all(|method| method.integration.connection.vpc_link(&BTreeMap::new()).is_some_and(|link| link != "blue1"))
}

#[tokio::test]
async fn a_deployment_to_production_inside_the_window_keeps_green_and_all_that_leads_to_it() {
    let start = || {
        let (account, migration) = Account::opened(&input()).unwrap();
        account.deploy(&migration);
        (account, migration)
    };
    let (undisturbed, migration) = start();
    let before = undisturbed.calls();
    undisturbed.drive(&migration, prepare_cutover::converge).await.unwrap();
    let mut seen = 0;
    for call in 1..=undisturbed.calls() - before {
        let (account, migration) = start();
        account.fail_at(call, Fault::Killed);
        let _ = prepare_cutover::converge(&account, &migration).await;
        account.start("somebody");
        if !through_green(&account.aws().methods[API].clone()) {
            continue;
        }
        seen += 1;
        deploy(&account);
        let serving = answers(&account.aws(), API, "prod");
        assert!(serving.iter().all(|cluster| cluster.as_deref() == Ok(GREEN)), "{serving:?}");
        let error = way_back(&account, &migration).await.unwrap_err();
        assert_eq!(answers(&account.aws(), API, "prod"), serving, "killed at call {call}, then {error}");
        assert_eq!(error.condition, Condition::GuardBreached, "{error}");
        assert!(error.message.contains("the stage prod of the API shop1"), "{error}");
        let aws = account.aws();
        assert!(aws.links.contains_key("blue1") && aws.clusters.contains_key(BLUE), "blue stands as well");
    }
    assert!(seen > 0, "the window was never open");
}

/// The shop once it is prepared for the switch.
fn prepared() -> (Account, Migration) {
    let (account, migration) = Account::opened(&input()).unwrap();
    account.prepare(&migration);
    (account, migration)
}

/// Another API with one stage, `live`, whose deployment `d` has the methods of this deployment of the shop's.
fn another(aws: &mut Aws, like: &str) {
    let methods = aws.deployments[&pair(API, like)].1.clone();
    aws.apis.insert("other".to_owned(), Api { id: "other".to_owned(), ..Api::default() });
    aws.deployments.insert(pair("other", "d"), (Deployment::default(), methods));
    let stage = Stage { name: "live".to_owned(), deployment_id: "d".to_owned(), ..Stage::default() };
    aws.stages.insert(pair("other", "live"), stage);
}

/// What somebody does to the account.
type Change = fn(&mut Aws);

#[tokio::test]
async fn whatever_goes_through_green_on_the_way_back_keeps_it() {
    let canary = |aws: &mut Aws| {
        let stage = aws.stages.get_mut(&pair(API, "prod")).unwrap();
        stage.canary = Some(Canary { deployment_id: G.to_owned(), percent: 5.0, ..Canary::default() });
    };
    let another_stage = |aws: &mut Aws| {
        let stage = Stage { name: "beta".to_owned(), deployment_id: G.to_owned(), ..Stage::default() };
        aws.stages.insert(pair(API, "beta"), stage);
    };
    let another_api = |aws: &mut Aws| another(aws, G);
    let of_the_second_version = |aws: &mut Aws| {
        another(aws, "deployment-b");
        let target = aws.links[GREEN_LINK].target_arns[0].clone();
        let (_, methods) = aws.deployments.get_mut(&pair("other", "d")).unwrap();
        methods[0].integration.as_mut().unwrap().connection = Connection::VpcLinkV2 { id: "v2".to_owned(), target };
    };
    let configuration = |aws: &mut Aws| {
        let methods = aws.deployments[&pair(API, G)].1.clone();
        aws.apis.insert("other".to_owned(), Api { id: "other".to_owned(), ..Api::default() });
        aws.methods.insert("other".to_owned(), methods);
    };
    let changes: [(Change, &str); 5] = [
        (canary, "the canary of the stage prod of the API shop1"),
        (another_stage, "the stage beta of the API shop1"),
        (another_api, "the stage live of the API other"),
        (of_the_second_version, "the stage live of the API other"),
        (configuration, "GET /cart of the API other"),
    ];
    for (change, named) in changes {
        let (account, migration) = prepared();
        change(&mut account.aws());
        let before = account.aws().contents();
        let error = way_back(&account, &migration).await.unwrap_err();
        assert_eq!(error.condition, Condition::GuardBreached, "{named}: {error}");
        assert!(error.message.contains(named), "{error}");
        let after = account.aws().contents();
        assert_eq!((after.links, after.balancers, after.scaling), (before.links, before.balancers, before.scaling));
        assert_eq!(after.objects[GREEN], before.objects[GREEN], "{named}: green keeps its public hosts");
    }
}

#[tokio::test]
async fn nothing_keeps_green_where_only_what_is_bascules_own_goes_through_it() {
    let (account, migration) = prepared();
    way_back(&account, &migration).await.unwrap();
    assert!(!account.aws().apis.contains_key(TEMPORARY));
    let left: Vec<_> = account.entries_of(&migration).into_iter().filter(Entry::is_live).collect();
    assert!(left.iter().all(|entry| !entry.is_of(Side::Green, Kind::VpcLink)), "{left:?}");
}

#[tokio::test]
async fn what_goes_to_blue_again_when_its_deletion_begins_keeps_it() {
    let (account, migration) = prepared();
    let now = account.aws().now();
    Shift { guarded: 1, share: 100, started_at: now, shifted_at: now }.save(&account, &migration).await.unwrap();
    {
        let mut aws = account.aws();
        G.clone_into(&mut aws.stages.get_mut(&pair(API, "prod")).unwrap().deployment_id);
        let methods = aws.deployments[&pair(API, G)].1.clone();
        aws.methods.insert(API.to_owned(), methods);
    }
    account.table().migrations.get_mut(&migration.id).unwrap().meta.life = Life::Promoted;
    // The guard has passed, and people take days to approve the deletion.
    another(&mut account.aws(), "deployment-b");
    let before = account.aws().contents();
    let delete = async |ports: &Account, migration: &Migration| cleanup::converge(ports, migration, Step::Edge).await;
    let error = account.drive(&migration, delete).await.unwrap_err();
    assert_eq!(error.condition, Condition::GuardBreached, "{error}");
    assert!(error.message.contains("the stage live of the API other"), "{error}");
    assert_eq!(account.aws().contents(), before);
}
