//! Custom resources against the CustomResourceDefinitions in the bundles.

use super::manifest_path;
use domain::{
    Problem,
    manifest::{
        Object,
        refusal::{defined_kind, served_versions},
    },
    object::is_built_in,
};
use std::collections::{BTreeMap, BTreeSet};

/// Custom resources in a version that the definition in the bundles does not serve (external-secrets/external-secrets#4784).
pub(super) fn unserved(all: &[(usize, Object)]) -> Vec<Problem> {
    let definitions = all.iter().filter(|(_, object)| object.id.kind == "CustomResourceDefinition");
    let served: BTreeMap<(&str, &str), Vec<&str>> = definitions
        .filter_map(|(_, object)| Some((defined_kind(&object.value)?, served_versions(&object.value))))
        .collect();
    all.iter()
        .filter_map(|(index, object)| {
            let versions = served.get(&(object.id.group(), object.id.kind.as_str())).filter(|versions| !versions.is_empty())?;
            let (_, version) = object.id.api_version.split_once('/')?;
            (!versions.contains(&version)).then(|| {
                let message = format!(
                    "{} (document {}) is written for {}, which its CustomResourceDefinition does not serve; it serves {}",
                    object.id,
                    object.document,
                    object.id.api_version,
                    versions.join(", ")
                );
                Problem::new(manifest_path(*index), message)
            })
        })
        .collect()
}

/// Custom resources whose definition is in no bundle: an operator may bring it, or nobody.
pub(super) fn unknown_kinds(objects: &[Object]) -> Option<String> {
    let defined: BTreeSet<(&str, &str)> = objects
        .iter()
        .filter(|object| object.id.kind == "CustomResourceDefinition")
        .filter_map(|object| defined_kind(&object.value))
        .collect();
    let unknown: BTreeSet<(&str, &str)> = objects
        .iter()
        .filter(|object| !is_built_in(&object.id.api_version))
        .map(|object| (object.id.group(), object.id.kind.as_str()))
        .filter(|kind| !defined.contains(kind))
        .collect();
    (!unknown.is_empty()).then(|| {
        let kinds: Vec<String> = unknown.into_iter().map(|(group, kind)| format!("{kind}.{group}")).collect();
        format!(
            "no bundle brings the CustomResourceDefinition of {}: green serves these only if something in the bundles installs them by itself",
            kinds.join(", ")
        )
    })
}
