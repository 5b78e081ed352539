//! Amazon CloudWatch Logs as phases use it: the log groups of control planes.

use crate::{PhaseError, Tags};
use serde::{Deserialize, Serialize};
use std::future::Future;

/// A log group, in the words of
/// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_LogGroup.html>.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogGroup {
    /// Its name, unique in the account and Region.
    pub name: String,
    /// Its ARN, without `:*` at the end. A group that is created again under the same name has the same ARN.
    pub arn: String,
    /// When it was created, in milliseconds since 1970.
    pub created_at: i64,
    /// For how many days events are kept; forever where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_in_days: Option<i32>,
    /// The KMS key that encrypts it, where it is not AWS's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key_arn: Option<String>,
    /// `STANDARD`, `INFREQUENT_ACCESS` or `DELIVERY`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Whether CloudWatch Logs refuses to delete it.
    #[serde(default)]
    pub deletion_protection: bool,
    /// How many metric filters it has.
    #[serde(default)]
    pub metric_filters: i32,
    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

/// Log groups.
pub trait LogGroups: Sync {
    /// The log group of this name, with its tags.
    fn log_group(&self, name: &str) -> impl Future<Output = Result<Option<LogGroup>, PhaseError>> + Send;

    /// Makes a log group with the name, key, class and tags of `group`, whose events are kept forever; `Conflict` where the
    /// name is taken.
    fn create_log_group(&self, group: &LogGroup) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Has events kept for so many days.
    fn set_retention(&self, name: &str, days: i32) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Deletes a log group with its events; does nothing where it is gone, `Refused` where it is protected.
    fn delete_log_group(&self, name: &str) -> impl Future<Output = Result<(), PhaseError>> + Send;
}
