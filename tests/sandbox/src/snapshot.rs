//! What the customers of the API hold on to, before and after: it must not change.

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Value, json};

use crate::aws::Aws;
use crate::digest::sha256;
use crate::error::{Context, Result};
use crate::world::front::VARIABLE;
use crate::world::gateway::STAGE;

/// The public face of the APIs.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    apis: Vec<Value>,
    stages: Vec<Value>,
    keys: BTreeMap<String, String>,
    plans: BTreeMap<String, Value>,
    domains: Vec<Value>,
}

/// Which parts are as they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(clippy::struct_excessive_bools)]
pub struct Unchanged {
    /// Every API with its id.
    pub rest_api_id: bool,
    /// Its stage with its name.
    pub stage_name: bool,
    /// The keys, by id, name and value.
    pub api_keys: bool,
    /// The usage plans with their members.
    pub usage_plans: bool,
    /// The domains with their mappings.
    pub custom_domain: bool,
}

impl Unchanged {
    /// Whether all parts are.
    #[must_use]
    pub fn all(self) -> bool {
        self.rest_api_id && self.stage_name && self.api_keys && self.usage_plans && self.custom_domain
    }
}

impl Snapshot {
    /// Reads the public face from API Gateway. Of the keys' values only digests are kept.
    ///
    /// # Errors
    /// When API Gateway refuses.
    pub async fn take(aws: &Aws, ids: &[&str]) -> Result<Self> {
        let (mut apis, mut stages) = (Vec::new(), Vec::new());
        let of_http: Vec<String> =
            items(&get(aws, "/v2/apis?maxResults=500").await?).iter().map(|api| text(api, "apiId")).collect();
        for api in ids {
            if of_http.iter().any(|id| id == api) {
                let about = get(aws, &format!("/v2/apis/{api}")).await?;
                apis.push(json!([about["apiId"], about["name"], about["apiEndpoint"], about["createdDate"]]));
                let stage = get(aws, &format!("/v2/apis/{api}/stages/{STAGE}")).await?;
                stages.push(json!([stage["stageName"], stage["createdDate"], stage["stageVariables"]]));
                continue;
            }
            let about = get(aws, &format!("/restapis/{api}")).await?;
            apis.push(json!([about["id"], about["name"], about["endpointConfiguration"], about["createdDate"]]));
            let mut stage = get(aws, &format!("/restapis/{api}/stages/{STAGE}")).await?;
            if let Some(variables) = stage["variables"].as_object_mut() {
                // What the switch changes in such an account, and nothing else may.
                variables.remove(VARIABLE);
            }
            stages.push(json!([stage["stageName"], stage["createdDate"], stage["variables"]]));
        }
        let mut keys = BTreeMap::new();
        for key in items(&get(aws, "/apikeys?includeValues=true&limit=500").await?) {
            let value = key["value"].as_str().context("a key's value")?;
            let digest = sha256(value);
            keys.insert(text(&key, "id"), format!("{} {} {digest}", text(&key, "name"), key["enabled"]));
        }
        let mut plans = BTreeMap::new();
        for plan in items(&get(aws, "/usageplans?limit=500").await?) {
            let id = text(&plan, "id");
            let mut members: Vec<String> = items(&get(aws, &format!("/usageplans/{id}/keys?limit=500")).await?)
                .iter()
                .map(|key| text(key, "id"))
                .collect();
            members.sort();
            plans.insert(id, json!({"plan": plan, "keys": members}));
        }
        let mut domains = Vec::new();
        for domain in items(&get(aws, "/domainnames?limit=500").await?) {
            let mappings = get(aws, &format!("/domainnames/{}/basepathmappings", text(&domain, "domainName"))).await?;
            domains.push(json!([domain, items(&mappings)]));
        }
        Ok(Self { apis, stages, keys, plans, domains })
    }

    /// Compares with an earlier one.
    #[must_use]
    pub fn unchanged(&self, before: &Self) -> Unchanged {
        Unchanged {
            rest_api_id: self.apis == before.apis,
            stage_name: self.stages == before.stages,
            api_keys: self.keys == before.keys,
            usage_plans: self.plans == before.plans,
            custom_domain: self.domains == before.domains,
        }
    }
}

async fn get(aws: &Aws, path: &str) -> Result<Value> {
    aws.rest("apigateway", Method::GET, path, None).await
}

/// The entries of a collection: `item`, as API Gateway's wire format calls them.
pub(crate) fn items(answer: &Value) -> Vec<Value> {
    answer["item"].as_array().or_else(|| answer["items"].as_array()).cloned().unwrap_or_default()
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().to_owned()
}
