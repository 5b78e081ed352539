//! Terraform's states, with the conditional writes of S3
//! (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>), and their locks.

use super::{Account, aws::pair};
use domain::PhaseError;
use domain::digest::md5_hex;
use domain::ports::TerraformStates;
use domain::ports::terraform_states::{Only, Stored};

impl TerraformStates for Account {
    async fn state(&self, bucket: &str, key: &str) -> Result<Option<Stored>, PhaseError> {
        self.attempt("s3:GetObject", || {
            let aws = self.aws();
            if aws.hidden_states.contains(&pair(bucket, key)) {
                return Err(PhaseError::denied(format!("reading s3://{bucket}/{key}: AccessDenied: Access Denied")));
            }
            let found = aws.states.get(&pair(bucket, key));
            Ok(found.map(|text| Stored { bytes: text.clone().into_bytes(), etag: md5_hex(text.as_bytes()) }))
        })
    }

    async fn put_state(
        &self,
        bucket: &str,
        key: &str,
        _: Option<&str>,
        only: Only,
        bytes: Vec<u8>,
    ) -> Result<bool, PhaseError> {
        let text = String::from_utf8(bytes).map_err(|error| PhaseError::refused(error.to_string()))?;
        self.change("s3:PutObject", |aws| {
            let etag = aws.states.get(&pair(bucket, key)).map(|found| md5_hex(found.as_bytes()));
            let holds = match only {
                Only::IfAbsent => etag.is_none(),
                Only::IfMatch(expected) => etag == Some(expected),
            };
            if holds {
                aws.states.insert(pair(bucket, key), text);
            }
            Ok(holds)
        })
    }

    async fn delete_state(&self, bucket: &str, key: &str, etag: &str) -> Result<(), PhaseError> {
        self.change("s3:DeleteObject", |aws| {
            if aws.states.get(&pair(bucket, key)).is_some_and(|found| md5_hex(found.as_bytes()) == etag) {
                aws.states.remove(&pair(bucket, key));
            }
            Ok(())
        })
    }

    async fn state_lock(&self, table: &str, id: &str) -> Result<Option<String>, PhaseError> {
        self.read("dynamodb:GetItem", |aws| aws.state_locks.get(&pair(table, id)).cloned())
    }

    async fn put_state_lock(&self, table: &str, id: &str, info: &str) -> Result<bool, PhaseError> {
        self.change("dynamodb:PutItem", |aws| {
            let is_free = !aws.state_locks.contains_key(&pair(table, id));
            if is_free {
                aws.state_locks.insert(pair(table, id), info.to_owned());
            }
            Ok(is_free)
        })
    }

    async fn delete_state_lock(&self, table: &str, id: &str, info: &str) -> Result<(), PhaseError> {
        self.change("dynamodb:DeleteItem", |aws| {
            if aws.state_locks.get(&pair(table, id)).is_some_and(|held| held == info) {
                aws.state_locks.remove(&pair(table, id));
            }
            Ok(())
        })
    }

    async fn state_digest(&self, table: &str, id: &str) -> Result<Option<String>, PhaseError> {
        self.read("dynamodb:GetItem", |aws| aws.state_digests.get(&pair(table, id)).cloned())
    }

    async fn put_state_digest(&self, table: &str, id: &str, md5: &str) -> Result<(), PhaseError> {
        self.change("dynamodb:PutItem", |aws| {
            aws.state_digests.insert(pair(table, id), md5.to_owned());
            Ok(())
        })
    }
}
