//! The guard, and the deletion of blue's edge, on an account in memory: only what was approved, twice, and killed after
//! every call.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use cleanup::{edge, guard};
use domain::plan::edge::{Api, Canary, Connection, LoadBalancer, Stage, UsagePlan, VpcLink};
use domain::ports::Ledger;
use domain::ports::gateway::{Deployment, Method};
use domain::resources::stage::{self, keeper_name};
use domain::resources::{deployment, integration, load_balancer, rest_api, stage_shift, usage_plan, vpc_link};
use domain::shift::Shift;
use domain::{Condition, Migration, PhaseError, Progress, ResourceKey, Side};
use serde_json::Value;
use testing::{Gate, Road};

const G: &str = "deployment-g";

fn now() -> jiff::Timestamp {
    "2026-01-08T00:00:00Z".parse().unwrap()
}

fn pair(api: &str, name: &str) -> (String, String) {
    (api.to_owned(), name.to_owned())
}

fn repointed(methods: &[Method], link: &str) -> Vec<Method> {
    let mut methods = methods.to_vec();
    for backend in methods.iter_mut().filter_map(|method| method.integration.as_mut()) {
        if backend.connection != Connection::Internet {
            backend.connection = Connection::VpcLink(link.to_owned());
        }
    }
    methods
}

fn stage(name: &str, deployment: &str) -> Stage {
    Stage { name: name.to_owned(), deployment_id: deployment.to_owned(), ..Stage::default() }
}

/// The shop days after its bake ended well.
async fn promoted() -> (Gate, Migration) {
    let gate = Gate::shop();
    let migration = Gate::migration(&[100]).unwrap();
    let mut entries: Vec<(ResourceKey, String)> = vec![
        (vpc_link::key(&migration), "green1".to_owned()),
        (load_balancer::key(&migration), "arn:balancer-green".to_owned()),
        (deployment::green(), G.to_owned()),
        (stage_shift::key(&migration), G.to_owned()),
        (integration::adopted(), "green1".to_owned()),
        (rest_api::key(), "temporary1".to_owned()),
        (deployment::temporary(), "deployment-t".to_owned()),
        (deployment::temporary_of_blue(), "deployment-tb".to_owned()),
        (stage_shift::temporary(), "deployment-tb".to_owned()),
        (stage::temporary(), "prod".to_owned()),
    ];
    {
        let mut road = gate.road();
        let blue = road.methods["shop1"].clone();
        let green = repointed(&blue, "green1");
        let link = VpcLink { id: "green1".to_owned(), status: "AVAILABLE".to_owned(), ..VpcLink::default() };
        road.links.insert("green1".to_owned(), link);
        let balancer = LoadBalancer { arn: "arn:balancer-green".to_owned(), ..LoadBalancer::default() };
        road.balancers.insert(balancer.arn.clone(), balancer);
        road.methods.insert("shop1".to_owned(), green.clone());
        let deployment = |id: &str| Deployment { id: id.to_owned(), ..Deployment::default() };
        road.deployments.insert(pair("shop1", G), (deployment(G), green.clone()));
        G.clone_into(&mut road.stages.get_mut(&pair("shop1", "prod")).unwrap().deployment_id);
        for (side, held) in [(Side::Blue, "deployment-b"), (Side::Green, G)] {
            let name = keeper_name(&migration, side);
            road.stages.insert(pair("shop1", &name), stage(&name, held));
            entries.push((stage::keeper(side), name));
        }
        let name = rest_api::name(&migration);
        let api = Api { id: "temporary1".to_owned(), name, tags: rest_api::tags(&migration), ..Api::default() };
        road.apis.insert(api.id.clone(), api);
        // It shows blue since the switch.
        road.methods.insert("temporary1".to_owned(), blue.clone());
        road.deployments.insert(pair("temporary1", "deployment-t"), (deployment("deployment-t"), green));
        road.deployments.insert(pair("temporary1", "deployment-tb"), (deployment("deployment-tb"), blue));
        road.stages.insert(pair("temporary1", "prod"), stage("prod", "deployment-tb"));
        let green_stage = keeper_name(&migration, Side::Green);
        for (key, api, stage) in [
            (usage_plan::temporary("gold"), "temporary1", "prod"),
            (usage_plan::smoke(), "shop1", green_stage.as_str()),
        ] {
            let name = usage_plan::name(&migration, &key);
            let plan = UsagePlan {
                id: name.clone(),
                name: name.clone(),
                stages: vec![pair(api, stage)],
                ..UsagePlan::default()
            };
            road.plans.insert(name.clone(), plan);
            entries.push((key, name));
        }
    }
    for (key, id) in entries {
        gate.intend(&migration, &key, Value::Null).await.unwrap();
        gate.present(&migration, &key, &id).await.unwrap();
    }
    let shifted_at = "2026-01-01T00:00:00Z".parse().unwrap();
    let shift = Shift { guarded: 1, share: 100, started_at: shifted_at, shifted_at };
    shift.save(&gate, &migration).await.unwrap();
    (gate, migration)
}

async fn refusal(change: impl FnOnce(&mut Road)) -> PhaseError {
    let (gate, migration) = promoted().await;
    change(&mut gate.road());
    guard::inspect(&gate, &migration, now()).await.unwrap_err()
}

#[tokio::test]
async fn an_idle_blue_that_nothing_points_at_passes_and_its_evidence_is_kept() {
    let (gate, migration) = promoted().await;
    guard::inspect(&gate, &migration, now()).await.unwrap();
    let seen = gate.progress(&migration, Progress::Cleanup).await.unwrap().unwrap();
    assert_eq!((seen["flows"].as_f64(), seen["deletes"].as_array().unwrap().len()), (Some(0.0), 3));
}

#[tokio::test]
async fn whatever_points_at_blue_breaches_the_guard_and_is_named() {
    let error = refusal(|road| {
        let methods = road.methods.get_mut("shop1").unwrap();
        *methods = repointed(methods, "blue1");
    })
    .await;
    assert_eq!(error.condition, Condition::GuardBreached);
    assert!(error.message.contains("GET /cart of the API shop1"), "{error}");

    let error = refusal(|road| {
        let methods = road.deployments[&pair("shop1", "deployment-b")].1.clone();
        road.apis.insert("other".to_owned(), Api { id: "other".to_owned(), ..Api::default() });
        road.deployments.insert(pair("other", "d"), (Deployment::default(), methods));
        road.stages.insert(pair("other", "live"), stage("live", "d"));
    })
    .await;
    assert_eq!(error.condition, Condition::GuardBreached);
    assert!(error.message.contains("the stage live of the API other"), "{error}");

    let error =
        refusal(|road| road.stages.get_mut(&pair("shop1", "prod")).unwrap().deployment_id = "deployment-b".to_owned())
            .await;
    assert_eq!(error.condition, Condition::GuardBreached);
}

#[tokio::test]
async fn a_link_v2_to_blues_load_balancer_and_a_canary_that_nobody_sees_count_as_pointing_at_blue() {
    let other = |road: &mut Road, connection: Connection, canary: Option<&str>| {
        let mut methods = repointed(&road.methods["shop1"], "green1");
        methods[0].integration.as_mut().unwrap().connection = connection;
        road.apis.insert("other".to_owned(), Api { id: "other".to_owned(), ..Api::default() });
        road.methods.insert("other".to_owned(), Vec::new());
        road.deployments.insert(pair("other", "d"), (Deployment::default(), methods));
        let canary = canary.map(|id| Canary { deployment_id: id.to_owned(), percent: 5.0 });
        let variables = [("green".to_owned(), "green1".to_owned())].into();
        road.stages.insert(pair("other", "live"), Stage { canary, variables, ..stage("live", "d") });
    };
    let green = || Connection::VpcLink("green1".to_owned());
    let v2 = |target: &str| Connection::VpcLinkV2 { id: "v2".to_owned(), target: target.to_owned() };
    let variable = || Connection::StageVariable("${stageVariables.green}".to_owned());
    let unseen = "perhaps the canary of the stage live, whose deployment gone no stage shows (promote or delete it)";
    for (connection, canary, expected) in [
        (green(), None, None),
        (v2("arn:balancer-green"), None, None),
        (v2("arn:balancer-blue"), None, Some("the stage live")),
        (v2("arn:listener-blue"), None, Some("the stage live")),
        (variable(), None, None),
        (green(), Some("d"), None),
        (green(), Some("gone"), Some(unseen)),
        (variable(), Some("d"), Some("the canary of the stage live")),
    ] {
        let (gate, migration) = promoted().await;
        other(&mut gate.road(), connection.clone(), canary);
        let answer = guard::inspect(&gate, &migration, now()).await.map_err(|error| error.message);
        let expected = expected.map_or(Ok(()), |what| {
            Err(format!(
                "blue's VPC link blue1 is still used by {what} of the API other. Point these at another link and deploy, then \
                 start the cleanup machine again"
            ))
        });
        assert_eq!(answer, expected, "{connection} {canary:?}");
    }
}

#[tokio::test]
async fn flows_and_missing_figures_are_waited_out() {
    for flows in [Some(3.0), None] {
        let error = refusal(|road| {
            road.flows.remove("arn:balancer-blue");
            road.flows.extend(flows.map(|flows| ("arn:balancer-blue".to_owned(), flows)));
        })
        .await;
        assert_eq!(error.condition, Condition::NotReady, "{error}");
    }
}

#[tokio::test]
async fn the_longest_request_is_waited_for() {
    let (gate, migration) = promoted().await;
    let soon = "2026-01-01T00:00:28Z".parse().unwrap();
    assert_eq!(guard::inspect(&gate, &migration, soon).await.unwrap_err().condition, Condition::NotReady);
}

async fn delete(gate: &Gate, migration: &Migration) -> Result<(), PhaseError> {
    edge::converge(gate, migration).await.map(drop)
}

#[tokio::test]
async fn blues_edge_and_everything_temporary_go_and_production_stays() {
    let left = Gate::survives(promoted, delete).await.unwrap();
    let road = left.road;
    assert_eq!(road.links.keys().collect::<Vec<_>>(), ["green1"]);
    assert_eq!(road.balancers.keys().collect::<Vec<_>>(), ["arn:balancer-green"]);
    assert!(road.groups.is_empty() && road.listeners.is_empty());
    assert_eq!(road.apis.keys().collect::<Vec<_>>(), ["shop1"]);
    assert_eq!(road.plans.keys().collect::<Vec<_>>(), ["gold"]);
    assert_eq!(road.stages.keys().collect::<Vec<_>>(), [&pair("shop1", "prod")]);
    assert_eq!(road.stages[&pair("shop1", "prod")].deployment_id, G);
    let present = left.entries.iter().filter(|entry| entry.is_live());
    let present: Vec<String> = present.map(|entry| entry.key.to_string()).collect();
    assert_eq!(
        present,
        ["RESOURCE#green#LoadBalancer#shop-blue", "RESOURCE#green#VpcLink#shop-blue", "RESOURCE#green#Deployment#G"]
    );
}

#[tokio::test]
async fn what_the_approved_list_does_not_name_is_not_deleted() {
    let (gate, mut migration) = promoted().await;
    migration.plan.deletes.clear();
    assert_eq!(gate.drive(&migration, delete).await.unwrap_err().condition, Condition::Refused);
    assert!(gate.road().links.contains_key("blue1"));
}
