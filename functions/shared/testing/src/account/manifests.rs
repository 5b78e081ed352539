//! Bundles in Amazon S3.

use super::{Account, aws::pair};
use domain::PhaseError;
use domain::digest::sha256_hex;
use domain::manifest::{Object, objects};
use domain::plan::workloads::Bundle;
use domain::ports::Manifests;
use domain::ports::manifests::Source;
use serde_json::Value;

fn digest(manifests: &[Value]) -> String {
    sha256_hex(Value::from(manifests.to_vec()).to_string().as_bytes())
}

impl Account {
    /// Puts a bundle into S3, and gives it as a plan has it.
    #[expect(clippy::must_use_candidate, reason = "most tests upload for the phase to read")]
    pub fn upload(&self, uri: &str, manifests: Vec<Value>) -> Bundle {
        let digest = digest(&manifests);
        let objects = manifests.len();
        self.aws().bundles.insert(uri.to_owned(), manifests);
        Bundle { uri: uri.to_owned(), version: None, etag: digest.clone(), digest, objects }
    }

    /// The same in a bucket that keeps versions: what was uploaded before can still be had.
    #[must_use]
    pub fn upload_version(&self, uri: &str, version: &str, manifests: Vec<Value>) -> Bundle {
        self.aws().bundle_versions.insert(pair(uri, version), manifests.clone());
        Bundle { version: Some(version.to_owned()), ..self.upload(uri, manifests) }
    }
}

impl Manifests for Account {
    async fn read(
        &self,
        uri: &str,
        version: Option<&str>,
        mut see: impl FnMut(Object) + Send,
    ) -> Result<Option<Source>, PhaseError> {
        let manifests = Self::read(self, "s3:GetObject", |aws| match version {
            Some(version) => aws.bundle_versions.get(&pair(uri, version)).cloned(),
            None => aws.bundles.get(uri).cloned(),
        })?;
        let Some(manifests) = manifests else { return Ok(None) };
        let digest = digest(&manifests);
        let mut unreadable = Vec::new();
        for (index, value) in manifests.into_iter().enumerate() {
            match objects(index + 1, index + 1, value) {
                Ok(found) => found.into_iter().for_each(&mut see),
                Err(faults) => unreadable.extend(faults),
            }
        }
        Ok(Some(Source { version: None, etag: digest.clone(), digest, unreadable }))
    }
}
