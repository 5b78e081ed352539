//! Every run of every way.

use crate::mixes;
use crate::moments::Moments;
use crate::runs::{Undisturbed, with_faults};
use crate::ways::{Way, ways};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

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

/// Runs the ways of these names with faults at each of their calls, or at the calls of these numbers; or all of them, with faults at the
/// calls where none was tried before, and a few mixes of faults. `every` runs all of them with faults at each call, `mixes` and a number
/// so many mixes and nothing else. The last line that is printed says how much was run.
pub(crate) fn run(arguments: impl Iterator<Item = String>) -> ExitCode {
    let started = Instant::now();
    let (numbers, names): (Vec<_>, Vec<_>) = arguments.partition(|argument| argument.parse::<usize>().is_ok());
    let numbers: Vec<usize> = numbers.iter().filter_map(|number| number.parse().ok()).collect();
    if names.first().is_some_and(|name| name == "mixes") {
        let tally = mixes::run(numbers.first().copied().unwrap_or(mixes::SHORT), &ways());
        return told(&tally, started);
    }
    let every = names.iter().any(|name| name == "every");
    let short = names.is_empty() && numbers.is_empty();
    let chosen = |way: &Way| every || names.is_empty() || names.iter().any(|name| way.name.contains(name));
    let ways: Vec<Way> = ways().into_iter().filter(chosen).collect();
    let undisturbed: Vec<Undisturbed> = ways.iter().map(Undisturbed::new).collect();

    let mut tally = Tally { ways: ways.len(), ..Tally::default() };
    let mut jobs = Vec::new();
    let mut moments = Moments::default();
    for (way, found) in ways.iter().zip(&undisturbed) {
        if let Err(failure) = &found.ended {
            tally.failures.push(format!("{}: undisturbed: {failure}", way.name));
            continue;
        }
        let all = found.calls.len();
        let calls: Vec<usize> = match &numbers[..] {
            [] if short => moments.worth(way, &found.calls),
            [] => (1..=all).collect(),
            numbers => numbers.to_vec(),
        };
        println!("{}: {all} calls in {:#}, {} of them meet a fault", way.name, found.took, calls.len());
        jobs.extend(calls.chunks(JOB).map(|calls| Job { way, undisturbed: found, calls: calls.to_vec() }));
    }
    tally.add(on_all_processors(jobs, |Job { way, undisturbed, calls }| with_faults(way, undisturbed, &calls)));
    if short || every {
        tally.add(mixes::run(mixes::SHORT, &ways));
    }

    told(&tally, started)
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
