//! Runs of a way: one undisturbed, and one for each fault at each of its calls. A run with a fault is a fork of the undisturbed one
//! just before the call.

use crate::all::Tally;
use crate::invariants::{self, Remains};
use crate::ways::{End, Outside, Way};
use crate::world::World;
use domain::MigrationId;
use jiff::SignedDuration;
use std::rc::Rc;
use testing::states::{Machine, StepFunctions};
use testing::{Account, Durations};
use tokio::runtime::{Builder, Runtime};

const MACHINES: [(&str, &str); 3] = [
    ("MigrateMachine", include_str!("../../../../../statemachine/migrate.asl.json")),
    ("RollbackMachine", include_str!("../../../../../statemachine/rollback.asl.json")),
    ("CleanupMachine", include_str!("../../../../../statemachine/cleanup.asl.json")),
];

/// More than any run needs.
const MOST_STEPS: usize = 20_000;

/// Shorter than in AWS, so that fewer polls are made; no phase can tell.
fn durations() -> Durations {
    let short = SignedDuration::from_secs(12);
    Durations {
        cluster: short,
        cluster_deletion: short,
        node_group: short,
        node_group_deletion: short,
        fargate_profile: short,
        addon: short,
        authentication_mode: short,
        identity_provider: short,
        load_balancer: short,
        vpc_link: short,
        vpc_link_deletion: short,
        security_group: short,
        iam: short,
        health_checks: short,
        snapshot: short,
        volume: short,
        rollout: short,
    }
}

/// A run under way.
struct Run<'a> {
    aws: StepFunctions,
    world: World<'a>,
    steps: usize,
}

impl<'a> Run<'a> {
    fn new(way: &'a Way) -> Self {
        let account = way.world.account();
        account.aws().clock.durations = durations();
        account.people().archive = way.world.archive();
        let start = account.aws().now();
        let mut aws = StepFunctions::new(start);
        for (name, text) in MACHINES {
            aws.create(name, Rc::new(Machine::parse(text).unwrap()));
        }
        let arn = aws.api().start_execution("MigrateMachine", "move", way.input.clone()).unwrap();
        let world = World::new(account.with_machines(aws.api()), aws.api(), way, MigrationId::new(arn));
        Self { aws, world, steps: 0 }
    }

    fn fork(&self) -> Self {
        let aws = self.aws.fork();
        let world = self.world.fork(aws.api());
        Self { aws, world, steps: self.steps }
    }

    /// False at the end, and once an invariant does not hold.
    fn step(&mut self, runtime: &Runtime) -> bool {
        self.steps += 1;
        runtime.block_on(self.aws.step(&mut self.world)) && self.world.broken.is_none() && self.steps < MOST_STEPS
    }

    /// What is left in the end.
    fn end(&mut self, runtime: &Runtime, way: &Way) -> Result<Remains, String> {
        while self.step(runtime) {}
        match self.world.broken.take() {
            Some(broken) => Err(broken),
            None if self.steps == MOST_STEPS => Err(format!("not ended after {MOST_STEPS} steps")),
            None => invariants::in_the_end(&self.world.account, self.world.witness(), way, &self.aws),
        }
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

/// The run of a way without a fault.
pub(crate) struct Undisturbed {
    pub(crate) ended: Result<Remains, String>,
    /// The operations of its calls.
    pub(crate) calls: Vec<&'static str>,
    pub(crate) took: SignedDuration,
}

impl Undisturbed {
    pub(crate) fn new(way: &Way) -> Self {
        let mut run = Run::new(way);
        let start = run.world.account.aws().now();
        let ended = run.end(&runtime(), way);
        let took = run.world.account.aws().now().duration_since(start);
        Self { ended, calls: run.world.account.operations(), took }
    }
}

/// Runs of a way with its faults at these calls.
pub(crate) fn with_faults(way: &Way, undisturbed: &Undisturbed, calls: &[usize]) -> Tally {
    let runtime = runtime();
    let mut tally = Tally::default();
    let mut run = Run::new(way);
    let mut calls = calls.iter().copied().peekable();
    while calls.peek().is_some() {
        let before = run.fork();
        let done = run.world.account.calls();
        let goes_on = run.step(&runtime);
        while let Some(call) = calls.next_if(|call| *call <= run.world.account.calls()) {
            for fault in way.faults {
                let mut fork = before.fork();
                let account = fork.world.account.clone();
                if way.outside == Outside::TurnedBackThen {
                    account.meanwhile(call - done, Account::turn_all_back);
                } else {
                    account.fail_at(call - done, *fault);
                }
                let ended = fork.end(&runtime, way);
                tally.ways += 1;
                tally.faults += usize::from(account.calls() >= call);
                if let Err(failure) = judged(way, ended, undisturbed) {
                    let operation = account.operations().get(call - 1).copied().unwrap_or("never made");
                    let story = fork.world.story();
                    tally.failures.push(format!(
                        "{}: {fault:?} at call {call}, {operation}: {failure}\nafter\n{story}",
                        way.name
                    ));
                }
            }
        }
        if !goes_on {
            break;
        }
    }
    tally
}

/// A run of a way with a mix of faults; how many calls met one.
pub(crate) fn with_mix(way: &Way, seed: u64, often: u64) -> Result<usize, String> {
    let mut run = Run::new(way);
    run.world.account.fail_often(seed, often);
    let ended = run.end(&runtime(), way);
    let told = |failure| {
        let story = run.world.story();
        format!("{}: mix {seed} of {often} in a thousand: {failure}\nafter\n{story}", way.name)
    };
    ended.map_err(told)?;
    Ok(run.world.account.faults())
}

/// Whether a run with a fault ended as the undisturbed one, where the way has one end.
fn judged(way: &Way, ended: Result<Remains, String>, undisturbed: &Undisturbed) -> Result<(), String> {
    let remains = ended?;
    match &undisturbed.ended {
        Ok(expected) if way.end != End::Either && remains != *expected => {
            Err(format!("the end is another one: {}", invariants::difference(&remains, expected)))
        }
        _ => Ok(()),
    }
}
