//! The temporary API between green and blue, on an account in memory: there, back, twice, and killed after every call.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use domain::input::OnAbort;
use domain::plan::edge::{Api, Connection, Stage};
use domain::ports::Ledger;
use domain::ports::gateway::{Deployment, Method, Patch};
use domain::resources::stage::{self, keeper_name};
use domain::resources::{deployment, rest_api, stage_shift};
use domain::shift::Shift;
use domain::{Condition, Direction, Migration, Side, Status};
use serde_json::{Value, json};
use shift_traffic::temporary::{converge, undo};
use testing::{Gate, Road};

const TEMPORARY: &str = "temporary1";
const GREEN: &str = "deployment-t";

fn pair(api: &str, name: &str) -> (String, String) {
    (api.to_owned(), name.to_owned())
}

/// Link and URI of every integration through a link.
fn backends(methods: &[Method]) -> Vec<(&str, &str)> {
    let integrations = methods.iter().filter_map(|method| method.integration.as_ref());
    let linked = integrations.filter_map(|found| match &found.connection {
        Connection::VpcLink(link) => Some((link.as_str(), found.uri.as_str())),
        _ => None,
    });
    linked.collect()
}

fn expected(link: &'static str, host: &str) -> Vec<(&'static str, String)> {
    ["/admin", "/cart", "/cart", "/product/{id}"].map(|path| (link, format!("http://{host}{path}"))).into()
}

/// What the temporary API's stage serves.
fn served(road: &Road) -> Vec<(&str, String)> {
    let stage = &road.stages[&pair(TEMPORARY, "prod")];
    let (_, methods) = &road.deployments[&pair(TEMPORARY, &stage.deployment_id)];
    backends(methods).into_iter().map(|(link, uri)| (link, uri.to_owned())).collect()
}

fn configured(road: &Road) -> Vec<(&str, String)> {
    backends(&road.methods[TEMPORARY]).into_iter().map(|(link, uri)| (link, uri.to_owned())).collect()
}

fn production(road: &Road) -> (Value, Vec<(&str, &str)>) {
    let of_shop = |(api, _): &&(String, String)| api == "shop1";
    let stages: Vec<&Stage> = road.stages.iter().filter(|(key, _)| of_shop(key)).map(|(_, stage)| stage).collect();
    let deployments: Vec<_> = road.deployments.keys().filter(of_shop).collect();
    (json!([road.apis["shop1"], stages, deployments]), backends(&road.methods["shop1"]))
}

/// The shop with this share of its traffic on green; the temporary API as provision-edge made it.
async fn with_share(share: u8) -> (Gate, Migration) {
    let gate = Gate::shop();
    let migration = Gate::migration(&[50, 100]).unwrap();
    {
        let mut road = gate.road();
        let mut link = road.links["blue1"].clone();
        "green1".clone_into(&mut link.id);
        road.links.insert("green1".to_owned(), link);
        let mut methods = road.methods["shop1"].clone();
        for backend in methods.iter_mut().filter_map(|method| method.integration.as_mut()) {
            if backend.connection != Connection::Internet {
                backend.connection = Connection::VpcLink("green1".to_owned());
                backend.uri = backend.uri.replace("shop.example.com", "green.example.com");
            }
        }
        let name = rest_api::name(&migration);
        let tags = rest_api::tags(&migration);
        let api = Api { id: TEMPORARY.to_owned(), name, tags, ..road.apis["shop1"].clone() };
        road.apis.insert(TEMPORARY.to_owned(), api);
        road.methods.insert(TEMPORARY.to_owned(), methods.clone());
        let deployment = Deployment { id: GREEN.to_owned(), ..Deployment::default() };
        road.deployments.insert(pair(TEMPORARY, GREEN), (deployment, methods));
        for (api, name, deployment) in
            [(TEMPORARY, "prod".to_owned(), GREEN), ("shop1", keeper_name(&migration, Side::Blue), "deployment-b")]
        {
            let stage = Stage { name: name.clone(), deployment_id: deployment.to_owned(), ..Stage::default() };
            road.stages.insert(pair(api, &name), stage);
        }
    }
    for (key, id) in [(rest_api::key(), TEMPORARY), (deployment::temporary(), GREEN), (stage::temporary(), "prod")] {
        gate.intend(&migration, &key, Value::Null).await.unwrap();
        gate.present(&migration, &key, id).await.unwrap();
    }
    let at = "2026-01-01T00:00:00Z".parse().unwrap();
    let shift = Shift { guarded: 1, share, started_at: at, shifted_at: at };
    shift.save(&gate, &migration).await.unwrap();
    (gate, migration)
}

async fn switched() -> (Gate, Migration) {
    with_share(100).await
}

fn turned(gate: &Gate, mut migration: Migration, on_abort: OnAbort) -> (Gate, Migration) {
    gate.ledger.set_owner(1, Direction::Undo);
    migration.input.on_abort = on_abort;
    (gate.clone(), Migration { direction: Direction::Undo, fence: 1, ..migration })
}

async fn back_with(on_abort: OnAbort) -> (Gate, Migration) {
    let (gate, migration) = switched().await;
    converge(&gate, &migration).await.unwrap();
    turned(&gate, migration, on_abort)
}

#[tokio::test]
async fn after_the_switch_the_temporary_url_shows_blue_under_the_public_hosts() {
    let (before, _) = switched().await;
    assert_eq!(served(&before.road()), expected("green1", "green.example.com"));
    let road = Gate::survives(switched, converge).await.unwrap().road;
    assert_eq!(served(&road), expected("blue1", "shop.example.com"));
    // Found by its name, called with the same settings.
    assert_eq!(road.apis[TEMPORARY], before.road().apis[TEMPORARY]);
    assert_eq!(road.stage_calls.len(), 1);
    assert_eq!(production(&road), production(&before.road()));
}

#[tokio::test]
async fn where_green_is_kept_the_temporary_url_shows_green_again() {
    let (before, _) = switched().await;
    let left = Gate::survives(async || back_with(OnAbort::Keep).await, undo).await.unwrap();
    assert_eq!(served(&left.road), expected("green1", "green.example.com"));
    assert_eq!(configured(&left.road), expected("green1", "green.example.com"));
    assert_eq!(left.road.apis[TEMPORARY], before.road().apis[TEMPORARY]);
    assert_eq!(production(&left.road), production(&before.road()));
    let shift = left.entries.iter().find(|entry| entry.key == stage_shift::temporary()).unwrap();
    assert_eq!(shift.status, Status::Absent);
}

#[tokio::test]
async fn a_swap_that_died_anywhere_is_taken_back() {
    for call in 1.. {
        let (gate, migration) = switched().await;
        gate.crash().after(call);
        let survived = converge(&gate, &migration).await.is_ok();
        gate.crash().after(0);
        let (gate, migration) = turned(&gate, migration, OnAbort::Keep);
        undo(&gate, &migration).await.unwrap();
        let road = gate.road().clone();
        assert_eq!(served(&road), expected("green1", "green.example.com"), "killed at call {call}");
        assert_eq!(configured(&road), expected("green1", "green.example.com"), "killed at call {call}");
        if survived {
            break;
        }
    }
}

#[tokio::test]
async fn where_green_is_deleted_the_temporary_api_is_left_to_its_deletion() {
    let (gate, migration) = back_with(OnAbort::Delete).await;
    let before = gate.left();
    undo(&gate, &migration).await.unwrap();
    assert_eq!(gate.left(), before);
}

#[tokio::test]
async fn a_temporary_api_that_people_deleted_stands_in_nobodys_way() {
    let (gate, migration) = back_with(OnAbort::Keep).await;
    gate.road().stages.remove(&pair(TEMPORARY, "prod"));
    undo(&gate, &migration).await.unwrap();
    assert!(gate.road().stage_calls.iter().all(|(_, patches)| *patches != [Patch::replace("/deploymentId", GREEN)]));
}

#[tokio::test]
async fn the_temporary_url_shows_green_until_green_has_all_of_the_traffic() {
    let (gate, migration) = with_share(50).await;
    let before = gate.left();
    assert_eq!(converge(&gate, &migration).await.unwrap_err().condition, Condition::Conflict);
    assert_eq!(gate.left(), before);
}

#[tokio::test]
async fn the_public_api_is_never_overwritten() {
    let (gate, migration) = switched().await;
    let before = gate.left();
    let refused = rest_api::overwrite(&gate, &migration, &migration.plan.edge.api.id, json!({})).await;
    assert_eq!(refused.unwrap_err().condition, Condition::Refused);
    assert_eq!(gate.left(), before);
}
