//! At which calls of a way a fault can have a consequence that was not seen yet.

use crate::ways::{Outside, Way};
use std::collections::HashSet;
use testing::Fault;

/// So many calls in the same order are the same moment: about what a function does between two writes to the ledger.
const CALLS: usize = 12;

/// Of the reads whose moment met a fault before, one in so many meets it again: the account may be another one.
const READS: usize = 16;

/// Of the writes, whose consequences are more likely to be others in another account.
const WRITES: usize = 5;

/// What is done at a call: the faults, and what people do meanwhile or then.
type Done = (&'static [Fault], Option<Outside>);

/// The moments at which faults were tried.
#[derive(Debug, Default)]
pub(crate) struct Moments(HashSet<(Done, Vec<&'static str>)>);

impl Moments {
    /// The numbers, from 1, of a way's calls that are worth a fault; from now on their moments are known.
    pub(crate) fn worth(&mut self, way: &Way, calls: &[&'static str]) -> Vec<usize> {
        let done = (way.faults, way.is_new().then_some(way.outside));
        let mut new = |call: usize| self.0.insert((done, calls[call.saturating_sub(CALLS)..call].to_vec()));
        let one_in = |call: usize| if reads(calls[call - 1]) { READS } else { WRITES };
        (1..=calls.len()).filter(|call| new(*call) || call.is_multiple_of(one_in(*call))).collect()
    }
}

/// Whether an operation changes nothing.
fn reads(operation: &str) -> bool {
    let name = operation.split_once(':').map_or(operation, |(_, name)| name);
    ["Get", "BatchGet", "Describe", "List", "Query", "Head"].iter().any(|read| name.starts_with(read))
}
