//! One project whose state takes up green by a merge request: files beside its state. The state itself is only read. Where addresses are
//! moved in a state that has the stage too, such a request names the deployment that the stage has since the switch.

use crate::{
    Ports,
    journal::{Journal, Record, Side, Stage},
};
use domain::{
    Migration, PhaseError,
    adoption::{Adoption, Counterparts, File, NAMES, files, groups_of_rules},
    plan::terraform::Handover,
    ports::terraform_states::Only,
    terraform::{Place, State},
};
use serde_json::json;

/// Writes the merge request, or takes it back.
///
/// # Errors
/// `Conflict` where the state is not the one that preflight read.
pub(crate) async fn reach<P: Ports>(
    ports: &P,
    migration: &Migration,
    journal: &mut Journal,
    index: usize,
    side: Side,
) -> Result<(), PhaseError> {
    let place = &migration.plan.terraform[index].places[0];
    let record = journal.projects[index].clone();
    if record.stage == Stage::Rest && record.side() == side {
        return Ok(());
    }
    let exchanges = record.exchanges + u32::from(record.side() != side);
    match side {
        Side::After => {
            // Before the first file: what is written of them is taken back, wherever this is killed.
            journal.save(ports, migration, index, Record { stage: Stage::Requesting, ..record }).await?;
            request(ports, migration, &migration.plan.terraform[index]).await?;
        }
        Side::Before => take_back(ports, migration, place).await?,
    }
    journal.save(ports, migration, index, Record { exchanges, stage: Stage::Rest }).await
}

/// Writes the files. Beside a state in which addresses were moved none, where that is all there is to do.
///
/// # Errors
/// `Conflict` where the state is not the one that preflight read.
pub(crate) async fn request<P: Ports>(ports: &P, migration: &Migration, handover: &Handover) -> Result<(), PhaseError> {
    let (place, lineage) = (&handover.places[0], &handover.lineages[0]);
    let conflict = |why: String| {
        PhaseError::conflict(format!(
            "the state s3://{}: {why}; no merge request was written for it. Put the former one back and run bascule-handover-terraform again",
            place.lock_id()
        ))
    };
    let stored = ports.state(&place.bucket, &place.object).await?;
    let stored = stored.ok_or_else(|| conflict("it is gone".to_owned()))?;
    let state = State::read(&stored.bytes).map_err(|unreadable| conflict(unreadable.to_string()))?;
    if state.lineage != *lineage {
        return Err(conflict(format!("its lineage is {}, expected {lineage}", state.lineage)));
    }
    let mut counterparts = Counterparts::of(migration, &ports.entries(migration).await?);
    let groups = groups_of_rules(&state, &counterparts);
    if !groups.is_empty() {
        counterparts = counterparts.with_rules(ports.identified_rules(&groups).await?);
    }
    let adoption = Adoption::of(&state, migration, &counterparts);
    if !handover.adopt && adoption.is_empty() {
        return Ok(());
    }
    for File { name, text } in files(&adoption, place, migration.name()) {
        write(ports, place, &place.merge_request(migration.name(), name), text.into_bytes()).await?;
    }
    let evidence = json!({
        "directory": place.merge_request_uri(migration.name()),
        "imports": adoption.taken.len(),
        "values": adoption.set.len(),
        "left": adoption.left.len(),
    });
    ports.record(migration, "a merge request for a Terraform state is written", evidence).await
}

async fn write<P: Ports>(ports: &P, place: &Place, key: &str, bytes: Vec<u8>) -> Result<(), PhaseError> {
    let only = match ports.state(&place.bucket, key).await? {
        Some(found) if found.bytes == bytes => return Ok(()),
        Some(found) => Only::IfMatch(found.etag),
        None => Only::IfAbsent,
    };
    if ports.put_state(&place.bucket, key, place.kms_key_id.as_deref(), only, bytes).await? {
        return Ok(());
    }
    Err(PhaseError::unavailable(format!("s3://{}/{key} was written by another copy of this function", place.bucket)))
}

/// Deletes the files, but where they were applied: then people need the README and what makes Terraform forget green. Where there is no
/// state any more, nothing was applied that is still known.
///
/// # Errors
/// `Conflict` where the state cannot be read, and with it whether they were.
pub(crate) async fn take_back<P: Ports>(ports: &P, migration: &Migration, place: &Place) -> Result<(), PhaseError> {
    let stored = ports.state(&place.bucket, &place.object).await?;
    let state = stored.as_ref().map(|stored| State::read(&stored.bytes)).transpose().map_err(|unreadable| {
        PhaseError::conflict(format!(
            "the state s3://{}: {unreadable}; whether the merge request in {} was applied cannot be told, and it was left. Put the state \
             back, with `terraform state push` or from the bucket's versions, and start bascule-rollback again",
            place.lock_id(),
            place.merge_request_uri(migration.name()),
        ))
    })?;
    let counterparts = Counterparts::of(migration, &ports.entries(migration).await?);
    let applied = state.is_some_and(|state| {
        let ids = state.managed().flat_map(|(_, instance)| instance.attributes(["id", "arn"])).flatten();
        ids.into_iter().any(|id| counterparts.is_green(&id))
    });
    if applied {
        let evidence = json!({ "directory": place.merge_request_uri(migration.name()), "apply": "way-back.tf" });
        return ports.record(migration, "a merge request that was applied is to be taken back", evidence).await;
    }
    for name in NAMES {
        let key = place.merge_request(migration.name(), name);
        if let Some(found) = ports.state(&place.bucket, &key).await? {
            ports.delete_state(&place.bucket, &key, &found.etag).await?;
        }
    }
    Ok(())
}
