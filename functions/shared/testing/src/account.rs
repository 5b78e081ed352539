//! One AWS account in memory, with everything that Bascule reaches through its ports.
//!
//! It keeps AWS's rules as far as the phases meet them: a VPC link that an API refers to is not deleted, a deployment that a stage
//! uses is not either, names that are taken are refused. What is asked for is under way for as long as [`Durations`] says, in
//! virtual time. Every call of a port can meet a [`Fault`].

mod alarms;
mod apigateway;
mod auto_scaling;
mod aws;
mod drive;
mod ec2;
mod eks;
mod faults;
mod files;
mod functions;
mod iam;
mod karpenter;
mod kubernetes;
mod ledger;
mod load_balancing;
mod log_groups;
mod manifests;
mod people;
mod probes;
mod schedules;
mod services;
mod settings;
mod snapshots;
mod stage_metrics;
mod terraform_states;
mod time;
mod volumes;
mod vpc_endpoints;

pub(crate) use aws::pair;
pub use aws::{Authorizer, Aws, History};
pub use drive::{Left, timeless};
pub(crate) use eks::auto_nodes;
pub use faults::Fault;
pub use files::Kept;
pub use functions::Permission;
pub use kubernetes::Cluster;
pub use ledger::{Event, Record, Table};
pub use people::People;
pub use snapshots::{MadeFrom, Taken};
pub use time::Durations;

use crate::states::Api;
use faults::Function;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// An AWS account. Clones are the same account.
#[derive(Debug, Clone, Default)]
pub struct Account {
    aws: Arc<Mutex<Aws>>,
    table: Arc<Mutex<Table>>,
    people: Arc<Mutex<People>>,
    function: Arc<Mutex<Function>>,
    /// Step Functions, where machines run on the account; without it tokens are answered to nobody.
    machines: Option<Api>,
}

impl Account {
    /// An empty account at the start of 2026.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same account with these machines: tokens are answered to their tasks.
    #[must_use]
    pub fn with_machines(self, machines: Api) -> Self {
        Self { machines: Some(machines), ..self }
    }

    /// Another account in the same state, which goes its own way from here, with these machines.
    #[must_use]
    pub fn fork(&self, machines: Option<Api>) -> Self {
        Self {
            aws: Arc::new(Mutex::new(self.aws().clone())),
            table: Arc::new(Mutex::new(self.table().clone())),
            people: Arc::new(Mutex::new(self.people().clone())),
            function: Arc::new(Mutex::new(self.function().clone())),
            machines,
        }
    }

    /// What is in AWS and in the clusters, open to changes by tests.
    pub fn aws(&self) -> MutexGuard<'_, Aws> {
        locked(&self.aws)
    }

    /// The ledger's table.
    pub fn table(&self) -> MutexGuard<'_, Table> {
        locked(&self.table)
    }

    /// What people were sent, and what waiting tasks were answered.
    pub fn people(&self) -> MutexGuard<'_, People> {
        locked(&self.people)
    }

    fn function(&self) -> MutexGuard<'_, Function> {
        locked(&self.function)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Account {
    /// A call that reads.
    fn read<T>(&self, operation: &'static str, read: impl FnOnce(&Aws) -> T) -> Result<T, domain::PhaseError> {
        self.attempt(operation, || Ok(read(&self.aws())))
    }

    /// A call that may change something.
    fn change<T>(
        &self,
        operation: &'static str,
        change: impl FnOnce(&mut Aws) -> Result<T, domain::PhaseError>,
    ) -> Result<T, domain::PhaseError> {
        self.attempt(operation, || change(&mut self.aws()))
    }
}
