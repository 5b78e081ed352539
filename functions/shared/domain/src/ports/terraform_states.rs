//! Terraform's states in S3, and their locks and digests in DynamoDB.

use crate::PhaseError;
use std::future::Future;

/// An object as S3 serves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its entity tag, by which a later write knows that nobody has written meanwhile.
    pub etag: String,
}

/// When a write is to have its effect
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Only {
    /// While there is no such object.
    IfAbsent,
    /// While the object has this entity tag.
    IfMatch(String),
}

/// Terraform's states, and what its S3 backend keeps beside them.
pub trait TerraformStates: Sync {
    /// The object, or none where there is none. `Denied` where S3 does not say (without `s3:ListBucket` a missing object is denied,
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>), `Refused` where there is no such bucket.
    fn state(&self, bucket: &str, key: &str) -> impl Future<Output = Result<Option<Stored>, PhaseError>> + Send;

    /// Writes the object, under this key of AWS KMS where one is given; false where the condition did not hold and nothing was written.
    fn put_state(
        &self,
        bucket: &str,
        key: &str,
        kms_key_id: Option<&str>,
        only: Only,
        bytes: Vec<u8>,
    ) -> impl Future<Output = Result<bool, PhaseError>> + Send;

    /// Deletes the object while it has this entity tag. Nothing where it is another one or gone.
    fn delete_state(&self, bucket: &str, key: &str, etag: &str) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// What the lock of this id in a table says, where it is held.
    fn state_lock(&self, table: &str, id: &str) -> impl Future<Output = Result<Option<String>, PhaseError>> + Send;

    /// Takes the lock; false where it is held.
    fn put_state_lock(
        &self,
        table: &str,
        id: &str,
        info: &str,
    ) -> impl Future<Output = Result<bool, PhaseError>> + Send;

    /// Gives the lock back while it says this. Nothing where it says something else or is not held.
    fn delete_state_lock(
        &self,
        table: &str,
        id: &str,
        info: &str,
    ) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// The MD5 of the state as the table has it under this id, hexadecimal.
    fn state_digest(&self, table: &str, id: &str) -> impl Future<Output = Result<Option<String>, PhaseError>> + Send;

    /// Sets it.
    fn put_state_digest(&self, table: &str, id: &str, md5: &str)
    -> impl Future<Output = Result<(), PhaseError>> + Send;
}
