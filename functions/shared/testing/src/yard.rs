//! Amazon EKS and EC2 in memory, as far as the compute phases use them. What is asked for is under way until [`Yard::pass`].
//!
//! It refuses what AWS refuses: a taken name, a cluster with node groups, a security group in use.

mod drive;
mod ec2;
mod eks;
mod log_groups;
mod shop;

pub use drive::End;

use super::{Crash, MemoryLedger};
use domain::{
    PhaseError,
    plan::compute::{AccessEntry, ClusterStatus, LaunchTemplate, NodeGroup, PodIdentity, SecurityGroup, Subnet},
    ports::{
        clusters::AddonStatus,
        log_groups::LogGroup,
        network::{Instance, Interface},
    },
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// What is in the account; open to changes by tests. Node groups, add-ons, access entries and Pod Identity associations are keyed by
/// cluster and name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Grounds {
    /// Clusters by name.
    pub clusters: BTreeMap<String, ClusterStatus>,
    /// Node groups.
    pub node_groups: BTreeMap<(String, String), NodeGroup>,
    /// Add-ons.
    pub addons: BTreeMap<(String, String), AddonStatus>,
    /// Access entries.
    pub access_entries: BTreeMap<(String, String), AccessEntry>,
    /// Pod Identity associations.
    pub pod_identities: BTreeMap<(String, String), PodIdentity>,
    /// Fargate profiles by cluster.
    pub fargate_profiles: BTreeMap<String, Vec<String>>,
    /// Versions of new clusters.
    pub versions: Vec<String>,
    /// Versions of add-ons by name and Kubernetes version.
    pub addon_versions: BTreeMap<(String, String), Vec<(String, bool)>>,
    /// Subnets.
    pub subnets: Vec<Subnet>,
    /// Security groups by id.
    pub security_groups: BTreeMap<String, SecurityGroup>,
    /// Network interfaces.
    pub interfaces: Vec<Interface>,
    /// Instances.
    pub instances: Vec<Instance>,
    /// Launch templates by id; each has one version.
    pub launch_templates: BTreeMap<String, LaunchTemplate>,
    /// Log groups by name.
    pub log_groups: BTreeMap<String, LogGroup>,
    /// The functions' security group.
    pub functions_group: Option<String>,
}

/// A ledger and an account, crashing together.
#[derive(Debug, Clone, Default)]
pub struct Yard {
    /// The ledger.
    pub ledger: MemoryLedger,
    grounds: Arc<Mutex<Grounds>>,
    creates: Arc<Mutex<Vec<String>>>,
}

impl Yard {
    /// An empty account.
    #[must_use]
    pub fn new() -> Self {
        Self { ledger: MemoryLedger::new(Crash::default()), ..Self::default() }
    }

    /// What is there.
    pub fn grounds(&self) -> MutexGuard<'_, Grounds> {
        self.grounds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When it crashes.
    #[must_use]
    pub const fn crash(&self) -> &Crash {
        &self.ledger.crash
    }

    /// What was created, in order: each name at most once, however often a phase ran.
    #[must_use]
    pub fn creates(&self) -> Vec<String> {
        self.creates.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Time passes: what was being created is there, what was being deleted is gone.
    pub fn pass(&self) {
        let mut grounds = self.grounds();
        for ((cluster, name), group) in grounds.node_groups.clone() {
            match group.status.as_str() {
                "CREATING" => set_active(&mut grounds, &cluster, &name),
                "DELETING" => {
                    grounds.node_groups.remove(&(cluster.clone(), name));
                    grounds.interfaces.push(left_by(&cluster));
                }
                _ => {}
            }
        }
        for addon in grounds.addons.values_mut().filter(|addon| addon.status == "CREATING") {
            "ACTIVE".clone_into(&mut addon.status);
        }
        for (name, found) in grounds.clusters.clone() {
            match found.status.as_str() {
                "CREATING" => eks::finish(&mut grounds, &name),
                "DELETING" => eks::vanish(&mut grounds, &name),
                _ => {}
            }
        }
    }

    fn change<T>(
        &self,
        created: Option<String>,
        change: impl FnOnce(&mut Grounds) -> Result<T, PhaseError>,
    ) -> Result<T, PhaseError> {
        self.crash().alive()?;
        let value = change(&mut self.grounds())?;
        self.creates.lock().unwrap_or_else(PoisonError::into_inner).extend(created);
        self.crash().point()?;
        Ok(value)
    }

    fn read<T>(&self, read: impl FnOnce(&Grounds) -> T) -> Result<T, PhaseError> {
        self.crash().point()?;
        Ok(read(&self.grounds()))
    }
}

fn set_active(grounds: &mut Grounds, cluster: &str, name: &str) {
    if let Some(group) = grounds.node_groups.get_mut(&(cluster.to_owned(), name.to_owned())) {
        "ACTIVE".clone_into(&mut group.status);
        group.auto_scaling_groups = vec![format!("eks-{name}-{cluster}")];
    }
}

/// What the VPC CNI leaves when a cluster's nodes go.
fn left_by(cluster: &str) -> Interface {
    Interface {
        id: format!("eni-left-by-{cluster}"),
        status: "available".to_owned(),
        tags: [("cluster.k8s.amazonaws.com/name".to_owned(), cluster.to_owned())].into(),
        ..Interface::default()
    }
}
