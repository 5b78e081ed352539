//! AWS IAM's roles as phases use them. IAM is one for all Regions, and what one call changed another may not see for some seconds
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>).

use crate::PhaseError;
use std::future::Future;

/// An IAM role.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Role {
    /// Its ARN.
    pub arn: String,
    /// Who may assume it, JSON as IAM keeps it.
    pub trust_policy: String,
}

/// IAM roles.
pub trait Roles: Sync {
    /// The role of this name, without its path; `None` where it does not exist.
    fn role(&self, name: &str) -> impl Future<Output = Result<Option<Role>, PhaseError>> + Send;

    /// Replaces a role's trust policy as a whole: IAM has no condition on what was there before. `Refused` where it is longer than the
    /// account's quota allows, or the role is gone.
    fn set_trust_policy(&self, name: &str, policy: &str) -> impl Future<Output = Result<(), PhaseError>> + Send;
}
