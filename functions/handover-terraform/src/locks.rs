//! Locks of states as Terraform's S3 backend takes them, so that both respect each other.

use crate::Ports;
use domain::{
    Condition, Migration, PhaseError,
    ports::terraform_states::Only,
    terraform::{LockInfo, Place},
};

/// Locks every place; those that are Bascule's already stay so.
///
/// # Errors
/// `NotReady` with the holder where somebody else has one: it is waited for and never forced.
pub(crate) async fn hold<P: Ports>(ports: &P, migration: &Migration, places: &[Place]) -> Result<(), PhaseError> {
    for place in places {
        let own = LockInfo::of(migration.id.as_str(), place, ports.now());
        // In Terraform's order, where a project has both.
        if place.lock_file && !file(ports, place, &own).await? {
            return Err(held(place, read_file(ports, place).await?.map(|(info, _)| info).as_ref()));
        }
        if let Some(table) = &place.lock_table
            && !row(ports, table, place, &own).await?
        {
            let info = ports.state_lock(table, &place.lock_id()).await?;
            return Err(held(place, info.as_deref().map(LockInfo::read).as_ref()));
        }
    }
    Ok(())
}

fn held(place: &Place, info: Option<&LockInfo>) -> PhaseError {
    let holder = info.map_or_else(|| "somebody who has just given it back".to_owned(), LockInfo::holder);
    PhaseError::not_ready(format!(
        "the state s3://{} is locked by {holder}; Bascule waits and takes no lock by force. Where nobody works on it any more, \
         `terraform force-unlock` in the workspace {} gives it back",
        place.lock_id(),
        place.workspace
    ))
}

/// Whether the lock file is Bascule's now.
async fn file<P: Ports>(ports: &P, place: &Place, own: &LockInfo) -> Result<bool, PhaseError> {
    let (key, text) = (place.lock_file_object(), own.written());
    let kms = place.kms_key_id.as_deref();
    if ports.put_state(&place.bucket, &key, kms, Only::IfAbsent, text.into_bytes()).await? {
        return Ok(true);
    }
    Ok(read_file(ports, place).await?.is_some_and(|(info, _)| info.id == own.id))
}

/// What the lock file says, and its entity tag.
async fn read_file<P: Ports>(ports: &P, place: &Place) -> Result<Option<(LockInfo, String)>, PhaseError> {
    let found = ports.state(&place.bucket, &place.lock_file_object()).await?;
    Ok(found.map(|found| (LockInfo::read(&String::from_utf8_lossy(&found.bytes)), found.etag)))
}

/// Whether the lock of the table is Bascule's now.
async fn row<P: Ports>(ports: &P, table: &str, place: &Place, own: &LockInfo) -> Result<bool, PhaseError> {
    if ports.put_state_lock(table, &place.lock_id(), &own.written()).await? {
        return Ok(true);
    }
    let found = ports.state_lock(table, &place.lock_id()).await?;
    Ok(found.is_some_and(|text| LockInfo::read(&text).id == own.id))
}

/// Gives every lock back that is Bascule's, and no other.
///
/// # Errors
/// Only those of the calls.
pub(crate) async fn release<P: Ports>(ports: &P, migration: &Migration, places: &[Place]) -> Result<(), PhaseError> {
    for place in places.iter().rev() {
        let own = LockInfo::of(migration.id.as_str(), place, ports.now());
        if let Some(table) = &place.lock_table
            && let Some(text) = ports.state_lock(table, &place.lock_id()).await?
            && LockInfo::read(&text).id == own.id
        {
            ports.delete_state_lock(table, &place.lock_id(), &text).await?;
        }
        if place.lock_file
            && let Some((info, etag)) = read_file(ports, place).await?
            && info.id == own.id
        {
            ports.delete_state(&place.bucket, &place.lock_file_object(), &etag).await?;
        }
    }
    Ok(())
}

/// The error, after the locks were given back. Where AWS did not answer the next try holds them on.
pub(crate) async fn give_up<P: Ports>(
    ports: &P,
    migration: &Migration,
    places: &[Place],
    error: PhaseError,
) -> PhaseError {
    if error.condition == Condition::Unavailable {
        return error;
    }
    match release(ports, migration, places).await {
        Ok(()) => error,
        Err(other) => PhaseError::unavailable(format!("{}; then {}", error.message, other.message)),
    }
}
