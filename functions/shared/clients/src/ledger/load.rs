//! One consistent read of what a phase is told: META, the PHASE items and the PLAN lie side by side in the table.

use super::{Item, Ledger, life::parts_of};
use crate::Account;
use domain::{
    Input, Migration, MigrationId, PhaseError, Plan, Problem,
    digest::sha256_hex,
    ports::migrations::{Life, Meta},
};

impl Item {
    pub(super) fn meta(&self, id: &MigrationId) -> Result<Meta, PhaseError> {
        let life = self.text("life")?;
        Ok(Meta {
            id: id.clone(),
            life: life
                .parse::<Life>()
                .map_err(|_| PhaseError::refused(format!("the ledger has a migration in the state {life:?}")))?,
            direction: self.direction()?,
            fence: self.number("fence")?,
            outcome: self.maybe("outcome").map(ToOwned::to_owned),
            refusal: self.maybe("refusal").map(|_| self.json("refusal")).transpose()?,
            digest: self.maybe("digest").unwrap_or_default().to_owned(),
            events: self.number("seq")?,
            opened_at: self.time("openedAt")?,
        })
    }
}

impl Account {
    /// META, input and plan: see [`domain::ports::Migrations::load`].
    pub(super) async fn loaded(
        &self,
        id: &MigrationId,
        deadline: jiff::Timestamp,
    ) -> Result<(Meta, Migration), PhaseError> {
        let items = self.ledger()?.between(&Ledger::partition(id), "META", "PLAN$").await?;
        let Some(found) = items.first().filter(|item| item.maybe("sk") == Some("META")) else {
            return Err(PhaseError::refused(format!("the ledger has no migration {id}")));
        };
        let meta = found.meta(id)?;
        let migration = opened(&items, &meta, deadline)?;
        Ok((meta, migration))
    }
}

/// The migration with its input and plan, of items among which META is the first.
pub(super) fn opened(items: &[Item], meta: &Meta, deadline: jiff::Timestamp) -> Result<Migration, PhaseError> {
    let id = &meta.id;
    let found = items.first().ok_or_else(|| PhaseError::refused(format!("the ledger has no migration {id}")))?;
    let input: serde_json::Value = found.json("input")?;
    let input = Input::read(&input)
        .map_err(|problems| PhaseError::refused(format!("the input in the ledger: {}", Problem::list(&problems))))?;
    let key = parts_of(&meta.digest);
    let plan: String =
        items.iter().filter(|item| item.is_of(&key)).map(|item| item.text("part")).collect::<Result<_, _>>()?;
    if sha256_hex(plan.as_bytes()) != meta.digest {
        return Err(PhaseError::conflict(format!(
            "the plan of {id} in the ledger is not the one that preflight wrote"
        )));
    }
    let plan: Plan = serde_json::from_str(&plan)
        .map_err(|error| PhaseError::refused(format!("the plan in the ledger cannot be read: {error}")))?;
    Ok(Migration {
        id: id.clone(),
        input,
        plan,
        direction: meta.direction,
        fence: meta.fence,
        deadline,
        opened_at: meta.opened_at,
    })
}
