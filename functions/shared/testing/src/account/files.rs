//! The bucket of people's in which plans and reports are kept.

use super::Account;
use domain::PhaseError;
use domain::ports::Files;
use domain::ports::files::File;
use jiff::Timestamp;

/// The account that owns the bucket.
const OWNER: &str = "123456789012";

/// What is kept under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// When it was written last.
    pub at: Timestamp,
    /// How often it was written.
    pub times: usize,
    /// What was written last.
    pub file: File,
}

impl Files for Account {
    async fn put_file(&self, bucket: &str, owner: &str, key: &str, file: &File) -> Result<(), PhaseError> {
        let now = self.aws().now();
        self.attempt("s3:PutObject", || {
            let mut people = self.people();
            let context = format!("writing s3://{bucket}/{key}");
            if people.archive.as_ref().is_none_or(|archive| archive.bucket != bucket) {
                return Err(PhaseError::refused(format!("{context}: NoSuchBucket")));
            }
            if owner != OWNER {
                return Err(PhaseError::denied(format!("{context}: AccessDenied")));
            }
            let times = people.files.get(key).map_or(1, |kept| kept.times + 1);
            people.files.insert(key.to_owned(), Kept { at: now, times, file: file.clone() });
            Ok(())
        })
    }
}
