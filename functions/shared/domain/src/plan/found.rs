//! What one part of preflight found: facts for the plan, and every reason to refuse.

use super::Planned;
use crate::Problem;

/// What one part of preflight found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found<T> {
    /// The facts; only of use where there are no problems.
    pub facts: T,
    /// Every reason to refuse.
    pub problems: Vec<Problem>,
    /// What will be created.
    pub creates: Vec<Planned>,
    /// What the cleanup will delete that Bascule did not create.
    pub deletes: Vec<Planned>,
    /// The API calls of the switch, in order.
    pub switch: Vec<String>,
    /// What the operator should know.
    pub advice: Vec<String>,
}

impl<T> Found<T> {
    /// These facts, nothing else yet.
    pub const fn new(facts: T) -> Self {
        Self {
            facts,
            problems: Vec::new(),
            creates: Vec::new(),
            deletes: Vec::new(),
            switch: Vec::new(),
            advice: Vec::new(),
        }
    }

    /// With what another part found beside facts.
    pub fn extend(&mut self, other: Found<()>) {
        self.problems.extend(other.problems);
        self.creates.extend(other.creates);
        self.deletes.extend(other.deletes);
        self.switch.extend(other.switch);
        self.advice.extend(other.advice);
    }
}
