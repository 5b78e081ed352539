//! Terraform's states on Amazon S3, written conditionally
//! (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>), and their locks and digests on DynamoDB, in the
//! items of Terraform's S3 backend (<https://developer.hashicorp.com/terraform/language/backend/s3#state-locking>).

#[cfg(test)]
mod tests;

use crate::{
    Account,
    error::{code, phase_error},
};
use aws_sdk_dynamodb::{Client, types::AttributeValue};
use aws_sdk_s3::types::ServerSideEncryption;
use aws_smithy_runtime_api::{client::result::SdkError, http::Response};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use domain::{
    PhaseError,
    adoption::FOLDER,
    ports::{
        TerraformStates,
        terraform_states::{Only, Stored},
    },
};

/// What an object is: a file of a merge request, or what the backend writes of a state and of a lock file.
fn content_type(key: &str) -> &'static str {
    if key.contains(FOLDER) { "text/plain; charset=utf-8" } else { "application/json" }
}

/// The table's key.
const ID: &str = "LockID";

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

/// The condition of a write did not hold, or the object that was to match is gone.
fn is_unmet<E: ProvideErrorMetadata>(error: &SdkError<E, Response>) -> bool {
    ["PreconditionFailed", "NoSuchKey", "ConditionalCheckFailedException"].contains(&code(error))
}

/// Another write of the same object was under way: "you can try again"
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>).
fn written<E: ProvideErrorMetadata>(context: &str, error: &SdkError<E, Response>) -> PhaseError {
    let found = phase_error(context, error);
    if code(error) == "ConditionalRequestConflict" { PhaseError::unavailable(found.message) } else { found }
}

impl Account {
    /// One attribute of an item of a lock table.
    async fn of_lock_table(&self, table: &str, id: &str, name: &str) -> Result<Option<String>, PhaseError> {
        let request = Client::new(self.config()).get_item().table_name(table).key(ID, text(id)).consistent_read(true);
        let answer = request.send().await.map_err(|error| phase_error(&format!("reading {id} of {table}"), &error))?;
        Ok(answer.item.and_then(|item| item.get(name)?.as_s().cloned().ok()))
    }
}

impl TerraformStates for Account {
    async fn state(&self, bucket: &str, key: &str) -> Result<Option<Stored>, PhaseError> {
        let context = format!("reading s3://{bucket}/{key}");
        let found = match self.objects().get_object().bucket(bucket).key(key).send().await {
            Ok(found) => found,
            Err(error) if code(&error) == "NoSuchKey" => return Ok(None),
            Err(error) => return Err(phase_error(&context, &error)),
        };
        let length = found.content_length.and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
        let (mut body, mut bytes) = (found.body, Vec::with_capacity(length));
        while let Some(part) = body.next().await {
            let part = part.map_err(|_| PhaseError::unavailable(format!("{context}: the answer broke off")))?;
            bytes.extend_from_slice(&part);
        }
        Ok(Some(Stored { bytes, etag: found.e_tag.unwrap_or_default() }))
    }

    async fn put_state(
        &self,
        bucket: &str,
        key: &str,
        kms_key_id: Option<&str>,
        only: Only,
        bytes: Vec<u8>,
    ) -> Result<bool, PhaseError> {
        let request =
            self.objects().put_object().bucket(bucket).key(key).content_type(content_type(key)).body(bytes.into());
        let request = match only {
            Only::IfAbsent => request.if_none_match("*"),
            Only::IfMatch(etag) => request.if_match(etag),
        };
        let request = match kms_key_id {
            Some(id) => request.server_side_encryption(ServerSideEncryption::AwsKms).ssekms_key_id(id),
            None => request,
        };
        match request.send().await {
            Ok(_) => Ok(true),
            Err(error) if is_unmet(&error) => Ok(false),
            Err(error) => Err(written(&format!("writing s3://{bucket}/{key}"), &error)),
        }
    }

    async fn delete_state(&self, bucket: &str, key: &str, etag: &str) -> Result<(), PhaseError> {
        match self.objects().delete_object().bucket(bucket).key(key).if_match(etag).send().await {
            Ok(_) => Ok(()),
            Err(error) if is_unmet(&error) => Ok(()),
            Err(error) => Err(written(&format!("deleting s3://{bucket}/{key}"), &error)),
        }
    }

    async fn state_lock(&self, table: &str, id: &str) -> Result<Option<String>, PhaseError> {
        self.of_lock_table(table, id, "Info").await
    }

    async fn put_state_lock(&self, table: &str, id: &str, info: &str) -> Result<bool, PhaseError> {
        let request = Client::new(self.config())
            .put_item()
            .table_name(table)
            .item(ID, text(id))
            .item("Info", text(info))
            .condition_expression("attribute_not_exists(LockID)");
        match request.send().await {
            Ok(_) => Ok(true),
            Err(error) if is_unmet(&error) => Ok(false),
            Err(error) => Err(phase_error(&format!("locking {id} in {table}"), &error)),
        }
    }

    async fn delete_state_lock(&self, table: &str, id: &str, info: &str) -> Result<(), PhaseError> {
        let request = Client::new(self.config())
            .delete_item()
            .table_name(table)
            .key(ID, text(id))
            .condition_expression("Info = :info")
            .expression_attribute_values(":info", text(info));
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) if is_unmet(&error) => Ok(()),
            Err(error) => Err(phase_error(&format!("unlocking {id} in {table}"), &error)),
        }
    }

    async fn state_digest(&self, table: &str, id: &str) -> Result<Option<String>, PhaseError> {
        self.of_lock_table(table, id, "Digest").await
    }

    async fn put_state_digest(&self, table: &str, id: &str, md5: &str) -> Result<(), PhaseError> {
        let request =
            Client::new(self.config()).put_item().table_name(table).item(ID, text(id)).item("Digest", text(md5));
        let written = request.send().await;
        written.map(drop).map_err(|error| phase_error(&format!("writing {id} in {table}"), &error))
    }
}
