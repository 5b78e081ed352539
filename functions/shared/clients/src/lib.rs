//! The ports of `domain` on the AWS SDKs and kube, one feature a service, and [`serve`]: the only place that names errors
//! to Step Functions.

pub mod account;
pub mod error;
pub mod ledger;
pub mod serve;

pub use account::Account;
pub use lambda_runtime::Error;
pub use serve::{Invocation, serve, serve_handler};
