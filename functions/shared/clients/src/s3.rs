//! Bundles of manifests, on Amazon S3 (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>).

#[cfg(test)]
mod tests;
mod yaml;

use crate::{
    Account,
    error::{code, phase_error},
};
use aws_sdk_s3::Client;
use domain::{
    PhaseError,
    digest::sha256_hex,
    manifest,
    ports::{Manifests, manifests::Served},
};

impl Manifests for Account {
    async fn bundle(&self, uri: &str) -> Result<Option<Served>, PhaseError> {
        let Some((bucket, key)) = uri.strip_prefix("s3://").and_then(|rest| rest.split_once('/')) else {
            return Ok(None);
        };
        let context = format!("reading {uri}");
        // Addressed by path: bucket names may hold dots, which no certificate of a virtual host covers
        // (https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html).
        let config = aws_sdk_s3::config::Builder::from(self.config()).force_path_style(true).build();
        let found = match Client::from_conf(config).get_object().bucket(bucket).key(key).send().await {
            Ok(found) => found,
            Err(error) if matches!(code(&error), "NoSuchKey" | "NoSuchBucket" | "AccessDenied" | "NotFound") => {
                return Ok(None);
            }
            Err(error) => return Err(phase_error(&context, &error)),
        };
        let version = found.version_id.filter(|version| version != "null");
        let etag = found.e_tag.unwrap_or_default().trim_matches('"').to_owned();
        let bytes = found
            .body
            .collect()
            .await
            .map_err(|_| PhaseError::unavailable(format!("{context}: the answer broke off")))?
            .into_bytes();
        let digest = sha256_hex(&bytes);
        let mut served = Served { version, etag, digest, objects: Vec::new(), unreadable: Vec::new() };
        for document in yaml::documents(&bytes) {
            let read = document.and_then(|document| manifest::objects(document.number, document.line, document.value));
            match read {
                Ok(objects) => served.objects.extend(objects),
                Err(problems) => served.unreadable.extend(problems),
            }
        }
        Ok(Some(served))
    }
}
