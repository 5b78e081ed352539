//! Every run of every way.

use crate::mixes;
use crate::runs::{Undisturbed, with_faults};
use crate::ways::{Way, World, ways};
use std::collections::{BTreeSet, HashMap};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;
use testing::shop::Front;

/// Of the calls that a way has in common with an earlier one, where every fault was tried, one in so many meets a fault again.
const SAMPLE: usize = 16;

/// Of the calls of a world's way in which people do something at each of them, one in so many is tried where every way is run: the plain
/// world has all of them.
const MEANWHILE: usize = 4;

/// So many calls in a row that came in the same order before are a look that a schedule repeats,
const LOOKS: usize = 64;

/// and after so many of them nothing new can meet a fault.
const REPEATED: usize = 3;

/// So many calls are tried at once by one thread.
const JOB: usize = 32;

/// So many failures are told.
const TOLD: usize = 20;

/// What was run, and what went wrong.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) ways: usize,
    pub(crate) faults: usize,
    pub(crate) failures: Vec<String>,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.ways += other.ways;
        self.faults += other.faults;
        self.failures.extend(other.failures);
    }
}

/// Some calls of one way that are to meet faults.
struct Job<'a> {
    way: &'a Way,
    undisturbed: &'a Undisturbed,
    calls: Vec<usize>,
}

/// Runs the ways of these names, or all and a few mixes of faults; with faults at the calls of these numbers, or at all. `mixes` and a
/// number runs so many mixes and nothing else. The last line that is printed says how much was run.
pub(crate) fn run(arguments: impl Iterator<Item = String>) -> ExitCode {
    let started = Instant::now();
    let (numbers, names): (Vec<_>, Vec<_>) = arguments.partition(|argument| argument.parse::<usize>().is_ok());
    let numbers: Vec<usize> = numbers.iter().filter_map(|number| number.parse().ok()).collect();
    if names.first().is_some_and(|name| name == "mixes") {
        let tally = mixes::run(numbers.first().copied().unwrap_or(mixes::SHORT), &ways());
        return told(&tally, started);
    }
    let chosen = |way: &Way| names.is_empty() || names.iter().any(|name| way.name.contains(name));
    let ways: Vec<Way> = ways().into_iter().filter(chosen).collect();
    let undisturbed: Vec<Undisturbed> = ways.iter().map(Undisturbed::new).collect();

    let mut tally = Tally { ways: ways.len(), ..Tally::default() };
    let mut jobs = Vec::new();
    for (place, (way, found)) in ways.iter().zip(&undisturbed).enumerate() {
        if let Err(failure) = &found.ended {
            tally.failures.push(format!("{}: undisturbed: {failure}", way.name));
            continue;
        }
        let earlier = undisturbed[..place].iter().map(|earlier| found.in_common(earlier)).max().unwrap_or_default();
        let tried = if way.is_new() { 0 } else { earlier };
        let all = found.calls.len();
        println!("{}: {all} calls, {tried} of them tried before, in {:#}", way.name, found.took);
        let sparse = names.is_empty() && way.is_new() && way.world != World::Behind(Front::Plain);
        let repeated = repeated(&found.calls);
        let worth = |call: &usize| {
            !repeated.contains(call)
                && if *call > tried { !sparse || call.is_multiple_of(MEANWHILE) } else { call.is_multiple_of(SAMPLE) }
        };
        let calls: Vec<usize> = if numbers.is_empty() { (1..=all).filter(worth).collect() } else { numbers.clone() };
        jobs.extend(calls.chunks(JOB).map(|calls| Job { way, undisturbed: found, calls: calls.to_vec() }));
    }
    tally.add(on_all_processors(jobs, |Job { way, undisturbed, calls }| with_faults(way, undisturbed, &calls)));
    if names.is_empty() && numbers.is_empty() {
        tally.add(mixes::run(mixes::SHORT, &ways));
    }

    told(&tally, started)
}

/// The calls that are part of a look which a schedule has repeated often.
fn repeated(calls: &[&'static str]) -> BTreeSet<usize> {
    let mut seen: HashMap<&[&str], usize> = HashMap::new();
    let mut found = BTreeSet::new();
    for (before, window) in calls.windows(LOOKS).enumerate() {
        let times = seen.entry(window).or_default();
        *times += 1;
        if *times > REPEATED {
            found.insert(before + LOOKS);
        }
    }
    found
}

fn told(tally: &Tally, started: Instant) -> ExitCode {
    for failure in tally.failures.iter().take(TOLD) {
        println!("{failure}\n");
    }
    if tally.failures.len() > TOLD {
        println!("and {} more", tally.failures.len() - TOLD);
    }
    println!("{} ways, {} faults, {} s", tally.ways, tally.faults, started.elapsed().as_secs());
    if tally.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Does the jobs on all processors.
pub(crate) fn on_all_processors<J: Send>(jobs: Vec<J>, run: impl Fn(J) -> Tally + Sync) -> Tally {
    let (jobs, tally) = (Mutex::new(jobs), Mutex::new(Tally::default()));
    let next = || jobs.lock().unwrap_or_else(PoisonError::into_inner).pop();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(job) = next() {
                    let found = run(job);
                    tally.lock().unwrap_or_else(PoisonError::into_inner).add(found);
                }
            });
        }
    });
    tally.into_inner().unwrap_or_else(PoisonError::into_inner)
}
