//! The tests that need accounts of their own. Most of their time they wait, so that more of them fit side by side than the machine
//! has processors.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that panics has failed")]

mod machines;
mod pipeline;
mod refusals;
mod scenarios;
mod terraform;

use libtest_mimic::{Arguments, Trial};
use std::process::ExitCode;

/// How many accounts are up at a time, unless the command line says otherwise: each keeps about half a processor busy.
const TOGETHER: usize = 3;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(TOGETHER);
    let jobs = trial("the_jobs_of_a_pipeline_plan_start_answer_and_follow", pipeline::plans_starts_answers_and_follows);
    let trials = scenarios::trials()
        .into_iter()
        .chain([jobs, refusals::trial(), machines::trial(), terraform::trial()])
        .collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A test that has failed where it panics, on a runtime of its own.
fn trial<T: Future<Output = ()>>(name: &str, test: impl FnOnce() -> T + Send + 'static) -> Trial {
    Trial::test(name, move || {
        tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(test());
        Ok(())
    })
}
