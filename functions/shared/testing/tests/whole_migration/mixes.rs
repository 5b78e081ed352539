//! Random mixes of passing faults over whole migrations: throttling, lost answers, kills, and what is not known everywhere yet, at as
//! many as one of a hundred calls. None of them may change who serves in the end, or need an operator. More often would be no passing
//! trouble: a phase makes more than a hundred calls in one go, each of which the client of AWS has tried three times before its error
//! is seen here.

use crate::all::{Tally, on_all_processors};
use crate::runs::with_mix;
use crate::ways::{End, Way};

/// So many are run beside the other ways.
pub(crate) const SHORT: usize = 300;

/// A few in a thousand calls, or many.
const OFTEN: [u64; 3] = [1, 3, 10];

/// So many mixes are tried at once by one thread.
const JOB: usize = 16;

/// Runs so many mixes over the ways that end by themselves, in turns.
pub(crate) fn run(count: usize, ways: &[Way]) -> Tally {
    let ways: Vec<&Way> = ways.iter().filter(|way| is_mixed(way)).collect();
    let mixes: Vec<(&Way, u64, u64)> = (0..count)
        .zip(0_u64..)
        .map(|(number, seed)| (ways[number % ways.len()], seed, OFTEN[number / ways.len() % OFTEN.len()]))
        .collect();
    on_all_processors(mixes.chunks(JOB).collect(), |mixes: &[(&Way, u64, u64)]| {
        let mut tally = Tally::default();
        for (way, seed, often) in mixes {
            tally.ways += 1;
            match with_mix(way, *seed, *often) {
                Ok(faults) => tally.faults += faults,
                Err(failure) => tally.failures.push(failure),
            }
        }
        tally
    })
}

/// Ways in which blue or green serves in the end, and nothing from outside waits for a fault.
fn is_mixed(way: &Way) -> bool {
    !way.is_new() && matches!(way.end, End::BlueServes | End::GreenServes)
}
