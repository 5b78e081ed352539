//! Usage plans and API keys.

use super::{GAP, PAGE, client, convert, found, gone, once, refusal};
use crate::{
    Account,
    error::{code, phase_error},
};
use aws_sdk_apigateway::types::{ApiStage, QuotaSettings, ThrottleSettings};
use domain::PhaseError;
use domain::plan::edge::UsagePlan;
use domain::ports::UsagePlans;
use domain::ports::gateway::{ApiKey, Patch};

impl UsagePlans for Account {
    async fn usage_plans(&self, api: Option<&str>) -> Result<Vec<UsagePlan>, PhaseError> {
        let client = client(self);
        let pages = client.get_usage_plans().limit(PAGE).into_paginator().items().send();
        let plans: Result<Vec<_>, _> = pages.collect().await;
        let plans = plans.map_err(|error| phase_error("listing the usage plans", &error))?;
        let mut plans: Vec<UsagePlan> = plans.iter().map(convert::plan).collect();
        for plan in &mut plans {
            if !plan.stages.iter().any(|(id, _)| api.is_none_or(|api| api == id)) {
                continue;
            }
            let pages =
                client.get_usage_plan_keys().usage_plan_id(&plan.id).limit(PAGE).into_paginator().items().send();
            let keys: Result<Vec<_>, _> = pages.collect().await;
            let keys =
                keys.map_err(|error| phase_error(&format!("reading the keys of the usage plan {}", plan.id), &error))?;
            plan.key_ids = keys.into_iter().filter_map(|key| key.id).collect();
            plan.key_ids.sort();
        }
        Ok(plans)
    }

    async fn create_usage_plan(&self, plan: &UsagePlan) -> Result<String, PhaseError> {
        let context = format!("creating the usage plan {}", plan.name);
        let stages = plan.stages.iter().map(|(api, stage)| ApiStage::builder().api_id(api).stage(stage).build());
        let throttle = plan.throttle.as_ref();
        let quota = plan.quota.as_ref();
        let answer = once(self)
            .create_usage_plan()
            .name(&plan.name)
            .set_api_stages(Some(stages.collect()))
            .set_throttle(throttle.map(|throttle| {
                ThrottleSettings::builder().rate_limit(throttle.rate).burst_limit(throttle.burst).build()
            }))
            .set_quota(quota.map(|quota| {
                QuotaSettings::builder()
                    .limit(quota.limit)
                    .offset(quota.offset)
                    .period(quota.period.as_str().into())
                    .build()
            }))
            .set_tags(convert::unsorted(&plan.tags))
            .send()
            .await
            .map_err(|error| phase_error(&context, &error))?;
        answer.id.ok_or_else(|| PhaseError::unavailable(format!("{context}: the answer has no id")))
    }

    async fn add_key(&self, plan: &str, key: &str) -> Result<(), PhaseError> {
        self.pace(GAP).await;
        let answer =
            client(self).create_usage_plan_key().usage_plan_id(plan).key_id(key).key_type("API_KEY").send().await;
        match answer {
            Ok(_) => Ok(()),
            Err(error) => {
                let refused = phase_error(&format!("adding the API key {key} to the usage plan {plan}"), &error);
                let is_in_it = code(&error) == "ConflictException" && !refused.condition.is_retried();
                if is_in_it { Ok(()) } else { Err(refused) }
            }
        }
    }

    async fn remove_stages(&self, plan: &str, stages: &[(String, String)]) -> Result<(), PhaseError> {
        let named: Vec<String> = stages.iter().map(|(api, stage)| format!("{api}:{stage}")).collect();
        let patches: Vec<Patch> =
            named.iter().map(|stage| Patch::RemoveValue("/apiStages".to_owned(), stage.clone())).collect();
        let answer = client(self)
            .update_usage_plan()
            .usage_plan_id(plan)
            .set_patch_operations(Some(convert::patches(&patches)))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(()),
            Err(error) if code(&error) == "NotFoundException" => Ok(()),
            Err(error) => {
                Err(refusal(&format!("taking the stages {} out of the usage plan {plan}", named.join(", ")), &error))
            }
        }
    }

    async fn delete_usage_plan(&self, plan: &str) -> Result<(), PhaseError> {
        let answer = client(self).delete_usage_plan().usage_plan_id(plan).send().await;
        gone(&format!("deleting the usage plan {plan}"), answer)
    }

    async fn api_key(&self, id: &str) -> Result<Option<ApiKey>, PhaseError> {
        let answer = client(self).get_api_key().api_key(id).include_value(true).send().await;
        let found = found(&format!("reading the API key {id}"), answer)?;
        Ok(found.filter(|key| key.enabled).and_then(|key| key.value).map(ApiKey::new))
    }
}
