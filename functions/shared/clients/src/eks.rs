//! Amazon EKS: the ports [`domain::ports::clusters`] on `aws-sdk-eks`.

mod access;
mod addons;
mod cluster;
mod components;
mod fargate;
mod identity_providers;
#[cfg(test)]
mod members;
mod node_groups;
mod read;
#[cfg(test)]
mod tests;

use crate::{Account, error};
use aws_sdk_eks::Client;
use aws_smithy_runtime_api::{client::result::SdkError, http::Response};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use domain::PhaseError;

impl Account {
    fn eks(&self) -> Client {
        Client::new(self.config())
    }
}

/// Nothing where EKS says that the thing, or the cluster that it belongs to, does not exist.
fn found<T, E: ProvideErrorMetadata>(
    context: &str,
    result: Result<T, SdkError<E, Response>>,
) -> Result<Option<T>, PhaseError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if is_gone(&error) => Ok(None),
        Err(error) => Err(error::phase_error(context, &error)),
    }
}

fn is_gone<E: ProvideErrorMetadata>(error: &SdkError<E, Response>) -> bool {
    matches!(error::code(error), "ResourceNotFoundException" | "NotFoundException")
}

/// A deletion: what is gone is well, what EKS is busy with is asked for again.
fn deleted<T, E: ProvideErrorMetadata>(
    context: &str,
    result: Result<T, SdkError<E, Response>>,
) -> Result<(), PhaseError> {
    match result {
        Ok(_) => Ok(()),
        Err(error) if is_gone(&error) => Ok(()),
        Err(error) if error::code(&error) == "ResourceInUseException" => {
            let why = error.as_service_error().and_then(ProvideErrorMetadata::message).unwrap_or_default();
            Err(PhaseError::not_ready(format!("{context}: {why}")))
        }
        Err(error) => Err(error::phase_error(context, &error)),
    }
}

/// A creation: somebody else's thing under the name is a conflict, and a cluster that is being updated, or whose Fargate profiles are, is
/// waited for.
fn created<T, E: ProvideErrorMetadata>(
    context: &str,
    result: Result<T, SdkError<E, Response>>,
) -> Result<T, PhaseError> {
    result.map_err(|error| {
        let failed = error::phase_error(context, &error);
        match error::code(&error) {
            "ResourceInUseException"
                if ["update in progress", "currently has Fargate profile"]
                    .iter()
                    .any(|busy| failed.message.contains(busy)) =>
            {
                PhaseError::not_ready(failed.message)
            }
            "ResourceInUseException" => PhaseError::conflict(failed.message),
            // Asked while the cluster is UPDATING, a moment after it was seen ACTIVE (eksctl-io/eksctl#2244).
            "InvalidRequestException" if failed.message.contains("not in ACTIVE status") => {
                PhaseError::not_ready(failed.message)
            }
            // Quotas: https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html
            "ResourceLimitExceededException" => PhaseError::refused(failed.message),
            _ => failed,
        }
    })
}
