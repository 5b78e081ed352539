//! AWS IAM as phases use it: roles, read only.

use crate::PhaseError;
use std::future::Future;

/// An IAM role.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Role {
    /// Its ARN.
    pub arn: String,
    /// Who may assume it, JSON.
    pub trust_policy: String,
}

/// IAM roles.
pub trait Roles: Sync {
    /// The role of this name, without its path; `None` where it does not exist.
    fn role(&self, name: &str) -> impl Future<Output = Result<Option<Role>, PhaseError>> + Send;
}
