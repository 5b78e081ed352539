//! What becomes of each member of what AWS's APIs tell of blue: whether green has the same, and where it may differ, why.
//!
//! One table for two questions. The tests of `clients` hold it against the SDK's types: none of their members is missing here. The sandbox holds
//! what the APIs answer of blue and green against each other: what differs is in the table, or is a fault. A migration in memory has a table of
//! its own, since the account there speaks Bascule's model, whose members are other ones than those of the APIs.

pub mod autoscaling;
pub mod ec2;
pub mod eks;
pub mod elastic_load_balancing;

/// What becomes of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Green gets the same, or its own for blue's.
    Copied,
    /// Preflight refuses what uses it.
    Refused,
    /// Preflight's advice tells of it.
    Told,
    /// It says what or where a thing is, not what it is like; or green is to differ in it. Why is said.
    Differs(&'static str),
}

/// A member that says in which state a thing is.
pub const STATE: Fate = Fate::Differs("the state of the thing itself");

/// A member that says which thing it is.
pub const IDENTITY: Fate = Fate::Differs("which thing it is");

/// A type of an API: its members, named as in the SDK for Rust, by their fates; and of what type a member is, where that is in the table too.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// The members that share a fate.
    pub members: &'static [(Fate, &'static [&'static str])],
    /// The types of members, or of the entries of members that are lists.
    pub parts: &'static [(&'static str, &'static Shape)],
}

impl Shape {
    /// A type whose members are all of no type in the table.
    #[must_use]
    pub const fn of(members: &'static [(Fate, &'static [&'static str])]) -> Self {
        Self { members, parts: &[] }
    }

    /// Each member with its fate.
    #[must_use]
    pub fn rows(&self) -> Vec<(&'static str, Fate)> {
        self.members.iter().flat_map(|(fate, names)| names.iter().map(|name| (*name, *fate))).collect()
    }

    /// What becomes of a member; nothing where the table does not know it.
    #[must_use]
    pub fn fate(&self, member: &str) -> Option<Fate> {
        self.members.iter().find(|(_, names)| names.contains(&member)).map(|(fate, _)| *fate)
    }

    /// The type of a member, or of its entries.
    #[must_use]
    pub fn part(&self, member: &str) -> Option<&'static Self> {
        self.parts.iter().find(|(name, _)| *name == member).map(|(_, part)| *part)
    }
}
