//! Bundles of manifests in S3.

use crate::{
    PhaseError,
    object::{Object, Unreadable},
};
use std::future::Future;

/// A bundle as S3 serves it.
#[derive(Debug, Clone, PartialEq)]
pub struct Served {
    /// The version of the S3 object, where its bucket keeps versions.
    pub version: Option<String>,
    /// Its entity tag.
    pub etag: String,
    /// SHA-256 of its bytes, hexadecimal.
    pub digest: String,
    /// What is in it, in the order in which it is written, lists flattened.
    pub objects: Vec<Object>,
    /// What could not be read.
    pub unreadable: Vec<Unreadable>,
}

/// Bundles of manifests, multi-document YAML.
pub trait Manifests: Sync {
    /// The bundle at `uri` (`s3://bucket/key`), in this version where one is given; `None` where there is none, or where S3 does not say whether there is one
    /// (without `s3:ListBucket` a missing object is denied,
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>).
    fn bundle(
        &self,
        uri: &str,
        version: Option<&str>,
    ) -> impl Future<Output = Result<Option<Served>, PhaseError>> + Send;
}
