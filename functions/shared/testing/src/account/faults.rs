//! Faults at calls.

use super::Account;
use domain::PhaseError;

/// What a call can meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The function is killed as soon as the call has had its effect: the answer is lost, and the function does nothing more.
    Killed,
    /// The call has its effect and its answer is lost; the function goes on.
    TimedOut,
    /// The call has no effect.
    Throttled,
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
    /// Of these the one that meets a fault, from 1.
    planned: Option<(usize, Fault)>,
    /// The operation that met it.
    met: Option<&'static str>,
    /// What others do just before a call.
    meanwhile: Vec<(usize, Act)>,
}

impl Account {
    /// A function of this name starts: nothing is dead.
    pub fn start(&self, name: &str) {
        let mut function = self.function();
        name.clone_into(&mut function.name);
        function.dead = false;
    }

    /// The call after `calls - 1` others from now on meets the fault; 1 is the next.
    pub fn fail_at(&self, calls: usize, fault: Fault) {
        let mut function = self.function();
        function.planned = Some((function.calls.len() + calls, fault));
        function.met = None;
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
        function.planned = None;
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
        if fault == Fault::Throttled {
            return Err(PhaseError::unavailable(format!("{operation}: ThrottlingException: Rate exceeded")));
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
        let fault = self.planned.filter(|(call, _)| *call == self.calls.len()).map(|(_, fault)| fault);
        if fault.is_some() {
            self.planned = None;
            self.met = Some(operation);
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
