//! Everything alive in the account that a migration could leave behind, and whether the ledger knows it.

use std::collections::BTreeSet;

use crate::aws::Aws;
use crate::error::Result;
use crate::inventory::ledger::Ledger;
use crate::world::BLUE;

mod clusters;
mod gateway;
pub mod ledger;
mod network;
mod services;

/// What holds people's data: it is nobody's to delete, and stays when what used it is deleted.
pub(crate) const DATA: &str = "PersistentVolume";

/// Something that is alive.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Resource {
    /// What it is, in AWS's words.
    pub kind: &'static str,
    /// Its id or ARN.
    pub id: String,
    /// Its name, where it has one besides.
    pub name: String,
    /// The id of what AWS made it for, such as a node group's for its Auto Scaling group: it comes and goes with that.
    pub owner: Option<String>,
}

impl Resource {
    pub(crate) fn new(kind: &'static str, id: impl Into<String>, name: impl Into<String>) -> Self {
        Self { kind, id: id.into(), name: name.into(), owner: None }
    }

    pub(crate) fn owned_by(self, owner: impl Into<String>) -> Self {
        Self { owner: Some(owner.into()), ..self }
    }

    /// Kind and id, as the report shows it.
    #[must_use]
    pub fn label(&self) -> String {
        if self.name.is_empty() || self.name == self.id {
            format!("{} {}", self.kind, self.id)
        } else {
            format!("{} {} ({})", self.kind, self.id, self.name)
        }
    }
}

/// All resources of the account.
pub type Inventory = BTreeSet<Resource>;

/// Takes the inventory through the APIs of the services.
///
/// # Errors
/// When a service refuses.
pub async fn take(aws: &Aws) -> Result<Inventory> {
    let mut all = clusters::all(aws).await?;
    all.extend(network::all(aws).await?);
    all.extend(gateway::all(aws).await?);
    all.extend(services::all(aws).await?);
    Ok(all.into_iter().collect())
}

/// What is left in the end and should not be.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Left {
    /// Alive, without a reason: not there before and not present in the ledger, or blue's after blue was deleted.
    pub orphans: Vec<String>,
    /// Alive, not there before, and never mentioned in the ledger.
    pub unknown_to_ledger: Vec<String>,
}

/// Compares the inventories of before and after with the ledger.
#[must_use]
pub fn left(before: &Inventory, after: &Inventory, ledger: &Ledger, blue_deleted: bool) -> Left {
    let mut left = Left::default();
    for resource in after.difference(before) {
        let root = root(resource, after, before);
        if before.contains(root) {
            continue;
        }
        if !ledger.present(root) {
            left.orphans.push(resource.label());
        }
        if !ledger.mentions(root) {
            left.unknown_to_ledger.push(resource.label());
        }
    }
    if blue_deleted {
        let survivors = after.intersection(before).filter(|resource| resource.kind != DATA && blues(resource, after));
        left.orphans.extend(survivors.map(Resource::label));
    }
    let lost = before.difference(after).filter(|resource| resource.kind == DATA);
    left.orphans.extend(lost.map(|resource| format!("{} is gone, with the data in it", resource.label())));
    left
}

/// What was there before and is gone, where nothing of it may be.
#[must_use]
pub fn lost(before: &Inventory, after: &Inventory) -> Vec<String> {
    before.difference(after).map(|resource| format!("{} is gone, and was the user's", resource.label())).collect()
}

/// The resource that somebody asked for, at the end of the chain of owners. What was there before is nobody's reason for
/// something new, except for what Auto Scaling replaces on its own.
fn root<'a>(resource: &'a Resource, all: &'a Inventory, before: &Inventory) -> &'a Resource {
    let mut current = resource;
    for _ in 0..8 {
        let replaced = matches!(current.kind, "Instance" | "NetworkInterface" | "Volume");
        let owner = current.owner.as_ref().and_then(|owner| all.iter().find(|one| &one.id == owner));
        match owner {
            Some(owner) if replaced || !before.contains(owner) => current = owner,
            _ => break,
        }
    }
    current
}

/// Whether a resource carries blue's name, or came with one that does.
fn blues(resource: &Resource, all: &Inventory) -> bool {
    let root = root(resource, all, &Inventory::new());
    [&root.id, &root.name].into_iter().any(|text| text.contains(BLUE))
        || root.owner.as_ref().is_some_and(|owner| owner.contains(BLUE))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inventory(resources: &[Resource]) -> Inventory {
        resources.iter().cloned().collect()
    }

    #[test]
    fn what_the_ledger_lists_as_present_is_no_orphan_and_neither_is_what_came_with_it() {
        let group = Resource::new("NodeGroup", "arn:node-group", "general");
        let scaling = Resource::new("AutoScalingGroup", "eks-general", "").owned_by("arn:node-group");
        let stray = Resource::new("VpcLink", "abc", "shop-green");
        let after = inventory(&[group, scaling, stray.clone()]);
        let ledger = Ledger::listing(&[("arn:node-group", "present")]);
        let left = left(&Inventory::new(), &after, &ledger, false);
        assert_eq!(left.orphans, [stray.label()]);
        assert_eq!(left.unknown_to_ledger, [stray.label()]);
    }

    #[test]
    fn what_the_ledger_says_is_absent_but_lives_is_an_orphan_that_the_ledger_knows() {
        let link = Resource::new("VpcLink", "abc", "");
        let left = left(&Inventory::new(), &inventory(&[link]), &Ledger::listing(&[("abc", "absent")]), false);
        assert_eq!(left, Left { orphans: vec!["VpcLink abc".to_owned()], unknown_to_ledger: Vec::new() });
    }

    #[test]
    fn data_of_blue_stays_and_that_of_green_goes_with_the_way_back() {
        let volume = |id: &str, cluster: &str| Resource::new(DATA, id, "data-search-0").owned_by(cluster);
        let (blues, greens) = (volume("vol-1", "arn:shop-blue"), volume("vol-2", "arn:shop-green"));
        let green = Resource::new("Cluster", "arn:shop-green", "shop-green");
        let before = inventory(std::slice::from_ref(&blues));
        let ledger = Ledger::listing(&[("arn:shop-green", "present")]);
        let orphans = |after: &[Resource]| left(&before, &inventory(after), &ledger, true).orphans.len();
        assert_eq!(orphans(&[blues.clone(), greens.clone(), green]), 0, "green serves");
        assert_eq!(orphans(&[blues, greens.clone()]), 1, "green is gone, and its volume is there");
        assert_eq!(orphans(&[]), 1, "blue's data is gone");
    }

    #[test]
    fn blues_resources_may_not_survive_its_deletion() {
        let balancer = Resource::new("LoadBalancer", "arn:lb", BLUE);
        let all = inventory(std::slice::from_ref(&balancer));
        assert_eq!(left(&all, &all, &Ledger::default(), true).orphans, [balancer.label()]);
        assert_eq!(left(&all, &all, &Ledger::default(), false).orphans, Vec::<String>::new());
    }
}
