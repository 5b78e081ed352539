//! Parallel states (<https://states-language.net/#parallel-state>).

use super::definition::Kind;
use super::engine::{StepFunctions, Thread, Why, Work};
use super::failure::Failure;
use super::flow::is_large;
use jiff::SignedDuration;
use serde_json::Value;
use std::rc::Rc;

impl StepFunctions {
    /// Starts the branches, at the first try and at a retry. False where the state is not a Parallel state.
    pub(super) fn reopen(&mut self, thread: usize) -> bool {
        let definition = self.definition(thread);
        let state = self.state_of(thread, &definition);
        let Kind::Parallel { arguments, branches } = &state.kind else { return false };
        if self.record(thread, "ParallelStateStarted").is_none() {
            return true;
        }
        let input = match arguments {
            Some(arguments) => arguments.evaluate(&mut self.scope(thread, None, None)),
            None => Ok(self.threads[thread].input.clone()),
        };
        let input =
            input.and_then(|input| if is_large(&input) { Err(Failure::large_data(&state.name)) } else { Ok(input) });
        match input {
            Ok(input) => {
                let branches = branches.iter().enumerate();
                let branches =
                    branches.map(|(place, &start)| (self.branch(thread, place, start, &input), None)).collect();
                self.threads[thread].work = Work::Branches(branches);
            }
            Err(failure) => {
                self.fail(thread, failure);
            }
        }
        true
    }

    fn branch(&mut self, parent: usize, place: usize, start: usize, input: &Value) -> usize {
        let of = &self.threads[parent];
        let branch = Thread::new(of.execution, Some((parent, place)), start, input.clone(), Rc::clone(&of.variables));
        self.threads.push(branch);
        let thread = self.threads.len() - 1;
        self.push(thread, SignedDuration::ZERO, Why::Enter);
        thread
    }

    /// A branch has ended well. With the last one the state ends, its result the outputs in the order of the branches.
    pub(super) fn branch_ended(&mut self, thread: usize, parent: usize, place: usize, output: Value) -> Option<()> {
        self.threads[thread].alive = false;
        let Work::Branches(branches) = &mut self.threads[parent].work else { return None };
        branches[place].1 = Some(output);
        let outputs = branches.iter().map(|(_, output)| output.clone()).collect::<Option<Vec<_>>>();
        if let Some(outputs) = outputs {
            self.record(parent, "ParallelStateSucceeded")?;
            self.pass(parent, Some(Value::Array(outputs)))?;
        }
        Some(())
    }

    /// A branch has failed: the others are stopped where they stand and the state fails under the branch's error. What a
    /// running function has done or will do stays: Step Functions does not stop it
    /// (<https://docs.aws.amazon.com/step-functions/latest/dg/state-parallel.html>).
    pub(super) fn branch_failed(&mut self, parent: usize, failure: Failure) -> Option<()> {
        let Work::Branches(branches) = std::mem::replace(&mut self.threads[parent].work, Work::Nothing) else {
            return None;
        };
        for (thread, _) in branches {
            self.kill(thread, true);
        }
        self.fail(parent, failure)
    }
}
