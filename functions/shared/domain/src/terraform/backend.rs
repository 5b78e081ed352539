//! Where Terraform's S3 backend keeps a state and how it locks it
//! (<https://developer.hashicorp.com/terraform/language/backend/s3>,
//! <https://github.com/opentofu/opentofu/blob/v1.10.0/internal/backend/remote-state/s3/client.go>).

use crate::digest::sha256_hex;
use serde::{Deserialize, Serialize};

/// The workspace whose state is at the key itself.
pub const DEFAULT: &str = "default";

/// One state, and what locks it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// The bucket.
    pub bucket: String,
    /// The object's key.
    pub object: String,
    /// The workspace, for people.
    pub workspace: String,
    /// The DynamoDB table that locks it and keeps its digest (`dynamodb_table`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock_table: Option<String>,
    /// Whether a file beside it locks it (`use_lockfile`).
    pub lock_file: bool,
    /// The key of AWS KMS under which it is written (`kms_key_id`); as the bucket has it by default where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,
}

/// The key of the object of a workspace's state.
#[must_use]
pub fn object(key: &str, prefix: &str, workspace: &str) -> String {
    if workspace == DEFAULT {
        return key.to_owned();
    }
    // Terraform joins them as a path.
    let parts = prefix.split('/').chain([workspace]).chain(key.split('/'));
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
}

impl Place {
    /// The id of its lock in the table, and its name for people.
    #[must_use]
    pub fn lock_id(&self) -> String {
        format!("{}/{}", self.bucket, self.object)
    }

    /// The id of its digest in the table.
    #[must_use]
    pub fn digest_id(&self) -> String {
        format!("{}-md5", self.lock_id())
    }

    /// The key of the file that locks it.
    #[must_use]
    pub fn lock_file_object(&self) -> String {
        format!("{}.tflock", self.object)
    }

    /// The key of the copy that is made before its exchange of this number, from 1; the second is the way back. Terraform takes none of
    /// them for a workspace.
    #[must_use]
    pub fn backup(&self, migration: &str, number: u32) -> String {
        let what = if number % 2 == 1 { "hand-over" } else { "way-back" };
        format!("{}.before-bascule-{what}-{migration}", self.object)
    }
}

/// What a lock says of its holder, as Terraform writes it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct LockInfo {
    /// By which the holder knows its own lock, and people name it to `terraform force-unlock`.
    #[serde(rename = "ID")]
    pub id: String,
    /// What the holder does.
    pub operation: String,
    /// More about it.
    pub info: String,
    /// User and machine.
    pub who: String,
    /// The holder's version.
    pub version: String,
    /// Since when.
    pub created: String,
    /// What is locked.
    pub path: String,
}

impl LockInfo {
    /// Bascule's lock on a state for a migration, of this ARN, taken at this time. Its id is the same in every try, so that a lock of
    /// which the answer was lost is known again.
    #[must_use]
    pub fn of(migration: &str, place: &Place, at: jiff::Timestamp) -> Self {
        let path = place.lock_id();
        let hash = sha256_hex(format!("{migration} {path}").as_bytes());
        let id = [&hash[..8], &hash[8..12], &hash[12..16], &hash[16..20], &hash[20..32]].join("-");
        Self {
            id,
            operation: "BasculeHandover".to_owned(),
            info: format!("held until the migration {migration} has handed the state over or back"),
            who: "bascule-handover-terraform".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            created: at.to_string(),
            path,
        }
    }

    /// As the backend writes it.
    #[must_use]
    pub fn written(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads what a lock says; whatever cannot be read is a holder of whom nothing is known.
    #[must_use]
    pub fn read(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    /// The holder, for people.
    #[must_use]
    pub fn holder(&self) -> String {
        let known = |text: &str| if text.is_empty() { "unknown".to_owned() } else { text.to_owned() };
        format!(
            "{} ({}) since {}, lock {}",
            known(&self.who),
            known(&self.operation),
            known(&self.created),
            known(&self.id)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(object: &str) -> Place {
        Place {
            bucket: "states".to_owned(),
            object: object.to_owned(),
            workspace: DEFAULT.to_owned(),
            lock_table: None,
            lock_file: true,
            kms_key_id: None,
        }
    }

    // https://developer.hashicorp.com/terraform/language/backend/s3#workspace_key_prefix and `path.Join`.
    #[test]
    fn the_state_of_a_workspace_is_below_the_prefix() {
        for (key, prefix, workspace, expected) in [
            ("shop/cluster.tfstate", "env:", "default", "shop/cluster.tfstate"),
            ("shop/cluster.tfstate", "env:", "prod", "env:/prod/shop/cluster.tfstate"),
            ("cluster.tfstate", "teams/a/", "prod", "teams/a/prod/cluster.tfstate"),
            ("cluster.tfstate", "", "prod", "prod/cluster.tfstate"),
        ] {
            assert_eq!(object(key, prefix, workspace), expected);
        }
    }

    // Names of https://github.com/opentofu/opentofu/blob/v1.10.0/internal/backend/remote-state/s3/client.go: lockPath,
    // stateIDSuffix, lockFileSuffix.
    #[test]
    fn locks_and_digests_have_terraforms_names() {
        let place = place("env:/prod/a.tfstate");
        assert_eq!(place.lock_id(), "states/env:/prod/a.tfstate");
        assert_eq!(place.digest_id(), "states/env:/prod/a.tfstate-md5");
        assert_eq!(place.lock_file_object(), "env:/prod/a.tfstate.tflock");
        assert_eq!(place.backup("to-1.34", 1), "env:/prod/a.tfstate.before-bascule-hand-over-to-1.34");
        assert_eq!(place.backup("to-1.34", 2), "env:/prod/a.tfstate.before-bascule-way-back-to-1.34");
    }

    #[test]
    fn a_lock_is_known_again_and_is_another_one_for_another_migration_or_state() {
        let lock = |migration: &str, object: &str, second| {
            let at = jiff::Timestamp::from_second(second).unwrap();
            LockInfo::of(migration, &place(object), at)
        };
        let ours = lock("one", "a", 0);
        assert_eq!(ours.id, lock("one", "a", 9).id);
        assert_ne!(ours.id, lock("two", "a", 0).id);
        assert_ne!(ours.id, lock("one", "b", 0).id);
        assert_eq!(LockInfo::read(&ours.written()), ours);
        assert_eq!(ours.id.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
    }

    #[test]
    fn a_lock_of_terraform_says_who_holds_it() {
        // As Terraform 1.11.4 writes it.
        let text = r#"{"ID":"0f1c","Operation":"OperationTypeApply","Info":"","Who":"ana@laptop","Version":"1.11.4","Created":"2026-11-30T08:00:00.1Z","Path":"states/a"}"#;
        let expected = "ana@laptop (OperationTypeApply) since 2026-11-30T08:00:00.1Z, lock 0f1c";
        assert_eq!(LockInfo::read(text).holder(), expected);
        assert_eq!(LockInfo::read("?").holder(), "unknown (unknown) since unknown, lock unknown");
    }
}
