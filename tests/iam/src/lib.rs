//! The evaluation of AWS IAM's policies, simulated for the front door and the services behind it.
//!
//! A request is allowed where a statement allows each action that it needs and none denies one: an explicit deny beats an
//! allow, and what nothing allows is denied
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>). Here are identity-based
//! policies of roles and resource-based policies whose callers are anonymous. Permissions boundaries, session policies, policies
//! of organizations, policy variables, and conditions on numbers, dates and binaries are not simulated: [`Policy::read`] refuses
//! a policy that has them rather than let it pass.

mod access;
mod caller;
mod condition;
mod pattern;
mod policy;

use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;

pub use access::Access;
pub use caller::{Caller, Denied};
pub use policy::{Decision, Policy, evaluate};

/// What IAM checks before a service answers a request, as the service's authorization reference lists it; nothing for a request
/// that the service does not know.
pub type Accesses = Arc<dyn Fn(http::Request<Bytes>) -> BoxFuture<'static, Vec<Access>> + Send + Sync>;
