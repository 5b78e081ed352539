//! Amazon EC2: the ports [`domain::ports::network`] and [`domain::ports::snapshots`] on `aws-sdk-ec2`.

mod launch_templates;
#[cfg(test)]
mod members;
mod network;
mod rules;
mod snapshots;
mod template_data;
#[cfg(test)]
mod tests;
mod vpc_endpoints;

use crate::{Account, error};
use aws_sdk_ec2::{
    Client,
    types::{Filter, ResourceType, Tag, TagSpecification},
};
use aws_smithy_runtime_api::{client::result::SdkError, http::Response};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use domain::{PhaseError, Tags};

impl Account {
    fn ec2(&self) -> Client {
        Client::new(self.config())
    }
}

fn filter(name: &str, values: impl IntoIterator<Item = impl Into<String>>) -> Filter {
    Filter::builder().name(name).set_values(Some(values.into_iter().map(Into::into).collect())).build()
}

fn read_tags(tags: &[Tag]) -> Tags {
    tags.iter()
        .map(|tag| (tag.key().unwrap_or_default().to_owned(), tag.value().unwrap_or_default().to_owned()))
        .collect()
}

fn tag_list(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

fn specification(resource: ResourceType, tags: &Tags) -> TagSpecification {
    TagSpecification::builder().resource_type(resource).set_tags(Some(tag_list(tags))).build()
}

/// Nothing where the answer's code is one of those that mean that the thing does not exist
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>).
fn unless<T, E: ProvideErrorMetadata>(
    codes: &[&str],
    context: &str,
    result: Result<T, SdkError<E, Response>>,
) -> Result<Option<T>, PhaseError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if codes.contains(&error::code(&error)) => Ok(None),
        Err(error) => Err(error::phase_error(context, &error)),
    }
}
