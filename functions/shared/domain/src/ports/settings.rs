//! Settings of Bascule's deployment (infra/template.yaml), and the time.

use crate::{PhaseError, archive::Archive};
use std::future::Future;

/// Settings of infra/template.yaml. Each is `Refused` where the function was deployed without it.
pub trait Settings: Sync {
    /// The ARN of the IAM role that Bascule has inside the clusters.
    ///
    /// # Errors
    /// `Refused` where it is missing.
    fn kubernetes_role_arn(&self) -> Result<String, PhaseError>;

    /// The security group of the functions that talk to Kubernetes, where they run in the user's subnets.
    fn functions_security_group(&self) -> Option<String>;

    /// The pattern, with paths, of the IAM roles whose trust policies Bascule may change; `None` where it may change none.
    fn irsa_roles(&self) -> Option<String>;

    /// The URL of the approval page, with a slash at its end.
    ///
    /// # Errors
    /// `Refused` where it is missing.
    fn approval_url(&self) -> Result<String, PhaseError>;

    /// Whether the approval page takes requests only that are signed by an identity of AWS IAM.
    fn approvers_sign(&self) -> bool;

    /// Where plans and reports are kept; `None` where no bucket was named.
    fn archive(&self) -> Option<Archive>;

    /// The ARN of `decide`, which the deadlines of questions call.
    ///
    /// # Errors
    /// `Refused` where it is missing.
    fn decide_arn(&self) -> Result<String, PhaseError>;

    /// The ARN of `observe`, which the schedules of a migration and of its bake call.
    ///
    /// # Errors
    /// `Refused` where it is missing.
    fn observe_arn(&self) -> Result<String, PhaseError>;

    /// The ARN of the cleanup machine.
    ///
    /// # Errors
    /// `Refused` where it is missing.
    fn cleanup_machine_arn(&self) -> Result<String, PhaseError>;
}

/// What time it is.
pub trait Clock: Sync {
    /// Now.
    fn now(&self) -> jiff::Timestamp;

    /// Ends when this time has passed.
    fn sleep(&self, duration: jiff::SignedDuration) -> impl Future<Output = ()> + Send;
}
