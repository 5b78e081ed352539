//! One invocation of a phase: what every reconciler does before and after its own work.

use crate::{
    Condition, Direction, Migration, MigrationId, Outcome, Payload, PhaseError,
    audit::Said,
    ports::{
        Clock, Leases, Migrations,
        migrations::{Life, Meta},
    },
    step::Step,
};
use jiff::SignedDuration;

/// How long a copy of a phase waits before it looks again whether the other copy's lease has ended.
const BETWEEN_LOOKS: SignedDuration = SignedDuration::from_secs(5);

/// What a phase is told of its invocation.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// AWS's id of the request: the holder of the phase's lease.
    pub request_id: String,
    /// When the work must have ended.
    pub deadline: jiff::Timestamp,
    /// When AWS has certainly stopped this copy.
    pub lease_until: jiff::Timestamp,
}

/// Runs a reconciler: reads the step, holds the phase's lease, loads the migration, and converges or undoes.
///
/// An undo turns the migration's direction first, which fences every phase that still converges. Where the migration has
/// ended there is nothing to undo, and the answer is `{"ended": true}`; so it is where no person asks and the migration was never
/// opened or its bake has ended well.
///
/// # Errors
/// `Refused` where a person asks for the undo of a migration that the ledger does not know; `InvalidInput` for a step that the
/// phase does not have in this direction; `NotReady` while another copy of the phase runs; `Conflict` where the migration goes the
/// other way; otherwise the error of the phase.
pub async fn reconcile<P, C, U>(
    ports: &P,
    phase: &str,
    payload: &Payload,
    invocation: &Invocation,
    converge: impl AsyncFn(&P, &Migration, C) -> Result<Outcome, PhaseError>,
    undo: impl AsyncFn(&P, &Migration, U) -> Result<Outcome, PhaseError>,
) -> Result<Outcome, PhaseError>
where
    P: Migrations + Leases + Clock,
    C: Step,
    U: Step,
{
    let step = payload.step.as_deref();
    let id = &payload.migration_id;
    match payload.direction {
        Direction::Converge => {
            let step = C::read(step)?;
            leased(ports, phase, payload, invocation, async |migration| converge(ports, migration, step).await).await
        }
        Direction::Undo => {
            let step = U::read(step)?;
            if !turned_back(ports, id, payload.automatic).await? {
                return Ok(Outcome::done().with("ended", true));
            }
            let undone =
                leased(ports, phase, payload, invocation, async |migration| undo(ports, migration, step).await).await?;
            Ok(undone.with("ended", false))
        }
    }
}

/// Holds the lease while the phase works. What is loaded under it is what the copy before has left.
///
/// A phase that was throttled after it had got further, as the ledger tells, is `NotReady`: tries after `Unavailable` are counted over
/// the whole visit of a state, and a quota of one call in 20 seconds would use them up though every one of them brings the phase
/// further.
async fn leased<P: Migrations + Leases + Clock>(
    ports: &P,
    phase: &str,
    payload: &Payload,
    invocation: &Invocation,
    work: impl AsyncFn(&Migration) -> Result<Outcome, PhaseError>,
) -> Result<Outcome, PhaseError> {
    let id = &payload.migration_id;
    hold(ports, id, phase, invocation).await?;
    let answer = match ports.load(id, invocation.deadline).await {
        Err(error) => Err(error),
        Ok((_, migration)) if migration.direction != payload.direction => Err(match migration.direction {
            Direction::Undo => PhaseError::turned_back(format_args!("{phase} changed nothing")),
            Direction::Converge => PhaseError::conflict(format!(
                "the migration goes to green (direction converge); the undo of {phase} changed nothing"
            )),
        }),
        Ok((meta, migration)) => {
            // Boxed: the nested futures of a phase are too deep for the compiler's layout queries otherwise.
            match Box::pin(work(&migration)).await {
                Err(error) if error.condition == Condition::Unavailable => Err(got_further(ports, &meta, error).await),
                answer => answer,
            }
        }
    };
    // A lease that is not given back ends by itself at its deadline; the answer of the phase counts more.
    let said = answer.as_ref().err().map(|error| Said::of(payload.direction, error));
    if let Err(error) = ports.release(id, phase, &invocation.request_id, said.as_ref()).await {
        tracing::warn!(phase, %error, "the lease ends at its deadline instead");
    }
    answer
}

/// Takes the lease; while another copy has it, waits for up to half of the time that this one has, since the work needs the rest.
///
/// A function that was killed keeps its lease until its time limit has passed. Waiting here instead of by `NotReady` alone spends a few of
/// the retries of the state on that, which are counted over the whole visit of the state, and not twenty.
async fn hold<P: Leases + Clock>(
    ports: &P,
    id: &MigrationId,
    phase: &str,
    invocation: &Invocation,
) -> Result<(), PhaseError> {
    let given_up = ports.now() + invocation.deadline.duration_since(ports.now()) / 2 - BETWEEN_LOOKS;
    loop {
        match ports.lease(id, phase, &invocation.request_id, invocation.lease_until).await {
            Err(error) if error.condition == Condition::NotReady && ports.now() < given_up => {
                ports.sleep(BETWEEN_LOOKS).await;
            }
            taken => return taken,
        }
    }
}

/// The error of a phase that AWS did not answer: `NotReady` where the ledger has got events since.
async fn got_further<P: Migrations>(ports: &P, before: &Meta, error: PhaseError) -> PhaseError {
    match ports.meta(&before.id).await {
        Ok(Some(now)) if now.events > before.events => {
            PhaseError::not_ready(format!("got further, and then {}", error.message))
        }
        // The ledger does not answer either.
        _ => error,
    }
}

/// Whether there is anything to undo; turns the direction where this undo is the first.
async fn turned_back<P: Migrations>(ports: &P, id: &MigrationId, automatic: bool) -> Result<bool, PhaseError> {
    match ports.meta(id).await? {
        None if automatic => Ok(false),
        None => Err(PhaseError::refused(format!(
            "the ledger has no migration {id}: expected the ARN of an execution of bascule-migrate of this account and Region; \
             nothing was changed"
        ))),
        Some(meta) if meta.life == Life::Ended => Ok(false),
        Some(meta) if automatic && meta.life.is_final() && meta.direction == Direction::Converge => Ok(false),
        Some(_) => ports.turn_back(id).await.map(|meta| meta.life != Life::Ended),
    }
}
