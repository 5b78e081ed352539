//! What the execution is started with.

use serde_json::{Value, json};

use crate::shop::Shop;
use crate::terraform::Projects;
use crate::world::gateway::STAGE;
use crate::world::{BLUE, GREEN, HOST, TEMPORARY_HOST, alarm};

use crate::scenario::{Options, Scenario};

/// The input of one story: the shop's, and what its world and the projects that manage it need beside.
pub(crate) fn of_the_story(shop: &Shop, options: &Options, scenario: Scenario, projects: Option<&Projects>) -> Value {
    let mut input = input(shop, &options.steps, scenario == Scenario::DryRun);
    input["blue"] = options.front.blue();
    input["workloads"]["replace"] = options.front.replace();
    input["bake"]["duration"] = options.bake.as_str().into();
    if let Some(smoke) = input["smoke"].as_array_mut() {
        smoke.extend(options.front.smoke());
    }
    if let Some(identities) = options.front.identities() {
        input["identities"] = identities;
    }
    if let (Some(held), Some(hold)) = (options.front.held(), input["workloads"]["hold"].as_array_mut()) {
        hold.push(held.into());
    }
    if let Some(volumes) = options.front.volumes() {
        input["workloads"]["volumes"] = volumes;
    }
    if let Some(projects) = projects {
        input["terraform"] = projects.input();
    }
    input
}

/// The input of the execution: the five lines, what may run once only (the load generator, and the Service that would get a load balancer), and waits that suit a demonstration.
#[must_use]
pub fn input(shop: &Shop, steps: &[u8], dry_run: bool) -> Value {
    // The stand-ins of the shop's containers answer with their cluster.
    let marker = json!({"path": "/products", "blue": BLUE, "green": GREEN});
    let mut input = json!({
        "blue": {"cluster": BLUE},
        "green": shop.green,
        "gateway": {if shop.api.is_http { "httpApiId" } else { "restApiId" }: shop.api.id, "stage": STAGE},
        "workloads": {
            "manifests": shop.manifests,
            "hosts": [{"primary": HOST, "temporary": TEMPORARY_HOST}],
            "hold": ["Deployment/default/loadgenerator", "Service/default/frontend-external"],
        },
        "smoke": [{"path": "/products"}, {"path": "/cart"}, {"path": "/"}],
        "cutover": {"steps": steps, "stepDuration": "4s", "deadline": "10m", "alarms": [alarm::arn()], "analysis": {"samples": 20}, "marker": marker},
        "bake": {"duration": "10s", "alarms": [alarm::arn()]},
        "approval": {"timeout": "1h", "onTimeout": "abort"},
        "cleanup": {"after": "2s", "approval": false},
        "dryRun": dry_run,
    });
    if !shop.api.others.is_empty() {
        let ids = shop.api.ids();
        input["gateway"] = ids.iter().map(|id| json!({"restApiId": id, "stage": STAGE})).collect();
        let requests =
            ids.iter().flat_map(|id| ["/products", "/cart"].map(|path| json!({"path": path, "restApiId": id})));
        input["smoke"] = requests.collect();
    }
    // What tells the sides apart, and what compares them, is sent to the default endpoint.
    if let Some(cutover) = input["cutover"].as_object_mut()
        && !shop.api.has_endpoint
    {
        cutover.remove("marker");
        cutover.insert("analysis".to_owned(), json!({"when": "never"}));
    }
    input
}
