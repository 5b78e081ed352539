//! A migration: one execution of the `migrate` state machine, and what a phase is told of it.

use crate::{Input, PhaseError, Plan};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::fmt;

/// The ARN of the migrate execution: the key of everything in the ledger. Execution names, and so ARNs, can recur after 90 days
/// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>); the ledger never opens one that it
/// knows.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MigrationId(String);

impl MigrationId {
    /// From the execution's ARN.
    pub fn new(arn: impl Into<String>) -> Self {
        Self(arn.into())
    }

    /// The ARN.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The execution's name, which the user chose: the value of the tag `bascule:migration`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.rsplit(':').next().unwrap_or(&self.0)
    }
}

impl fmt::Display for MigrationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Towards what a reconciler works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Towards "present".
    #[default]
    Converge,
    /// Towards "absent".
    Undo,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Converge => "converge",
            Self::Undo => "undo",
        })
    }
}

/// What the state machines send to a reconciler.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Payload {
    /// Which migration.
    pub migration_id: MigrationId,
    /// Towards what.
    #[serde(default)]
    pub direction: Direction,
    /// Whether the migrate machine or a rule asks for this undo and no person does: then it does nothing after a bake that ended
    /// well, and where the migration was never opened.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub automatic: bool,
    /// Which part of the phase, where it has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
}

/// What a phase is told: read from the ledger in one consistent read before the phase runs.
#[derive(Debug, Clone)]
pub struct Migration {
    /// The execution's ARN.
    pub id: MigrationId,
    /// What the user asked for.
    pub input: Input,
    /// What preflight found and decided.
    pub plan: Plan,
    /// Towards what; every ledger write of this invocation is refused once the ledger says otherwise.
    pub direction: Direction,
    /// Grows with each owner: a ledger write with an old fence is refused.
    pub fence: u64,
    /// When this invocation must have ended: the Lambda's own deadline, a little earlier.
    pub deadline: jiff::Timestamp,
    /// When the migration was opened.
    pub opened_at: jiff::Timestamp,
}

impl Migration {
    /// The execution's name: the value of the tag `bascule:migration`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.id.name()
    }

    /// The migration as seen from each API that is switched, in the order of the input: the plan's edge has that API, its stage, methods,
    /// functions and usage plans, and the keys of the ledger are those of its own. The plan of a view has no digest that anybody approved.
    #[must_use]
    pub fn per_api(&self) -> Vec<Cow<'_, Self>> {
        let views = self.plan.edge.per_api().into_iter();
        views
            .map(|edge| match edge {
                Cow::Borrowed(_) => Cow::Borrowed(self),
                Cow::Owned(edge) => Cow::Owned(Self { plan: Plan { edge, ..self.plan.clone() }, ..self.clone() }),
            })
            .collect()
    }

    /// Who this invocation writes to the ledger as.
    #[must_use]
    pub const fn owner(&self) -> Owner {
        Owner { direction: self.direction, fence: self.fence }
    }

    /// Refuses to begin what would wait or be watched in a migration that was turned back.
    ///
    /// # Errors
    /// `TurnedBack` where it was.
    pub fn forward(&self) -> Result<(), PhaseError> {
        match self.direction {
            Direction::Converge => Ok(()),
            Direction::Undo => Err(PhaseError::turned_back("nothing is asked or watched any more")),
        }
    }
}

/// Who may write to a migration's part of the ledger: the invocations that know its direction and fence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// Towards what.
    pub direction: Direction,
    /// Grows with each owner.
    pub fence: u64,
}

impl Owner {
    /// Whether the ledger names this owner still.
    ///
    /// # Errors
    /// `TurnedBack` where the migration was turned back since, `Conflict` where another run owns it.
    pub fn owns(self, found: Self) -> Result<(), PhaseError> {
        match (self.direction, found.direction) {
            _ if self == found => Ok(()),
            (Direction::Converge, Direction::Undo) => Err(PhaseError::turned_back("nothing more was written")),
            _ => Err(PhaseError::conflict(format!(
                "the migration is now owned by another run (direction {}, fence {}; this run has {}, {}); nothing more was written",
                found.direction, found.fence, self.direction, self.fence
            ))),
        }
    }
}

/// The scalars that a Choice state may need; everything else is in the ledger.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Outcome(Map<String, Value>);

impl Outcome {
    /// Nothing to tell.
    #[must_use]
    pub fn done() -> Self {
        Self::default()
    }

    /// With one more scalar.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// One scalar.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }
}

#[cfg(test)]
impl Migration {
    /// A migration behind this edge, for this crate's tests.
    pub(crate) fn behind(edge: crate::plan::edge::Edge) -> Self {
        let input = serde_json::json!({
            "blue": { "cluster": "shop-blue" },
            "green": { "cluster": "shop-green" },
            "gateway": { "restApiId": "shop1", "stage": "prod" },
            "workloads": { "manifests": ["s3://shop/production.yaml"] },
        });
        Self {
            id: MigrationId::new("arn:aws:states:eu-central-1:123456789012:execution:bascule-migrate:to-1-34"),
            input: Input::read(&input).unwrap(),
            plan: Plan { edge, ..Plan::default() },
            direction: Direction::Converge,
            fence: 1,
            deadline: jiff::Timestamp::UNIX_EPOCH,
            opened_at: jiff::Timestamp::UNIX_EPOCH,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Condition::{Conflict, TurnedBack};

    #[test]
    fn whoever_loses_a_migration_to_the_way_back_is_told_so_and_anybody_else_of_a_conflict() {
        let owner = |direction, fence| Owner { direction, fence };
        let (forth, back) = (Direction::Converge, Direction::Undo);
        for (own, found, expected) in [
            (owner(forth, 3), owner(forth, 3), None),
            (owner(back, 4), owner(back, 4), None),
            (owner(forth, 3), owner(back, 4), Some(TurnedBack)),
            (owner(forth, 3), owner(forth, 4), Some(Conflict)),
            (owner(back, 4), owner(back, 5), Some(Conflict)),
            (owner(back, 4), owner(forth, 3), Some(Conflict)),
        ] {
            assert_eq!(own.owns(found).err().map(|error| error.condition), expected, "{own:?} {found:?}");
        }
    }

    #[test]
    fn the_name_of_a_migration_is_the_name_of_its_execution() {
        let id = MigrationId::new("arn:aws:states:eu-central-1:123456789012:execution:bascule-migrate:to-1-34");
        assert_eq!(id.name(), "to-1-34");
    }

    #[test]
    fn a_payload_without_direction_converges() {
        let payload: Payload = serde_json::from_str(r#"{"migrationId":"a"}"#).unwrap();
        assert_eq!((payload.direction, payload.step), (Direction::Converge, None));
    }
}
