//! The ports of `domain` on the AWS SDKs and kube, one feature a service, and [`serve()`]: the only place that names errors
//! to Step Functions.

pub mod account;
#[cfg(feature = "cloudwatch")]
pub mod alarms;
#[cfg(feature = "apigateway")]
pub mod apigateway;
#[cfg(feature = "autoscaling")]
pub mod autoscaling;
#[cfg(feature = "ec2")]
mod ec2;
#[cfg(feature = "eks")]
mod eks;
#[cfg(feature = "elasticloadbalancingv2")]
pub mod elasticloadbalancingv2;
pub mod error;
#[cfg(all(
    test,
    any(
        feature = "apigateway",
        feature = "autoscaling",
        feature = "ec2",
        feature = "eks",
        feature = "elasticloadbalancingv2"
    )
))]
mod fate;
#[cfg(feature = "s3")]
mod files;
#[cfg(feature = "cloudwatch")]
pub mod flows;
#[cfg(feature = "lambda")]
pub mod functions;
#[cfg(feature = "iam")]
mod iam;
#[cfg(feature = "kms")]
pub mod kms;
#[cfg(feature = "kubernetes")]
pub mod kubernetes;
pub mod ledger;
#[cfg(feature = "cloudwatchlogs")]
pub mod log_groups;
mod metrics;
#[cfg(feature = "probes")]
pub mod probes;
#[cfg(feature = "servicequotas")]
mod quotas;
#[cfg(feature = "s3")]
pub mod s3;
#[cfg(test)]
mod scenario;
#[cfg(feature = "scheduler")]
pub mod scheduler;
pub mod serve;
#[cfg(feature = "sfn")]
pub mod sfn;
#[cfg(feature = "sns")]
pub mod sns;
#[cfg(feature = "cloudwatch")]
mod stage_metrics;
#[cfg(feature = "s3")]
mod terraform_states;

pub use account::Account;
pub use lambda_runtime::Error;
pub use serve::{serve, serve_handler, serve_steps};
