//! Bundles in Amazon S3.

use super::{Account, aws::pair};
use domain::PhaseError;
use domain::digest::sha256_hex;
use domain::manifest::objects;
use domain::plan::workloads::Bundle;
use domain::ports::Manifests;
use domain::ports::manifests::Served;
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
    async fn bundle(&self, uri: &str, version: Option<&str>) -> Result<Option<Served>, PhaseError> {
        let manifests = self.read("s3:GetObject", |aws| match version {
            Some(version) => aws.bundle_versions.get(&pair(uri, version)).cloned(),
            None => aws.bundles.get(uri).cloned(),
        })?;
        Ok(manifests.map(|manifests| {
            let digest = digest(&manifests);
            let mut served =
                Served { version: None, etag: digest.clone(), digest, objects: Vec::new(), unreadable: Vec::new() };
            for (index, value) in manifests.into_iter().enumerate() {
                match objects(index + 1, index + 1, value) {
                    Ok(found) => served.objects.extend(found),
                    Err(faults) => served.unreadable.extend(faults),
                }
            }
            served
        }))
    }
}
