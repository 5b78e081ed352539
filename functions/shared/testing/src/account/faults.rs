//! Faults at calls.

use super::Account;
use domain::PhaseError;
use std::hash::{DefaultHasher, Hash, Hasher};

/// What a call can meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The function is killed as soon as the call has had its effect: the answer is lost, and the function does nothing more.
    Killed,
    /// The call has its effect and its answer is lost; the function goes on.
    TimedOut,
    /// The call has no effect.
    Throttled,
    /// The call has no effect either: what was created, or who may call, is not known everywhere yet.
    Unknown,
}

/// Which calls meet which faults.
#[derive(Debug, Clone, Copy, Default)]
enum Plan {
    /// None.
    #[default]
    Undisturbed,
    /// The call of this number, from 1.
    Once(usize, Fault),
    /// So many of a thousand calls, chosen by the seed.
    Mixed { seed: u64, often: u64 },
}

impl Plan {
    /// What the call of this number meets.
    fn fault(self, call: usize) -> Option<Fault> {
        match self {
            Self::Undisturbed => None,
            Self::Once(planned, fault) => (planned == call).then_some(fault),
            Self::Mixed { seed, often } => {
                let mut hasher = DefaultHasher::new();
                (seed, call).hash(&mut hasher);
                let drawn = hasher.finish();
                let faults = [Fault::Killed, Fault::TimedOut, Fault::Throttled, Fault::Throttled, Fault::Unknown];
                let fault = faults[usize::try_from(drawn / 1000 % 5).unwrap_or_default()];
                (drawn % 1000 < often).then_some(fault)
            }
        }
    }
}

/// What somebody else does to the account.
type Act = fn(&Account);

/// The Lambda function that runs.
#[derive(Debug, Clone, Default)]
pub(super) struct Function {
    /// Its name, for the audit.
    pub(super) name: String,
    dead: bool,
    /// Calls of every function so far.
    calls: Vec<&'static str>,
    planned: Plan,
    /// The operation that met a fault last.
    met: Option<&'static str>,
    faults: usize,
    /// Whether it may have published a message.
    published: bool,
    /// Faults since a message may have gone out, of every function so far.
    unheard: usize,
    /// What others do just before a call.
    meanwhile: Vec<(usize, Act)>,
}

impl Account {
    /// A function of this name starts: nothing is dead.
    pub fn start(&self, name: &str) {
        let mut function = self.function();
        name.clone_into(&mut function.name);
        function.dead = false;
        function.published = false;
    }

    /// The call after `calls - 1` others from now on meets the fault; 1 is the next.
    pub fn fail_at(&self, calls: usize, fault: Fault) {
        let mut function = self.function();
        function.planned = Plan::Once(function.calls.len() + calls, fault);
        function.met = None;
    }

    /// So many of a thousand calls meet a passing fault from now on; the seed chooses which and what.
    pub fn fail_often(&self, seed: u64, often: u64) {
        self.function().planned = Plan::Mixed { seed, often };
    }

    /// Somebody else does this just before the call after `calls - 1` others from now on.
    pub fn meanwhile(&self, calls: usize, act: fn(&Self)) {
        let mut function = self.function();
        let call = function.calls.len() + calls;
        function.meanwhile.push((call, act));
    }

    /// No call meets a fault any more, and nothing is dead.
    pub fn mend(&self) {
        let mut function = self.function();
        function.planned = Plan::Undisturbed;
        function.dead = false;
    }

    /// Whether the function that runs was killed.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.function().dead
    }

    /// Calls of every function so far.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.function().calls.len()
    }

    /// The operations of all calls so far, in order.
    #[must_use]
    pub fn operations(&self) -> Vec<&'static str> {
        self.function().calls.clone()
    }

    /// How many calls have met a fault.
    #[must_use]
    pub fn faults(&self) -> usize {
        self.function().faults
    }

    /// How many faults functions met in the publishing of a message or after it: each may have had them publish it again.
    #[must_use]
    pub fn unheard(&self) -> usize {
        self.function().unheard
    }

    /// The operation that met the fault; none while none has.
    #[must_use]
    pub fn met(&self) -> Option<&'static str> {
        self.function().met
    }

    /// One call of an operation.
    ///
    /// # Errors
    /// `Unavailable` where it meets a fault or the function is dead.
    pub(super) fn attempt<T>(
        &self,
        operation: &'static str,
        act: impl FnOnce() -> Result<T, PhaseError>,
    ) -> Result<T, PhaseError> {
        let (fault, others) = {
            let mut function = self.function();
            (function.meet(operation)?, function.others())
        };
        for other in others {
            other(self);
        }
        let Some(fault) = fault else { return act() };
        match fault {
            Fault::Throttled => {
                return Err(PhaseError::unavailable(format!("{operation}: ThrottlingException: Rate exceeded")));
            }
            Fault::Unknown => return Err(PhaseError::not_ready(format!("{operation}: not known everywhere yet"))),
            Fault::Killed | Fault::TimedOut => {}
        }
        // What the service answers nobody hears, a refusal neither.
        let _ = act();
        if fault == Fault::Killed {
            self.function().dead = true;
        }
        Err(PhaseError::unavailable(format!("{operation}: no answer")))
    }
}

impl Function {
    fn meet(&mut self, operation: &'static str) -> Result<Option<Fault>, PhaseError> {
        if self.dead {
            return Err(PhaseError::unavailable("the function is dead"));
        }
        self.calls.push(operation);
        let fault = self.planned.fault(self.calls.len());
        self.published |= operation == "sns:Publish";
        self.unheard += usize::from(self.published && fault.is_some());
        if fault.is_some() {
            self.met = Some(operation);
            self.faults += 1;
        }
        Ok(fault)
    }

    /// What others do just before this call.
    fn others(&mut self) -> Vec<Act> {
        let calls = self.calls.len();
        let (now, later) = std::mem::take(&mut self.meanwhile).into_iter().partition(|(call, _)| *call == calls);
        self.meanwhile = later;
        let now: Vec<(usize, Act)> = now;
        now.into_iter().map(|(_, act)| act).collect()
    }
}
