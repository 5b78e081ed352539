//! Where the plan and the report of each migration are kept: a bucket of Amazon S3 that whoever deployed Bascule names, or none.

use crate::MigrationId;

/// A bucket of the user's, and what the keys in it begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    /// The bucket's name.
    pub bucket: String,
    /// Empty, or with a slash at its end.
    pub prefix: String,
}

impl Archive {
    /// The key of a file of a migration. It stays the same for as long as the migration is known: a later version is written over an
    /// earlier one.
    #[must_use]
    pub fn key(&self, migration: &MigrationId, file: &str) -> String {
        format!("{}{}/{file}", self.prefix, migration.name())
    }

    /// The same as people and the AWS CLI write it; without a file all of them, with a slash at the end.
    #[must_use]
    pub fn uri(&self, migration: &MigrationId, file: &str) -> String {
        format!("s3://{}/{}", self.bucket, self.key(migration, file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_the_name_of_its_migration_below_the_prefix() {
        let id = MigrationId::new("arn:aws:states:eu-central-1:123456789012:execution:bascule-migrate:move");
        let archive = |prefix: &str| Archive { bucket: "records".to_owned(), prefix: prefix.to_owned() };
        assert_eq!(archive("").key(&id, "plan.md"), "move/plan.md");
        assert_eq!(archive("bascule/").uri(&id, "report.html"), "s3://records/bascule/move/report.html");
        assert_eq!(archive("bascule/").uri(&id, ""), "s3://records/bascule/move/");
    }
}
