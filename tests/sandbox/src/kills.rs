//! Kills processes of the functions while they work, as a Lambda's machine may fail at any instant.
//!
//! What Step Functions invokes is retried, so the end must be the same. What EventBridge and its Scheduler invoke is retried too on
//! AWS (<https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>), but not by ministack: the two functions
//! that they invoke are left alone.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use fastrand::Rng;
use nix::sys::signal::{Signal, kill};

use crate::account::Account;
use crate::measure::function;
use crate::processes;

/// How often the front door's record is read.
const LOOK: Duration = Duration::from_millis(5);
/// A function dies at most this many calls after it began or died last. Taking the lease and loading the migration are its first.
const GAP: usize = 10;
/// Of the attempts that a retrier allows for one state, kills may use only a part.
const DEATHS_OF_ONE: usize = 3;
/// What EventBridge and its Scheduler invoke.
const SPARED: [&str; 2] = ["decide", "observe"];

/// How many processes are to be killed, and at which calls: the same seed chooses the same ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kills {
    /// Where the random choice begins.
    pub seed: u64,
    /// How many processes die, where the functions make that many calls.
    pub deaths: usize,
}

/// The calls of each function at which it dies, counted from 1; and how many calls it has made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    at: BTreeMap<String, BTreeSet<usize>>,
    made: BTreeMap<String, usize>,
}

impl Plan {
    /// Chooses among these functions.
    #[must_use]
    pub fn new(kills: Kills, functions: &[String]) -> Self {
        let functions: Vec<&String> = functions.iter().filter(|name| !SPARED.contains(&name.as_str())).collect();
        let mut random = Rng::with_seed(kills.seed);
        let mut at: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        for _ in 0..kills.deaths.min(functions.len() * DEATHS_OF_ONE) {
            let alive: Vec<&&String> = functions
                .iter()
                .filter(|name| at.get(**name).is_none_or(|deaths| deaths.len() < DEATHS_OF_ONE))
                .collect();
            let Some(name) = random.choice(alive) else { break };
            let deaths = at.entry((**name).clone()).or_default();
            let last = deaths.last().copied().unwrap_or_default();
            deaths.insert(last + random.usize(1..=GAP));
        }
        Self { at, made: BTreeMap::new() }
    }

    /// The functions that are to die.
    #[must_use]
    pub fn functions(&self) -> BTreeSet<String> {
        self.at.keys().cloned().collect()
    }

    /// Counts a call, and says whether the function dies at it.
    fn call(&mut self, function: &str) -> bool {
        let made = self.made.entry(function.to_owned()).or_default();
        *made += 1;
        self.at.get(function).is_some_and(|deaths| deaths.contains(made))
    }
}

/// Kills as planned, until it is dropped; `killed` is told each function with the call that it had just made.
pub async fn run(account: &Account, mut plan: Plan, mut killed: impl FnMut(String, String)) {
    if plan.at.is_empty() {
        return std::future::pending().await;
    }
    let mut read = account.front_door.calls().len();
    let mut callers: BTreeMap<String, String> = BTreeMap::new();
    loop {
        tokio::time::sleep(LOOK).await;
        for call in account.front_door.calls_from(read) {
            read += 1;
            let Some(key) = function(&call) else { continue };
            if !callers.contains_key(key)
                && let Some(process) = processes::of_key(account.group(), key)
            {
                callers.insert(key.to_owned(), process.function);
            }
            if callers.get(key).is_some_and(|caller| plan.call(caller))
                && let Some(process) = processes::of_key(account.group(), key)
                && kill(process.id, Signal::SIGKILL).is_ok()
            {
                killed(process.function, format!("{} {}", call.service, call.operation));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn functions() -> Vec<String> {
        ["decide", "observe", "preflight", "validate"].map(str::to_owned).to_vec()
    }

    #[test]
    fn a_seed_chooses_the_same_deaths_again_and_another_one_chooses_others() {
        let plan = |seed| Plan::new(Kills { seed, deaths: 5 }, &functions());
        assert_eq!(plan(1), plan(1));
        assert_ne!(plan(1), plan(2));
    }

    #[test]
    fn no_function_dies_so_often_that_its_retries_are_used_up_and_those_without_retries_never_do() {
        let plan = Plan::new(Kills { seed: 7, deaths: 100 }, &functions());
        let deaths = plan.at.iter().map(|(name, deaths)| (name.as_str(), deaths.len())).collect::<Vec<_>>();
        assert_eq!(deaths, [("preflight", DEATHS_OF_ONE), ("validate", DEATHS_OF_ONE)]);
    }

    #[test]
    fn a_function_dies_at_the_planned_calls_and_at_no_other() {
        let at = BTreeMap::from([("validate".to_owned(), BTreeSet::from([2, 3]))]);
        let mut plan = Plan { at, made: BTreeMap::new() };
        let died: Vec<bool> = (0..4).map(|_| plan.call("validate")).collect();
        assert_eq!(died, [false, true, true, false]);
        assert!(!plan.call("preflight"));
    }
}
