//! What of the account a workshop has besides clusters.

use super::Workshop;
use domain::{
    PhaseError, Tags,
    plan::edge::{TargetGroup, UsagePlan},
    ports::{
        Alarms, Probes, TargetGroups, UsagePlans,
        alarms::AlarmState,
        gateway::ApiKey,
        load_balancers::{Named, Target},
        probes::{Answered, Probe},
    },
};
use std::collections::BTreeMap;

impl Probes for Workshop {
    async fn probe(&self, probe: &Probe) -> Result<Answered, PhaseError> {
        self.crash().alive()?;
        let status = self.shelf().answers.get(&probe.path).copied().unwrap_or(200);
        self.crash().point()?;
        Ok(Answered { status, ..Answered::default() })
    }
}

impl Alarms for Workshop {
    async fn states(&self, arns: &[String]) -> Result<Vec<AlarmState>, PhaseError> {
        self.crash().alive()?;
        let found = arns.iter().map(|arn| self.shelf().alarms.get(arn).copied().unwrap_or(AlarmState::Ok)).collect();
        self.crash().point()?;
        Ok(found)
    }
}

impl TargetGroups for Workshop {
    async fn target_group(&self, _: Named<'_>) -> Result<Option<TargetGroup>, PhaseError> {
        Ok(None)
    }

    async fn create_target_group(&self, _: &str, _: &TargetGroup, _: &Tags) -> Result<String, PhaseError> {
        Err(PhaseError::refused("not here"))
    }

    async fn set_target_group_attributes(&self, _: &str, _: &BTreeMap<String, String>) -> Result<(), PhaseError> {
        Err(PhaseError::refused("not here"))
    }

    async fn delete_target_group(&self, _: &str) -> Result<(), PhaseError> {
        Err(PhaseError::refused("not here"))
    }

    async fn targets(&self, arn: &str) -> Result<Vec<Target>, PhaseError> {
        self.crash().alive()?;
        let found = self.shelf().targets.get(arn).cloned().unwrap_or_default();
        self.crash().point()?;
        Ok(found)
    }
}

impl UsagePlans for Workshop {
    async fn usage_plans(&self, _: Option<&str>) -> Result<Vec<UsagePlan>, PhaseError> {
        Ok(Vec::new())
    }

    async fn create_usage_plan(&self, _: &UsagePlan) -> Result<String, PhaseError> {
        Err(PhaseError::refused("not here"))
    }

    async fn add_key(&self, _: &str, _: &str) -> Result<(), PhaseError> {
        Err(PhaseError::refused("not here"))
    }

    async fn remove_stage(&self, _: &str, _: &str, _: &str) -> Result<(), PhaseError> {
        Err(PhaseError::refused("not here"))
    }

    async fn delete_usage_plan(&self, _: &str) -> Result<(), PhaseError> {
        Err(PhaseError::refused("not here"))
    }

    async fn api_key(&self, id: &str) -> Result<Option<ApiKey>, PhaseError> {
        Ok(Some(ApiKey::new(format!("value of {id}"))))
    }
}
