//! Injected faults: the nth call of an operation fails, before or after it had its effect.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The fault of a call that a rule matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// An error answer of the service's protocol, such as 500 `InternalFailure`.
    Error {
        /// The HTTP status.
        status: u16,
        /// The error code that an SDK will see.
        code: String,
    },
    /// The throttling error of the service: 429 `TooManyRequestsException` of API Gateway, 400 `ThrottlingException` elsewhere.
    Throttled,
    /// The connection is closed without an answer.
    Dropped,
    /// The call is delayed by this time and otherwise unchanged.
    Delayed(Duration),
}

/// Whether the call has its effect before it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The service never sees the call.
    BeforeEffect,
    /// The service executes the call, and the caller gets the fault instead of the answer.
    AfterEffect,
}

/// The matching calls that a rule applies to, counted from 1 since the rule was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Only the nth call.
    Nth(u64),
    /// The nth call and all later ones.
    From(u64),
}

/// A fault and the calls that it applies to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The service's signing name, or `*` for any.
    pub service: String,
    /// The operation, or `*` for any.
    pub operation: String,
    /// Which of the matching calls.
    pub which: Which,
    /// Whether the call has its effect before it fails.
    pub moment: Moment,
    /// The fault.
    pub fault: Fault,
}

impl Rule {
    /// A rule for the nth call of one operation.
    #[must_use]
    pub fn nth(service: &str, operation: &str, nth: u64, moment: Moment, fault: Fault) -> Self {
        Self { service: service.into(), operation: operation.into(), which: Which::Nth(nth), moment, fault }
    }
}

#[derive(Debug)]
struct Armed {
    rule: Rule,
    seen: u64,
    fired: u64,
}

/// The rules in force; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    armed: Arc<Mutex<Vec<Armed>>>,
}

impl Faults {
    /// Adds a rule; it counts calls from now on.
    pub fn add(&self, rule: Rule) {
        self.locked(|armed| armed.push(Armed { rule, seen: 0, fired: 0 }));
    }

    /// Removes every rule.
    pub fn clear(&self) {
        self.locked(Vec::clear);
    }

    /// Number of calls that the present rules have hit.
    #[must_use]
    pub fn fired(&self) -> u64 {
        self.locked(|armed| armed.iter().map(|armed| armed.fired).sum())
    }

    /// Counts a call for every rule that matches it, and returns the faults that apply, in the order the rules were added.
    pub(crate) fn hit(&self, service: &str, operation: &str) -> Vec<(Moment, Fault)> {
        self.locked(|armed| {
            let mut faults = Vec::new();
            for armed in armed.iter_mut() {
                let matches = |wanted: &str, name: &str| wanted == "*" || wanted == name;
                if !matches(&armed.rule.service, service) || !matches(&armed.rule.operation, operation) {
                    continue;
                }
                armed.seen += 1;
                let hit = match armed.rule.which {
                    Which::Nth(nth) => armed.seen == nth,
                    Which::From(nth) => armed.seen >= nth,
                };
                if hit {
                    armed.fired += 1;
                    faults.push((armed.rule.moment, armed.rule.fault.clone()));
                }
            }
            faults
        })
    }

    fn locked<T>(&self, act: impl FnOnce(&mut Vec<Armed>) -> T) -> T {
        act(&mut self.armed.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_nth_call_of_the_operation_is_hit() {
        let faults = Faults::default();
        faults.add(Rule::nth("eks", "CreateCluster", 2, Moment::BeforeEffect, Fault::Dropped));
        assert_eq!(faults.hit("eks", "CreateCluster"), []);
        assert_eq!(faults.hit("eks", "DescribeCluster"), []);
        assert_eq!(faults.hit("eks", "CreateCluster"), [(Moment::BeforeEffect, Fault::Dropped)]);
        assert_eq!(faults.hit("eks", "CreateCluster"), []);
        assert_eq!(faults.fired(), 1);
    }

    #[test]
    fn a_star_matches_every_service_and_operation() {
        let faults = Faults::default();
        let rule = Rule { which: Which::From(2), ..Rule::nth("*", "*", 0, Moment::AfterEffect, Fault::Throttled) };
        faults.add(rule);
        assert_eq!(faults.hit("a", "b").len(), 0);
        assert_eq!(faults.hit("c", "d").len(), 1);
        assert_eq!(faults.hit("e", "f").len(), 1);
    }

    #[test]
    fn cleared_rules_hit_nothing() {
        let faults = Faults::default();
        faults.add(Rule::nth("s", "o", 1, Moment::BeforeEffect, Fault::Throttled));
        faults.clear();
        assert_eq!(faults.hit("s", "o"), []);
    }
}
