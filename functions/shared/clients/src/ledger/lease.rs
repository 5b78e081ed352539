//! A phase's lease: one running copy of a phase and migration at a time.

use super::{Ledger, SCHEMA, number, text};
use crate::{Account, error::phase_error};
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use domain::{MigrationId, PhaseError, audit::Said, ports::Leases};

impl Leases for Account {
    async fn lease(
        &self,
        id: &MigrationId,
        phase: &str,
        holder: &str,
        until: jiff::Timestamp,
    ) -> Result<(), PhaseError> {
        let ledger = self.ledger()?;
        let now = jiff::Timestamp::now();
        let taken = ledger
            .client
            .update_item()
            .table_name(&ledger.table)
            .key("pk", text(Ledger::partition(id)))
            .key("sk", text(format!("PHASE#{phase}")))
            .update_expression(
                "SET holder = :holder, heldUntil = :until, startedAt = if_not_exists(startedAt, :now), #schema = :schema \
                 ADD attempts :one",
            )
            .condition_expression("attribute_not_exists(holder) OR holder = :holder OR heldUntil < :millis")
            .expression_attribute_names("#schema", "schema")
            .expression_attribute_values(":holder", text(holder))
            .expression_attribute_values(":until", number(until.as_millisecond()))
            .expression_attribute_values(":millis", number(now.as_millisecond()))
            .expression_attribute_values(":now", text(now.to_string()))
            .expression_attribute_values(":schema", number(SCHEMA))
            .expression_attribute_values(":one", number(1))
            .send()
            .await;
        match taken {
            Ok(_) => Ok(()),
            Err(error)
                if matches!(error.as_service_error(), Some(UpdateItemError::ConditionalCheckFailedException(_))) =>
            {
                Err(PhaseError::not_ready(format!("another copy of {phase} is still running")))
            }
            Err(error) => Err(phase_error("taking the lease", &error)),
        }
    }

    async fn release(
        &self,
        id: &MigrationId,
        phase: &str,
        holder: &str,
        said: Option<&Said>,
    ) -> Result<(), PhaseError> {
        let ledger = self.ledger()?;
        let kept = if said.is_some() {
            "SET endedAt = :now, said = :said REMOVE holder, heldUntil"
        } else {
            "SET endedAt = :now REMOVE holder, heldUntil, said"
        };
        let mut call = ledger
            .client
            .update_item()
            .table_name(&ledger.table)
            .key("pk", text(Ledger::partition(id)))
            .key("sk", text(format!("PHASE#{phase}")))
            .update_expression(kept)
            .condition_expression("holder = :holder")
            .expression_attribute_values(":holder", text(holder))
            .expression_attribute_values(":now", text(jiff::Timestamp::now().to_string()));
        if let Some(said) = said {
            let said = serde_json::to_string(said).map_err(|error| PhaseError::refused(error.to_string()))?;
            call = call.expression_attribute_values(":said", text(said));
        }
        let given = call.send().await;
        match given {
            Err(error)
                if !matches!(error.as_service_error(), Some(UpdateItemError::ConditionalCheckFailedException(_))) =>
            {
                Err(phase_error("giving the lease back", &error))
            }
            _ => Ok(()),
        }
    }
}
