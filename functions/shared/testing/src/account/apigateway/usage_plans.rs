//! Usage plans and API keys.

use super::super::Account;
use domain::PhaseError;
use domain::plan::edge::UsagePlan;
use domain::ports::UsagePlans;
use domain::ports::gateway::ApiKey;

/// What the value of an API key begins with; its id follows.
pub(crate) const KEY: &str = "secret of ";

impl UsagePlans for Account {
    async fn usage_plans(&self, api: Option<&str>) -> Result<Vec<UsagePlan>, PhaseError> {
        self.read("apigateway:GetUsagePlans", |aws| {
            let mut plans: Vec<UsagePlan> = aws.plans.values().cloned().collect();
            for plan in &mut plans {
                if !plan.stages.iter().any(|(id, _)| api.is_none_or(|api| api == id)) {
                    plan.key_ids.clear();
                }
            }
            plans
        })
    }

    async fn create_usage_plan(&self, plan: &UsagePlan) -> Result<String, PhaseError> {
        self.change("apigateway:CreateUsagePlan", |aws| {
            let is_http = |api: &String| aws.apis.get(api).is_some_and(|api| !api.protocol.is_rest());
            if plan.stages.iter().any(|(api, _)| is_http(api)) {
                return Err(PhaseError::refused("an HTTP API has no usage plans"));
            }
            let id = aws.create("UsagePlan", "plan-", &plan.name);
            aws.plans.insert(id.clone(), UsagePlan { id: id.clone(), key_ids: Vec::new(), ..plan.clone() });
            Ok(id)
        })
    }

    async fn add_key(&self, plan: &str, key: &str) -> Result<(), PhaseError> {
        self.change("apigateway:CreateUsagePlanKey", |aws| {
            let stages = aws.plans.get(plan).map(|plan| plan.stages.clone());
            let stages = stages.ok_or_else(|| PhaseError::refused("Invalid Usage Plan ID specified"))?;
            let others = aws.plans.values().filter(|other| other.id != plan);
            for other in others.filter(|other| other.key_ids.iter().any(|known| known == key)) {
                if other.stages.iter().any(|stage| stages.contains(stage)) {
                    return Err(PhaseError::conflict(format!(
                        "API Key {key} is already in Usage Plan {} for one of the API stages",
                        other.id
                    )));
                }
            }
            if let Some(plan) = aws.plans.get_mut(plan).filter(|plan| !plan.key_ids.iter().any(|known| known == key)) {
                plan.key_ids.push(key.to_owned());
            }
            Ok(())
        })
    }

    async fn remove_stages(&self, plan: &str, stages: &[(String, String)]) -> Result<(), PhaseError> {
        self.change("apigateway:UpdateUsagePlan", |aws| {
            if let Some(plan) = aws.plans.get_mut(plan) {
                plan.stages.retain(|covered| !stages.contains(covered));
            }
            Ok(())
        })
    }

    async fn delete_usage_plan(&self, plan: &str) -> Result<(), PhaseError> {
        self.change("apigateway:DeleteUsagePlan", |aws| {
            if aws.plans.get(plan).is_some_and(|plan| !plan.stages.is_empty()) {
                return Err(PhaseError::conflict("Cannot delete Usage Plan because it is associated with stages"));
            }
            aws.plans.remove(plan);
            Ok(())
        })
    }

    async fn api_key(&self, id: &str) -> Result<Option<ApiKey>, PhaseError> {
        self.read("apigateway:GetApiKey", |_| Some(ApiKey::new(format!("{KEY}{id}"))))
    }
}
