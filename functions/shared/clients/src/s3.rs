//! Bundles of manifests, on Amazon S3 (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>).

#[cfg(test)]
mod tests;
mod yaml;

use crate::{
    Account,
    error::{code, phase_error},
};
use aws_sdk_s3::Client;
use aws_smithy_runtime_api::{client::result::SdkError, http::Response};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use domain::{
    PhaseError,
    digest::Sum,
    manifest::{self, Object},
    ports::{Manifests, manifests::Source},
};
use yaml::Stream;

/// Codes that mean that there is no such object, or that S3 does not say.
const NONE: [&str; 5] = ["NoSuchKey", "NoSuchBucket", "NoSuchVersion", "AccessDenied", "NotFound"];

/// How much of a bundle is read at a time, in bytes: some two milliseconds of a processor.
const PIECE: usize = 16 * 1024;

fn says_kms<E: ProvideErrorMetadata>(error: &SdkError<E, Response>) -> bool {
    let message = error.as_service_error().and_then(ProvideErrorMetadata::message).unwrap_or_default();
    message.contains("kms:Decrypt") || message.contains("KMS")
}

impl Account {
    /// Addressed by path: bucket names may hold dots, which no certificate of a virtual host covers
    /// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html>).
    pub(crate) fn objects(&self) -> Client {
        Client::from_conf(aws_sdk_s3::config::Builder::from(self.config()).force_path_style(true).build())
    }
}

impl Manifests for Account {
    async fn read(
        &self,
        uri: &str,
        version: Option<&str>,
        mut see: impl FnMut(Object) + Send,
    ) -> Result<Option<Source>, PhaseError> {
        let Some((bucket, key)) = uri.strip_prefix("s3://").and_then(|rest| rest.split_once('/')) else {
            return Ok(None);
        };
        let context = format!("reading {uri}");
        let request = self.objects().get_object().bucket(bucket).key(key);
        let found = match request.set_version_id(version.map(ToOwned::to_owned)).send().await {
            Ok(found) => found,
            // An object under a key of AWS KMS needs kms:Decrypt too, and S3 says which key
            // (https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html).
            Err(error) if code(&error) == "AccessDenied" && says_kms(&error) => {
                return Err(PhaseError::denied(format!(
                    "{}; allow the role of this function kms:Decrypt in the policy of the bucket's key",
                    phase_error(&context, &error).message
                )));
            }
            Err(error) if NONE.contains(&code(&error)) => {
                return Ok(None);
            }
            Err(error) => return Err(phase_error(&context, &error)),
        };
        let version = found.version_id.filter(|version| version != "null");
        let etag = found.e_tag.unwrap_or_default().trim_matches('"').to_owned();
        let mut unreadable = Vec::new();
        let mut take = |document: Result<yaml::Document, Vec<manifest::Unreadable>>| match document
            .and_then(|document| manifest::objects(document.number, document.line, document.value))
        {
            Ok(objects) => objects.into_iter().for_each(&mut see),
            Err(problems) => unreadable.extend(problems),
        };
        let (mut body, mut sum, mut stream) = (found.body, Sum::default(), Stream::default());
        while let Some(bytes) = body.next().await {
            let bytes = bytes.map_err(|_| PhaseError::unavailable(format!("{context}: the answer broke off")))?;
            sum.add(&bytes);
            for piece in bytes.chunks(PIECE) {
                stream.push(piece, &mut take);
                // Its only thread may have something else to do meanwhile, such as to open connections.
                tokio::task::yield_now().await;
            }
        }
        stream.end(&mut take);
        Ok(Some(Source { version, etag, digest: sum.hex(), unreadable }))
    }
}
