//! The guard, and the deletion of blue's edge, on an account in memory: only what was approved, twice, and with a fault at every
//! call.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use cleanup::{edge, guard};
use domain::plan::edge::{Api, Canary, Connection, Stage, UsagePlan};
use domain::ports::Clock;
use domain::ports::gateway::{Deployment, Method};
use domain::resources::{deployment, integration, stage::keeper_name, stage_shift, usage_plan};
use domain::shift::Shift;
use domain::{Condition, Entry, Kind, Migration, Outcome, PhaseError, Progress, Side};
use jiff::SignedDuration;
use testing::shop::{API, G, GREEN_BALANCER, GREEN_LINK, GREEN_TARGET_GROUP, TEMPORARY, input};
use testing::{Account, Aws};

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

/// The shop a week after the switch, its bake ended well. The temporary API shows blue.
async fn promoted() -> (Account, Migration) {
    let (account, migration) = Account::opened(&input()).unwrap();
    account.prepare(&migration);
    let now = account.now();
    let shift = Shift { guarded: 1, share: 100, started_at: now, shifted_at: now };
    shift.save(&account, &migration).await.unwrap();
    {
        let mut aws = account.aws();
        let blue = aws.methods[API].clone();
        aws.methods.insert(API.to_owned(), repointed(&blue, GREEN_LINK));
        G.clone_into(&mut aws.stages.get_mut(&pair(API, "prod")).unwrap().deployment_id);
        aws.methods.insert(TEMPORARY.to_owned(), blue.clone());
        let deployment = Deployment { id: "deployment-tb".to_owned(), ..Deployment::default() };
        aws.deployments.insert(pair(TEMPORARY, "deployment-tb"), (deployment, blue));
        aws.stages.insert(pair(TEMPORARY, "prod"), stage("prod", "deployment-tb"));
        let name = usage_plan::name(&migration, &usage_plan::smoke(&migration));
        let stages = vec![pair(API, &keeper_name(&migration, Side::Green))];
        let plan = UsagePlan { id: "smoke".to_owned(), name, stages, ..UsagePlan::default() };
        aws.plans.insert(plan.id.clone(), plan);
    }
    for (key, id) in [
        (usage_plan::smoke(&migration), "smoke"),
        (stage_shift::key(&migration), G),
        (integration::adopted(&migration), GREEN_LINK),
        (deployment::temporary_of_blue(&migration), "deployment-tb"),
        (stage_shift::temporary(&migration), "deployment-tb"),
    ] {
        account.know(&migration, key, id);
    }
    account.wait(SignedDuration::from_hours(7 * 24));
    (account, migration)
}

async fn inspect(account: &Account, migration: &Migration) -> Result<(), PhaseError> {
    guard::inspect(account, migration, account.now()).await
}

async fn refusal(change: impl FnOnce(&mut Aws)) -> PhaseError {
    let (account, migration) = promoted().await;
    change(&mut account.aws());
    inspect(&account, &migration).await.unwrap_err()
}

#[tokio::test]
async fn an_idle_blue_that_nothing_points_at_passes_and_its_evidence_is_kept() {
    let (account, migration) = promoted().await;
    inspect(&account, &migration).await.unwrap();
    let seen = account.progress_of(&migration, Progress::Cleanup);
    assert_eq!(seen["flows"].as_f64(), Some(0.0));
    assert_eq!(seen["deletes"], serde_json::to_value(&migration.plan.deletes).unwrap());
}

#[tokio::test]
async fn whatever_points_at_blue_breaches_the_guard_and_is_named() {
    let error = refusal(|aws| {
        let methods = aws.methods.get_mut(API).unwrap();
        *methods = repointed(methods, "blue1");
    })
    .await;
    assert_eq!(error.condition, Condition::GuardBreached);
    assert!(error.message.contains("GET /cart of the API shop1"), "{error}");

    let error = refusal(|aws| {
        let methods = aws.deployments[&pair(API, "deployment-b")].1.clone();
        aws.apis.insert("other".to_owned(), Api { id: "other".to_owned(), ..Api::default() });
        aws.deployments.insert(pair("other", "d"), (Deployment::default(), methods));
        aws.stages.insert(pair("other", "live"), stage("live", "d"));
    })
    .await;
    assert_eq!(error.condition, Condition::GuardBreached);
    assert!(error.message.contains("the stage live of the API other"), "{error}");

    let error =
        refusal(|aws| aws.stages.get_mut(&pair(API, "prod")).unwrap().deployment_id = "deployment-b".to_owned()).await;
    assert_eq!(error.condition, Condition::GuardBreached);
}

#[tokio::test]
async fn a_link_v2_to_blues_load_balancer_and_a_canary_that_nobody_sees_count_as_pointing_at_blue() {
    let other = |aws: &mut Aws, connection: Connection, canary: Option<&str>| {
        let mut methods = aws.methods[API].clone();
        methods[0].integration.as_mut().unwrap().connection = connection;
        aws.apis.insert("other".to_owned(), Api { id: "other".to_owned(), ..Api::default() });
        aws.methods.insert("other".to_owned(), Vec::new());
        aws.deployments.insert(pair("other", "d"), (Deployment::default(), methods));
        let canary = canary.map(|id| Canary { deployment_id: id.to_owned(), percent: 5.0, ..Canary::default() });
        let variables = [("green".to_owned(), GREEN_LINK.to_owned())].into();
        aws.stages.insert(pair("other", "live"), Stage { canary, variables, ..stage("live", "d") });
    };
    let green = || Connection::VpcLink(GREEN_LINK.to_owned());
    let v2 = |target: &str| Connection::VpcLinkV2 { id: "v2".to_owned(), target: target.to_owned() };
    let variable = || Connection::StageVariable("${stageVariables.green}".to_owned());
    let unseen = "perhaps the canary of the stage live, whose deployment gone no stage shows (promote or delete it)";
    for (connection, canary, expected) in [
        (green(), None, None),
        (v2(GREEN_BALANCER), None, None),
        (v2("arn:balancer-blue"), None, Some("the stage live")),
        (v2("arn:listener-blue"), None, Some("the stage live")),
        (variable(), None, None),
        (green(), Some("d"), None),
        (green(), Some("gone"), Some(unseen)),
        (variable(), Some("d"), Some("the canary of the stage live")),
    ] {
        let (account, migration) = promoted().await;
        other(&mut account.aws(), connection.clone(), canary);
        let answer = inspect(&account, &migration).await.map_err(|error| error.message);
        let expected = expected.map_or(Ok(()), |what| {
            Err(format!(
                "blue's VPC link blue1 is still used by {what} of the API other. Point these at another one and deploy, then \
                 start the cleanup machine again"
            ))
        });
        assert_eq!(answer, expected, "{connection} {canary:?}");
    }
}

#[tokio::test]
async fn flows_and_missing_figures_are_waited_out() {
    for flows in [Some(3.0), None] {
        let always = jiff::Timestamp::MIN;
        let error = refusal(|aws| aws.flows.extend([("arn:balancer-blue".to_owned(), (always, flows))])).await;
        assert_eq!(error.condition, Condition::NotReady, "{error}");
    }
}

// "If there are no requests flowing through the load balancer or no data for a metric, the metric is not reported"
// (https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-cloudwatch-metrics.html).
#[tokio::test]
async fn a_metric_that_was_reported_while_blue_served_and_is_not_any_more_means_no_flows() {
    let (account, migration) = promoted().await;
    let silent = (migration.opened_at, None);
    account.aws().flows.insert("arn:balancer-blue".to_owned(), silent);
    inspect(&account, &migration).await.unwrap();
    assert_eq!(account.progress_of(&migration, Progress::Cleanup)["flows"].as_f64(), Some(0.0));
}

#[tokio::test]
async fn the_longest_request_is_waited_for() {
    let (account, migration) = promoted().await;
    let soon = migration.opened_at + SignedDuration::from_secs(28);
    let error = guard::inspect(&account, &migration, soon).await.unwrap_err();
    assert_eq!(error, PhaseError::not_ready("the longest request to blue may still be under way"));
}

async fn delete(account: &Account, migration: &Migration) -> Result<Outcome, PhaseError> {
    edge::converge(account, migration).await
}

#[tokio::test]
async fn blues_edge_and_everything_temporary_go_and_production_stays() {
    let left = Account::survives(promoted, delete).await.unwrap();
    let aws = left.aws;
    assert_eq!(aws.links.keys().collect::<Vec<_>>(), [GREEN_LINK]);
    assert_eq!(aws.balancers.keys().collect::<Vec<_>>(), [GREEN_BALANCER]);
    assert_eq!(aws.target_groups.keys().collect::<Vec<_>>(), [GREEN_TARGET_GROUP]);
    assert_eq!(aws.listeners.keys().collect::<Vec<_>>(), [GREEN_BALANCER]);
    assert_eq!(aws.apis.keys().collect::<Vec<_>>(), [API]);
    assert_eq!(aws.plans.keys().collect::<Vec<_>>(), ["gold"]);
    assert_eq!(aws.stages.keys().collect::<Vec<_>>(), [&pair(API, "prod")]);
    assert_eq!(aws.stages[&pair(API, "prod")].deployment_id, G);
    let of_edge = |entry: &&Entry| !matches!(entry.key.kind, Kind::Cluster | Kind::AccessEntry);
    let present = left.entries.iter().filter(|entry| entry.is_live()).filter(of_edge);
    let present: Vec<String> = present.map(|entry| entry.key.to_string()).collect();
    assert_eq!(
        present,
        [
            "RESOURCE#green#LoadBalancer#shop-blue",
            "RESOURCE#green#TargetGroup#shop-blue-http",
            "RESOURCE#green#VpcLink#shop-blue",
            "RESOURCE#green#Deployment#G",
        ]
    );
}

#[tokio::test]
async fn what_the_approved_list_does_not_name_is_not_deleted() {
    let (account, mut migration) = promoted().await;
    migration.plan.deletes.clear();
    assert_eq!(account.drive(&migration, delete).await.unwrap_err().condition, Condition::Refused);
    assert!(account.aws().links.contains_key("blue1"));
}
