//! A whole migration in memory: every phase in the order of the machines, from Preflight to Inventory and back, on the three ASL
//! files, an AWS account and two clusters in memory; undisturbed, and with each fault at each of its calls. Names of ways as
//! arguments run these alone, and numbers only the faults at these calls. The invariants of the design are checked after every
//! invocation.

#![expect(clippy::unwrap_used, reason = "a run that cannot be set up has failed")]

mod all;
mod functions;
mod invariants;
mod mixes;
mod moments;
mod people;
mod runs;
mod ways;
mod world;

fn main() -> std::process::ExitCode {
    all::run(std::env::args().skip(1).filter(|argument| !argument.starts_with('-')))
}
