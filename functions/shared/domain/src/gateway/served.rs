//! What a stage serves of blue and of green, and how one call moves it.
//!
//! Blue and green are two deployments, B and G. Where a stage variable holds the VPC link they are one deployment, and two values of
//! the variable.

use super::counterparts::Counterparts;
use super::made;
use crate::plan::edge::{Canary, Edge, Stage};
use crate::ports::Ledger;
use crate::ports::gateway::Patch;
use crate::resources::{deployment, vpc_link};
use crate::{Migration, PhaseError};
use std::collections::BTreeMap;
use std::fmt;

/// What a stage serves that serves one side alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serving {
    /// The deployment.
    pub deployment: String,
    /// The stage variable that holds the VPC link, with the link's id; none where methods name the link.
    pub link: Option<(String, String)>,
}

impl Serving {
    /// A deployment whose methods name their link.
    #[must_use]
    pub fn deployment(id: &str) -> Self {
        Self { deployment: id.to_owned(), link: None }
    }

    /// What production serves when the migration starts.
    #[must_use]
    pub fn of_blue(edge: &Edge) -> Self {
        let link = edge.link_variable().map(|name| {
            let id = edge.stage.variables.get(name).cloned().unwrap_or_default();
            (name.to_owned(), id)
        });
        Self { deployment: edge.deployment_b().to_owned(), link }
    }

    /// What the stage serves, its canary aside, in the same terms.
    #[must_use]
    pub fn of(&self, stage: &Stage) -> Self {
        let value = |name: &String| stage.variables.get(name).cloned().unwrap_or_default();
        let link = self.link.as_ref().map(|(name, _)| (name.clone(), value(name)));
        Self { deployment: stage.deployment_id.clone(), link }
    }

    /// Whether the stage serves this, its canary aside.
    #[must_use]
    pub fn is_served(&self, stage: &Stage) -> bool {
        self.of(stage) == *self
    }

    /// The stage variables that differ from those of a stage that serves the other side.
    #[must_use]
    pub fn variables(&self) -> BTreeMap<String, String> {
        self.link.iter().cloned().collect()
    }

    /// Whether the canary serves this.
    fn is_canary(&self, canary: &Canary) -> bool {
        canary.deployment_id == self.deployment && canary.variables == self.variables()
    }

    /// What makes a stage that serves `other` serve this.
    fn instead_of(&self, other: &Self) -> Vec<Patch> {
        let deployment =
            (self.deployment != other.deployment).then(|| Patch::replace("/deploymentId", &self.deployment));
        let variable = self.link.iter().map(|(name, id)| Patch::replace(&format!("/variables/{name}"), id));
        deployment.into_iter().chain(variable).collect()
    }

    /// What makes a canary of this, with its share of the requests: `replace` of a part makes the canary where there is none.
    fn canary(&self, percent: u8) -> Vec<Patch> {
        let mut patches = vec![
            Patch::replace("/canarySettings/deploymentId", &self.deployment),
            Patch::replace("/canarySettings/percentTraffic", percent.to_string()),
        ];
        let overrides = self.link.iter();
        patches.extend(
            overrides.map(|(name, id)| Patch::replace(&format!("/canarySettings/stageVariableOverrides/{name}"), id)),
        );
        patches
    }
}

impl fmt::Display for Serving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the deployment {}", self.deployment)?;
        self.link.iter().try_for_each(|(name, id)| write!(f, " with the stage variable {name} = {id}"))
    }
}

/// How production's stage moves between blue and green.
///
/// The paths are those of `UpdateStage`
/// (<https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html#UpdateStage-Patch>,
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/update-canary-deployment.html>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switch {
    /// What blue is.
    pub blue: Serving,
    /// What green is.
    pub green: Serving,
}

impl Switch {
    /// Between two deployments.
    #[must_use]
    pub fn deployments(b: &str, g: &str) -> Self {
        Self { blue: Serving::deployment(b), green: Serving::deployment(g) }
    }

    /// As the ledger has it: deployment G, or green's VPC link.
    ///
    /// # Errors
    /// `Conflict` where what green's requests need is missing.
    pub async fn known<P: Ledger>(ports: &P, migration: &Migration) -> Result<Self, PhaseError> {
        let edge = &migration.plan.edge;
        let blue = Serving::of_blue(edge);
        let green = if let Some((name, _)) = &blue.link {
            let link = made(ports, migration, &vpc_link::key(migration)).await?;
            Serving { link: Some((name.clone(), link)), ..blue.clone() }
        } else {
            let g = Serving::deployment(&made(ports, migration, &deployment::green(migration)).await?);
            Counterparts::known(ports, migration).await?;
            g
        };
        Ok(Self { blue, green })
    }

    /// The percentage of the requests that green gets; nothing where the stage serves anything but blue and green.
    #[must_use]
    pub fn share(&self, stage: &Stage) -> Option<u8> {
        match &stage.canary {
            None if self.green.is_served(stage) => Some(100),
            None if self.blue.is_served(stage) => Some(0),
            Some(canary) if self.blue.is_served(stage) && self.green.is_canary(canary) => {
                // Bascule writes whole percentages only.
                (0..=100).find(|percent| (canary.percent - f64::from(*percent)).abs() < 0.01)
            }
            _ => None,
        }
    }

    /// What moves this share of the requests to green, on a stage that serves blue, or both.
    #[must_use]
    pub fn forward(&self, now: &Stage, target: u8) -> Vec<Patch> {
        match (target, &now.canary) {
            (100, None) => self.green.instead_of(&self.blue),
            // In one call: between two calls all requests would go to blue, or the canary's share to what is the stage's own. `copy`
            // would leave the canary where it is.
            (100, Some(_)) => {
                let mut patches = vec![Patch::remove("/canarySettings")];
                patches.extend(self.green.instead_of(&self.blue));
                patches
            }
            (percent, None) => self.green.canary(percent),
            (percent, Some(_)) => vec![Patch::replace("/canarySettings/percentTraffic", percent.to_string())],
        }
    }

    /// What makes a stage that serves green, or both, serve blue.
    #[must_use]
    pub fn back(&self, now: &Stage) -> Vec<Patch> {
        match &now.canary {
            None => self.blue.instead_of(&self.green),
            Some(_) => vec![Patch::remove("/canarySettings")],
        }
    }

    /// What a stage serves, for people.
    #[must_use]
    pub fn describe(&self, stage: &Stage) -> String {
        let own = self.blue.of(stage);
        match &stage.canary {
            None => own.to_string(),
            Some(canary) => {
                let overrides = canary.variables.iter().map(|(name, value)| format!(" with {name} = {value}"));
                let overrides: String = overrides.collect();
                format!("{own} with a canary of {} % on {}{overrides}", canary.percent, canary.deployment_id)
            }
        }
    }

    /// The message about a stage that somebody else changed; `expected` is what it should serve.
    #[must_use]
    pub fn changed(&self, stage: &Stage, expected: &str) -> String {
        format!(
            "the stage {} serves {}, expected {expected}: somebody deployed or changed the canary. It is left as it is",
            stage.name,
            self.describe(stage)
        )
    }

    /// The message about a stage that somebody else changed; nothing where it serves `expected` percent of green as Bascule left it.
    #[must_use]
    pub fn moved(&self, stage: Option<&Stage>, expected: u8) -> Option<String> {
        let Some(stage) = stage else {
            return Some("the stage is gone".to_owned());
        };
        let untouched = self.share(stage) == Some(expected);
        (!untouched).then(|| self.changed(stage, &format!("{expected} % on green: {}", self.green)))
    }
}

#[cfg(test)]
mod tests;
