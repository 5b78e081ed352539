//! The tags by which everything that Bascule created is known.

use crate::{Migration, Side, Tags, plan::OWN_TAGS};

/// The name of the migration.
pub const MIGRATION: &str = OWN_TAGS[0];

/// Whose it is.
pub const SIDE: &str = OWN_TAGS[1];

/// Of which volume of blue something is a copy.
pub const COPY_OF: &str = OWN_TAGS[2];

/// By which the owner of something of blue lets the cleanup delete it: see `CleanupDeletes` in infra/template.yaml.
pub const REPLACEABLE: &str = "bascule:replaceable";

/// The tags of something that this migration creates.
#[must_use]
pub fn tags(migration: &Migration, side: Side) -> Tags {
    [(MIGRATION, migration.name()), (SIDE, side.name())].map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

/// The tags of green's clone of something of blue.
#[must_use]
pub fn clone_tags(migration: &Migration, blue: &Tags) -> Tags {
    tags_like(migration, Side::Green, blue)
}

/// The tags of something that this migration creates like something that carries the tags `like`.
#[must_use]
pub fn tags_like(migration: &Migration, side: Side, like: &Tags) -> Tags {
    let mut all = migration.plan.compute.green_tags(like);
    all.extend(tags(migration, side));
    all
}

/// Whether this migration created what carries these tags.
#[must_use]
pub fn is_own(migration: &Migration, tags: &Tags) -> bool {
    tags.get(MIGRATION).is_some_and(|name| name == migration.name())
}
