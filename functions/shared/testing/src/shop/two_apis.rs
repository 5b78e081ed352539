//! The shop behind two APIs: beside the public one another whose methods go through the same VPC link, with a deployment of its own, and
//! with a stage of the same name that the same usage plan covers.

use super::edge::method;
use super::{API, G};
use crate::account::{Aws, pair};
use crate::{Account, migration};
use domain::plan::edge::{Api, OtherApi, Stage, UsagePlan};
use domain::ports::gateway::{Deployment, Method};
use domain::resources::deployment;
use domain::{Migration, Problem};
use serde_json::{Value, json};

/// The id of the second public API; its stage is `prod`.
pub const OTHER: &str = "shop2";
/// The id of its deployment that sends requests to green.
pub const OTHER_G: &str = "deployment-g2";
/// The id of its deployment B.
const OTHER_B: &str = "deployment-b2";

fn methods() -> Vec<Method> {
    vec![method("GET", "/pay"), method("POST", "/pay")]
}

pub(super) fn put(aws: &mut Aws) {
    let OtherApi { api, stage, .. } = found();
    let deployment = Deployment { id: OTHER_B.to_owned(), ..Deployment::default() };
    aws.apis.insert(OTHER.to_owned(), api);
    aws.methods.insert(OTHER.to_owned(), methods());
    aws.deployments.insert(pair(OTHER, OTHER_B), (deployment, methods()));
    aws.stages.insert(pair(OTHER, "prod"), stage);
    aws.traffic.insert(pair(OTHER, "prod"));
    for plan in aws.plans.values_mut() {
        plan.stages.push(pair(OTHER, "prod"));
    }
}

/// What preflight finds of it.
#[must_use]
pub fn found() -> OtherApi {
    let edge = super::edge::found();
    let plans = edge.usage_plans.into_iter();
    OtherApi {
        api: Api { id: OTHER.to_owned(), name: "pay".to_owned(), ..edge.api },
        stage: Stage { deployment_id: OTHER_B.to_owned(), ..edge.stage },
        integrations: methods().iter().filter_map(Method::linked).collect(),
        vpc_endpoint: None,
        functions: Vec::new(),
        usage_plans: plans
            .map(|plan| UsagePlan { stages: vec![pair(API, "prod"), pair(OTHER, "prod")], ..plan })
            .collect(),
        longest_timeout_millis: edge.longest_timeout_millis,
    }
}

/// What the input names them by.
#[must_use]
pub fn gateway() -> Value {
    json!([{ "restApiId": API, "stage": "prod" }, { "restApiId": OTHER, "stage": "prod" }])
}

impl Account {
    /// The shop behind both, prepared for the switch with a migration of this input.
    ///
    /// # Errors
    /// Every problem of the input.
    pub fn prepared_for_two(input: &Value) -> Result<(Self, Migration), Vec<Problem>> {
        let account = Self::shop_behind(super::Front::TwoApis);
        let mut plan = account.plan();
        plan.edge.others = vec![found()];
        let migration = Migration { plan, ..migration(input)? };
        account.enter(&migration);
        account.prepare(&migration);
        let of_other = deployment::green(&migration.per_api()[1]);
        let deployed = Deployment { id: OTHER_G.to_owned(), ..Deployment::default() };
        let through_green = account.aws().deployments[&pair(API, G)].1.clone();
        account.aws().deployments.insert(pair(OTHER, OTHER_G), (deployed, through_green));
        account.know(&migration, of_other, OTHER_G);
        Ok((account, migration))
    }
}
