//! Elastic Load Balancing: Network Load Balancers, target groups, listeners
//! (<https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/Welcome.html>).

mod balancers;
mod convert;
mod listeners;
#[cfg(test)]
mod members;
mod neighbours;
mod target_groups;
#[cfg(test)]
mod tests;

use crate::{
    Account,
    error::{code, phase_error},
};
use aws_sdk_elasticloadbalancingv2::{Client, types::Tag};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::http::Response;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use domain::PhaseError;
use domain::Tags;

fn client(account: &Account) -> Client {
    Client::new(account.config())
}

fn tags(tags: &Tags) -> Option<Vec<Tag>> {
    let tags: Vec<Tag> = tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
    (!tags.is_empty()).then_some(tags)
}

async fn tags_of(client: &Client, arn: &str) -> Result<Tags, PhaseError> {
    let answer = client
        .describe_tags()
        .resource_arns(arn)
        .send()
        .await
        .map_err(|error| phase_error(&format!("reading the tags of {arn}"), &error))?;
    let tags = answer.tag_descriptions().iter().flat_map(|description| description.tags());
    Ok(tags.map(|tag| (tag.key().unwrap_or_default().to_owned(), tag.value().unwrap_or_default().to_owned())).collect())
}

/// A delete of something that may be gone; what still uses it is being deleted too, so that is `NotReady`, and so is deletion protection:
/// it was turned off a moment ago.
fn gone<T, E: ProvideErrorMetadata>(context: &str, answer: Result<T, SdkError<E, Response>>) -> Result<(), PhaseError> {
    match answer {
        Ok(_) => Ok(()),
        Err(error) if code(&error).ends_with("NotFound") => Ok(()),
        Err(error) => {
            let refused = phase_error(context, &error);
            let is_protected = || refused.message.contains("deletion protection");
            match code(&error) {
                "ResourceInUse" => Err(PhaseError::not_ready(refused.message)),
                "OperationNotPermitted" if is_protected() => Err(PhaseError::not_ready(refused.message)),
                _ => Err(refused),
            }
        }
    }
}

/// A read of something that may not exist.
fn found<T, E: ProvideErrorMetadata>(
    context: &str,
    answer: Result<T, SdkError<E, Response>>,
) -> Result<Option<T>, PhaseError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if code(&error).ends_with("NotFound") => Ok(None),
        Err(error) => Err(phase_error(context, &error)),
    }
}

fn no_arn(context: &str) -> PhaseError {
    PhaseError::unavailable(format!("{context}: the answer has no ARN"))
}
