//! The virtual clock, and what happens when.

use super::api::{Api, Request};
use super::definition::{Machine, State};
use super::execution::Execution;
use super::failure::Failure;
use super::host::{Fault, Host};
use super::template::Seen;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::rc::Rc;

/// Step Functions of one account. See [the module](super) for an example.
#[derive(Debug)]
pub struct StepFunctions {
    pub(super) api: Api,
    pub(super) now: Timestamp,
    machines: BTreeMap<String, Rc<Machine>>,
    pub(super) executions: Vec<Execution>,
    pub(super) threads: Vec<Thread>,
    /// The thread that waits for each token.
    pub(super) tokens: BTreeMap<String, usize>,
    queue: BinaryHeap<Reverse<Wake>>,
    pushed: u64,
}

/// One line of states: an execution's own, or a branch of a Parallel state.
#[derive(Debug, Clone)]
pub(super) struct Thread {
    pub(super) execution: usize,
    /// The thread in a Parallel state of which this is a branch, and the place of the branch.
    pub(super) parent: Option<(usize, usize)>,
    pub(super) state: usize,
    pub(super) input: Value,
    /// The same for expressions.
    pub(super) seen: Seen,
    pub(super) variables: Rc<Map<String, Value>>,
    pub(super) alive: bool,
    /// Changes with everything that makes earlier appointments of the thread void.
    pub(super) epoch: u64,
    /// Heartbeats of the task so far.
    pub(super) beats: u64,
    pub(super) heartbeat: Option<SignedDuration>,
    /// When the state was entered, in RFC 3339.
    pub(super) entered: String,
    pub(super) entered_event: usize,
    /// Retries so far of each retrier, over the whole visit of the state.
    pub(super) retries: Vec<u32>,
    pub(super) work: Work,
}

/// What a thread waits for, beside the clock.
#[derive(Debug, Clone)]
pub(super) enum Work {
    Nothing,
    Token(String),
    /// Another execution.
    Nested(usize),
    /// The threads of a Parallel state and the outputs of those that have ended.
    Branches(Vec<(usize, Option<Value>)>),
}

/// An appointment. It is void once the epoch of its thread has changed.
#[derive(Debug, Clone)]
struct Wake {
    at: Timestamp,
    order: u64,
    thread: usize,
    epoch: u64,
    why: Why,
}

#[derive(Debug, Clone)]
pub(super) enum Why {
    Enter,
    /// Ask for the wait before a retry, at most this long.
    BackOff(SignedDuration, bool),
    Retry,
    WaitOver,
    Answered(Result<Value, Fault>),
    NestedEnded(usize),
    TimedOut,
    HeartbeatMissed(u64),
    ExecutionTimedOut(usize),
}

impl Ord for Wake {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

impl PartialOrd for Wake {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Wake {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
    }
}

impl Eq for Wake {}

impl StepFunctions {
    /// An account without machines, at this time.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        let api = Api::default();
        api.book().now = now;
        Self {
            api,
            now,
            machines: BTreeMap::new(),
            executions: Vec::new(),
            threads: Vec::new(),
            tokens: BTreeMap::new(),
            queue: BinaryHeap::new(),
            pushed: 0,
        }
    }

    /// Another account in the same state, which goes its own way from here. It does what this one would do.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self {
            api: self.api.fork(),
            now: self.now,
            machines: self.machines.clone(),
            executions: self.executions.clone(),
            threads: self.threads.clone(),
            tokens: self.tokens.clone(),
            queue: self.queue.clone(),
            pushed: self.pushed,
        }
    }

    /// Creates a machine. Other machines start it under its name, `Name` for `${NameArn}`. A shared one is not parsed again.
    pub fn create(&mut self, name: &str, machine: impl Into<Rc<Machine>>) {
        self.api.book().machines.insert(name.to_owned());
        self.machines.insert(name.to_owned(), machine.into());
    }

    /// The API, for functions and tests.
    #[must_use]
    pub fn api(&self) -> Api {
        self.api.clone()
    }

    /// An execution that the interpreter has begun.
    #[must_use]
    pub fn execution(&self, arn: &str) -> Option<&Execution> {
        self.executions.iter().find(|execution| execution.arn == arn)
    }

    /// All executions in the order of their beginning, nested ones included.
    #[must_use]
    pub fn executions(&self) -> &[Execution] {
        &self.executions
    }

    /// Runs until nothing is due any more: every execution has ended or waits for a token that nobody answers, and the host
    /// has nothing to do.
    pub async fn run<H: Host>(&mut self, host: &mut H) {
        while self.step(host).await {}
    }

    /// Goes to the next time at which something is due and does one thing that is due then: at most one invocation, or one
    /// [`Host::act`]. False where nothing is due.
    pub async fn step<H: Host>(&mut self, host: &mut H) -> bool {
        self.serve();
        while self.queue.peek().is_some_and(|Reverse(wake)| self.is_void(wake)) {
            self.queue.pop();
        }
        let ours = self.queue.peek().map(|Reverse(wake)| wake.at);
        match (ours, host.due()) {
            (None, None) => return false,
            (ours, Some(theirs)) if ours.is_none_or(|ours| theirs < ours) => {
                self.go_to(theirs);
                host.act(self.now).await;
            }
            _ => {
                if let Some(Reverse(wake)) = self.queue.pop() {
                    self.go_to(wake.at);
                    self.wake(wake.thread, wake.why, host).await;
                }
            }
        }
        self.serve();
        true
    }

    async fn wake<H: Host>(&mut self, thread: usize, why: Why, host: &mut H) -> Option<()> {
        match why {
            Why::Enter => {
                if self.enter(thread)? {
                    self.attempt(thread, host).await?;
                }
                Some(())
            }
            Why::BackOff(longest, jitter) => {
                let wait = if jitter { host.jitter(longest) } else { longest };
                self.push(thread, wait, Why::Retry);
                Some(())
            }
            Why::Retry => {
                if !self.reopen(thread) {
                    self.attempt(thread, host).await?;
                }
                Some(())
            }
            Why::WaitOver => self.pass(thread, None),
            Why::Answered(result) => self.answered(thread, result),
            Why::NestedEnded(child) => self.nested_ended(thread, child),
            Why::TimedOut | Why::HeartbeatMissed(_) => {
                self.record(thread, "TaskTimedOut")?;
                self.fail(thread, Failure::timeout())
            }
            Why::ExecutionTimedOut(execution) => {
                self.time_out(execution);
                Some(())
            }
        }
    }

    fn is_void(&self, wake: &Wake) -> bool {
        let thread = &self.threads[wake.thread];
        match wake.why {
            Why::ExecutionTimedOut(execution) => self.executions[execution].stopped.is_some(),
            Why::HeartbeatMissed(beats) => thread.epoch != wake.epoch || thread.beats != beats,
            _ => thread.epoch != wake.epoch,
        }
    }

    fn go_to(&mut self, time: Timestamp) {
        self.now = self.now.max(time);
        self.api.book().now = self.now;
    }

    /// Makes an appointment of the thread.
    pub(super) fn push(&mut self, thread: usize, wait: SignedDuration, why: Why) {
        self.pushed += 1;
        let at = self.now.saturating_add(wait).unwrap_or(Timestamp::MAX);
        self.queue.push(Reverse(Wake { at, order: self.pushed, thread, epoch: self.threads[thread].epoch, why }));
    }

    /// Carries out the calls of the API that were made since the last time.
    pub(super) fn serve(&mut self) {
        loop {
            let requests = std::mem::take(&mut self.api.book().requests);
            if requests.is_empty() {
                return;
            }
            for request in requests {
                self.carry_out(request);
            }
        }
    }

    fn carry_out(&mut self, request: Request) -> Option<()> {
        match request {
            Request::Start { machine, name, input } => {
                let definition = Rc::clone(self.machines.get(&machine)?);
                self.begin(&machine, definition, &name, input, None);
                Some(())
            }
            Request::Stop { arn, error, cause } => {
                let execution = self.executions.iter().position(|execution| execution.arn == arn)?;
                self.abort(execution, error, cause);
                Some(())
            }
            Request::Succeed { token, output } => {
                let thread = self.tokens.remove(&token)?;
                self.succeed(thread, output)
            }
            Request::Fail { token, error, cause } => {
                let thread = self.tokens.remove(&token)?;
                self.record(thread, "TaskFailed")?;
                self.fail(thread, Failure::unnamed(error, cause))
            }
            Request::Heartbeat { token } => {
                let thread = *self.tokens.get(&token)?;
                self.threads[thread].beats += 1;
                self.watch_heartbeat(thread)
            }
        }
    }

    /// A machine by its name.
    pub(super) fn machine(&self, name: &str) -> Option<Rc<Machine>> {
        self.machines.get(name).cloned()
    }

    /// The definition of the thread's execution; its state is `state_of(&definition)`.
    pub(super) fn definition(&self, thread: usize) -> Rc<Machine> {
        Rc::clone(&self.executions[self.threads[thread].execution].definition)
    }

    pub(super) fn state_of<'a>(&self, thread: usize, definition: &'a Machine) -> &'a State {
        &definition.states[self.threads[thread].state]
    }
}
