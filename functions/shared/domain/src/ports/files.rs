//! Files for people in a bucket of theirs, in Amazon S3.

use crate::PhaseError;
use std::future::Future;

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its media type, such as `text/html`. What it holds is UTF-8.
    pub media_type: &'static str,
    /// What it holds.
    pub text: String,
}

/// Files in buckets of others.
pub trait Files: Sync {
    /// Writes the file under the key of the bucket, over what was there. Nothing is written where another account than `owner` has the
    /// bucket (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html>): that is `Denied`, as a missing
    /// permission is. `Refused` where there is no such bucket in this Region.
    fn put_file(
        &self,
        bucket: &str,
        owner: &str,
        key: &str,
        file: &File,
    ) -> impl Future<Output = Result<(), PhaseError>> + Send;
}
