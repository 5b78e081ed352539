//! API Gateway, load balancers and Auto Scaling in memory, as far as the edge phases use them. What is asked for is under way
//! until [`Gate::pass`].
//!
//! It refuses what AWS refuses: a link that an API refers to, a deployment that a stage uses, a usage plan with stages.

mod apigateway;
mod balancing;
mod document;
mod drive;
mod shop;

pub use drive::Left;

use super::{Crash, MemoryLedger};
use domain::PhaseError;
use domain::plan::edge::{Api, BasePath, Listener, LoadBalancer, Stage, TargetGroup, UsagePlan, VpcLink};
use domain::ports::gateway::{Deployment, Method, Patch};
use domain::ports::scaling::AutoScalingGroup;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is in the account; open to changes by tests.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Road {
    /// APIs by id.
    pub apis: BTreeMap<String, Api>,
    /// The configuration of each API.
    pub methods: BTreeMap<String, Vec<Method>>,
    /// Deployments by API and id, with what they froze.
    pub deployments: BTreeMap<(String, String), (Deployment, Vec<Method>)>,
    /// Stages by API and name.
    pub stages: BTreeMap<(String, String), Stage>,
    /// VPC links by id.
    pub links: BTreeMap<String, VpcLink>,
    /// Usage plans by id.
    pub plans: BTreeMap<String, UsagePlan>,
    /// Base paths of custom domains.
    pub base_paths: Vec<BasePath>,
    /// Load balancers by ARN.
    pub balancers: BTreeMap<String, LoadBalancer>,
    /// Listeners by the ARN of their load balancer.
    pub listeners: BTreeMap<String, Vec<Listener>>,
    /// Target groups by ARN.
    pub groups: BTreeMap<String, TargetGroup>,
    /// Auto Scaling groups by name.
    pub scaling: BTreeMap<String, AutoScalingGroup>,
    /// What CloudWatch says of flows, by the ARN of the load balancer.
    pub flows: BTreeMap<String, f64>,
    /// What a GET is answered with, by API and stage.
    pub answers: BTreeMap<(String, String), u16>,
    /// Every change of a stage by one call, in order.
    pub stage_calls: Vec<(String, Vec<Patch>)>,
    /// What was created so far: ids are numbers of creation.
    pub created: usize,
}

/// A ledger and an account, crashing together.
#[derive(Debug, Clone, Default)]
pub struct Gate {
    /// The ledger.
    pub ledger: MemoryLedger,
    road: Arc<Mutex<Road>>,
}

impl Gate {
    /// An empty account.
    #[must_use]
    pub fn new() -> Self {
        Self { ledger: MemoryLedger::new(Crash::default()), ..Self::default() }
    }

    /// What is there.
    pub fn road(&self) -> MutexGuard<'_, Road> {
        self.road.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When it crashes.
    #[must_use]
    pub const fn crash(&self) -> &Crash {
        &self.ledger.crash
    }

    /// Time passes: what was being created is there, what was being deleted is gone.
    pub fn pass(&self) {
        let mut road = self.road();
        road.links.retain(|_, link| link.status != "DELETING");
        for link in road.links.values_mut().filter(|link| link.status == "PENDING") {
            "AVAILABLE".clone_into(&mut link.status);
        }
        for balancer in road.balancers.values_mut().filter(|balancer| balancer.state == "provisioning") {
            "active".clone_into(&mut balancer.state);
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut Road) -> Result<T, PhaseError>) -> Result<T, PhaseError> {
        self.crash().alive()?;
        let value = change(&mut self.road())?;
        self.crash().point()?;
        Ok(value)
    }

    fn read<T>(&self, read: impl FnOnce(&Road) -> T) -> Result<T, PhaseError> {
        self.crash().point()?;
        Ok(read(&self.road()))
    }
}

impl Road {
    fn next(&mut self, prefix: &str) -> String {
        self.created += 1;
        format!("{prefix}{}", self.created)
    }
}
