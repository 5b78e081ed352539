//! Bundles of manifests in S3.

use crate::{
    PhaseError,
    object::{Object, Unreadable},
};
use std::future::Future;

/// A bundle as S3 serves it, without what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The version of the S3 object, where its bucket keeps versions.
    pub version: Option<String>,
    /// Its entity tag.
    pub etag: String,
    /// SHA-256 of its bytes, hexadecimal.
    pub digest: String,
    /// What could not be read.
    pub unreadable: Vec<Unreadable>,
}

/// A bundle with all that is in it.
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
    /// Reads the bundle at `uri` (`s3://bucket/key`), in this version where one is given, and shows each of its objects as soon as it is
    /// read, in the order in which they are written, lists flattened: neither its text nor its objects are held as a whole. `None` where
    /// there is none, or where S3 does not say whether there is one (without `s3:ListBucket` a missing object is denied,
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>). What was shown counts only once the answer says of which
    /// bytes it was read.
    fn read(
        &self,
        uri: &str,
        version: Option<&str>,
        see: impl FnMut(Object) + Send,
    ) -> impl Future<Output = Result<Option<Source>, PhaseError>> + Send;

    /// The same with every object at once.
    fn bundle(
        &self,
        uri: &str,
        version: Option<&str>,
    ) -> impl Future<Output = Result<Option<Served>, PhaseError>> + Send {
        async move {
            let mut objects = Vec::new();
            let source = self.read(uri, version, |object| objects.push(object)).await?;
            Ok(source.map(|Source { version, etag, digest, unreadable }| Served {
                version,
                etag,
                digest,
                objects,
                unreadable,
            }))
        }
    }
}
