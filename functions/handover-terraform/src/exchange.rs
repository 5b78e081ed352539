//! The exchange of one project's states, forward and back.

use crate::{
    Ports, adopt,
    journal::{Journal, Record, Side, Stage},
    locks,
};
use domain::{
    Migration, PhaseError,
    digest::md5_hex,
    plan::terraform::Handover,
    ports::terraform_states::{Only, Stored},
    terraform::{Address, Place, State, moved, state::renumbered},
};

/// One project in one migration.
struct Project<'a> {
    migration: &'a Migration,
    handover: &'a Handover,
    /// The number of the exchange that is made, from 1.
    number: u32,
}

/// Brings a project's states to a side, from wherever they are.
///
/// # Errors
/// As for [`crate::converge`].
pub(crate) async fn reach<P: Ports>(
    ports: &P,
    migration: &Migration,
    journal: &mut Journal,
    index: usize,
    side: Side,
) -> Result<(), PhaseError> {
    let handover = &migration.plan.terraform[index];
    let places = &handover.places;
    if handover.adopt {
        return adopt::reach(ports, migration, journal, index, side).await;
    }
    loop {
        let Record { exchanges, stage } = journal.projects[index].clone();
        let is_there = journal.projects[index].side() == side;
        let project = Project { migration, handover, number: exchanges + 1 };
        let next = match stage {
            Stage::Rest if is_there => return Ok(()),
            Stage::Rest => Record { exchanges, stage: Stage::Locking },
            // Turned back before anything was written.
            Stage::Locking if is_there => Record { exchanges, stage: Stage::Unlocking },
            Stage::Locking => {
                let prepared = async {
                    locks::hold(ports, migration, places).await?;
                    project.prepare(ports).await
                };
                match prepared.await {
                    Ok(stage) => Record { exchanges, stage },
                    Err(error) => return Err(locks::give_up(ports, migration, places, error).await),
                }
            }
            Stage::Writing { serial, before, after } => {
                locks::hold(ports, migration, places).await?;
                let (from, to) = if is_there { (&after, &before) } else { (&before, &after) };
                for place in 0..places.len() {
                    let content = if is_there {
                        project.copied(ports, place, &before).await?
                    } else {
                        project.after(ports, place, serial, &before).await?
                    };
                    project.write(ports, place, content, [&from[place], &to[place]]).await?;
                }
                Record { exchanges: exchanges + u32::from(!is_there), stage: Stage::Unlocking }
            }
            // Of a merge request, which is no exchange.
            Stage::Requesting => {
                return Err(PhaseError::refused("the journal of the hand-over is of another kind of hand-over"));
            }
            Stage::Unlocking => {
                locks::release(ports, migration, places).await?;
                match side {
                    Side::After if !handover.is_swap() => adopt::request(ports, migration, handover).await?,
                    Side::After => {}
                    Side::Before => {
                        if !handover.is_swap() {
                            adopt::take_back(ports, migration, &places[0]).await?;
                        }
                        project.forget_copies(ports).await?;
                    }
                }
                Record { exchanges, stage: Stage::Rest }
            }
        };
        journal.save(ports, migration, index, next).await?;
    }
}

impl Project<'_> {
    fn backup(&self, place: &Place) -> String {
        place.backup(self.migration.name(), self.number)
    }

    /// Reads and checks every state, copies it, and says what is to be written.
    async fn prepare<P: Ports>(&self, ports: &P) -> Result<Stage, PhaseError> {
        let (mut serial, mut before) = (0, Vec::new());
        for (index, place) in self.handover.places.iter().enumerate() {
            let stored = self.current(ports, place).await?;
            let md5 = md5_hex(&stored.bytes);
            digest_fits(ports, place, &md5).await?;
            serial = serial.max(self.check(index, place, &stored)?);
            self.copy(ports, place, &md5, stored.bytes).await?;
            before.push(md5);
        }
        // Above both, so that a plan that was saved before is never taken for one of the other state.
        serial += 1;
        let mut after = Vec::new();
        for index in 0..self.handover.places.len() {
            after.push(md5_hex(&self.after(ports, index, serial, &before).await?));
        }
        Ok(Stage::Writing { serial, before, after })
    }

    async fn current<P: Ports>(&self, ports: &P, place: &Place) -> Result<Stored, PhaseError> {
        ports.state(&place.bucket, &place.object).await?.ok_or_else(|| {
            PhaseError::conflict(format!(
                "the state s3://{} is gone, which was there when the migration began; nothing was written",
                place.lock_id()
            ))
        })
    }

    /// The state must be the one that preflight has read, or a later one of the same lineage; gives its serial.
    fn check(&self, index: usize, place: &Place, stored: &Stored) -> Result<u64, PhaseError> {
        let conflict = |why: String| {
            PhaseError::conflict(format!("the state s3://{}: {why}; no state was written", place.lock_id()))
        };
        let state = State::read(&stored.bytes).map_err(|unreadable| conflict(unreadable.to_string()))?;
        // Exchanged states have taken their lineages along.
        let exchanged = self.handover.is_swap() && self.number.is_multiple_of(2);
        let expected = &self.handover.lineages[if exchanged { 1 - index } else { index }];
        if state.lineage != *expected {
            return Err(conflict(format!(
                "its lineage is {}, expected {expected}: another state was put there since the migration began. Put the former \
                 one back and run bascule-handover-terraform again",
                state.lineage
            )));
        }
        Ok(state.serial)
    }

    /// Keeps what is there now under a name that says so. A copy of an earlier try may be older.
    async fn copy<P: Ports>(&self, ports: &P, place: &Place, md5: &str, bytes: Vec<u8>) -> Result<(), PhaseError> {
        let (key, kms) = (self.backup(place), place.kms_key_id.as_deref());
        let only = match ports.state(&place.bucket, &key).await? {
            Some(copy) if md5_hex(&copy.bytes) == md5 => return Ok(()),
            Some(copy) => Only::IfMatch(copy.etag),
            None => Only::IfAbsent,
        };
        if ports.put_state(&place.bucket, &key, kms, only, bytes).await? {
            return Ok(());
        }
        Err(PhaseError::unavailable(format!(
            "s3://{}/{key} was written by another copy of this function",
            place.bucket
        )))
    }

    /// What a state was before, from its copy.
    async fn copied<P: Ports>(&self, ports: &P, index: usize, before: &[String]) -> Result<Vec<u8>, PhaseError> {
        let place = &self.handover.places[index];
        let key = self.backup(place);
        let stored = ports.state(&place.bucket, &key).await?;
        stored.map(|stored| stored.bytes).filter(|bytes| md5_hex(bytes) == before[index]).ok_or_else(|| {
            self.stuck(&format!("the copy s3://{}/{key} is gone or was changed, and cannot be written", place.bucket))
        })
    }

    /// What a state is to be.
    async fn after<P: Ports>(
        &self,
        ports: &P,
        index: usize,
        serial: u64,
        before: &[String],
    ) -> Result<Vec<u8>, PhaseError> {
        if self.handover.is_swap() {
            let other = self.copied(ports, 1 - index, before).await?;
            return renumbered(other, serial).map_err(|unreadable| PhaseError::conflict(unreadable.to_string()));
        }
        let copied = self.copied(ports, index, before).await?;
        let state = State::read(&copied).map_err(|unreadable| PhaseError::conflict(unreadable.to_string()))?;
        let moves = self.moves()?;
        let written = moved(state, &moves).map_err(|(number, why)| {
            let (from, to) = &moves[number];
            PhaseError::conflict(format!(
                "s3://{}: {from} cannot be moved to {to}: {why}; no state was written. Mend the state with `terraform state mv`, and run \
                 bascule-handover-terraform again",
                self.handover.places[index].lock_id()
            ))
        })?;
        Ok(written.into_bytes())
    }

    /// The moves, from the last to the first and the other way round on the way back.
    fn moves(&self) -> Result<Vec<(Address, Address)>, PhaseError> {
        let moves = self.handover.moves.iter().map(|(from, to)| Ok((from.parse()?, to.parse()?)));
        let mut moves: Vec<(Address, Address)> = moves.collect::<Result<_, String>>().map_err(PhaseError::refused)?;
        if self.number.is_multiple_of(2) {
            moves.reverse();
            for (from, to) in &mut moves {
                std::mem::swap(from, to);
            }
        }
        Ok(moves)
    }

    /// Writes a state, where it is not written yet, reads it again, and writes its digest.
    async fn write<P: Ports>(
        &self,
        ports: &P,
        index: usize,
        content: Vec<u8>,
        [from, to]: [&String; 2],
    ) -> Result<(), PhaseError> {
        let place = &self.handover.places[index];
        let (etag, md5) = {
            let current = self.current(ports, place).await?;
            (current.etag, md5_hex(&current.bytes))
        };
        let changed = || {
            self.stuck(&format!(
                "s3://{} was changed under Bascule's lock by something that does not lock, and was left as it is",
                place.lock_id()
            ))
        };
        if md5 == *from {
            // Where the condition does not hold, an earlier try of the same call may have had its effect: what is there then tells.
            let only = Only::IfMatch(etag);
            ports.put_state(&place.bucket, &place.object, place.kms_key_id.as_deref(), only, content).await?;
        } else if md5 != *to {
            return Err(changed());
        }
        let written = self.current(ports, place).await?;
        if md5_hex(&written.bytes) != *to {
            return Err(changed());
        }
        match &place.lock_table {
            Some(table) => ports.put_state_digest(table, &place.digest_id(), to).await,
            None => Ok(()),
        }
    }

    /// Somebody interfered between the first write and the last: what is held and kept, and what people can do.
    fn stuck(&self, what: &str) -> PhaseError {
        let places = self.handover.places.iter();
        let copies: Vec<String> = places.map(|place| format!("s3://{}/{}", place.bucket, self.backup(place))).collect();
        PhaseError::conflict(format!(
            "{what}. The states of this project stay locked; the copies of before are {}. Put each state and its digest back as it was in \
             its copy or as it was last written, then run bascule-handover-terraform again or start bascule-rollback",
            copies.join(" and ")
        ))
    }

    /// Deletes the copies of every exchange: the states are as before, and whoever wants an older one has the bucket's versions.
    async fn forget_copies<P: Ports>(&self, ports: &P) -> Result<(), PhaseError> {
        for place in &self.handover.places {
            for number in [1, 2] {
                let key = place.backup(self.migration.name(), number);
                if let Some(copy) = ports.state(&place.bucket, &key).await? {
                    ports.delete_state(&place.bucket, &key, &copy.etag).await?;
                }
            }
        }
        Ok(())
    }
}

/// Terraform refuses a state whose digest in the table is another one.
async fn digest_fits<P: Ports>(ports: &P, place: &Place, md5: &str) -> Result<(), PhaseError> {
    let Some(table) = &place.lock_table else { return Ok(()) };
    match ports.state_digest(table, &place.digest_id()).await? {
        Some(digest) if digest != md5 => Err(PhaseError::conflict(format!(
            "the state s3://{} has the MD5 {md5}, and the table {table} says {digest}: somebody replaced the object behind Terraform's back. \
             No state was written; put back what belongs together and run bascule-handover-terraform again",
            place.lock_id()
        ))),
        _ => Ok(()),
    }
}
