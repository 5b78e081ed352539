//! Discovery of groups, versions and resources
//! (<https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api>), in both formats: one aggregated
//! document, and one for each group and version.

use std::sync::Arc;

use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::answer::{self, Body};
use crate::kinds::{Kind, Kinds};

const VERBS: [&str; 8] = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

/// Groups that contain only reviews, with plural and kind of each.
const REVIEWS: [(&str, &str, &str); 2] = [
    ("authorization.k8s.io", "selfsubjectaccessreviews", "SelfSubjectAccessReview"),
    ("authentication.k8s.io", "selfsubjectreviews", "SelfSubjectReview"),
];

/// Answers a discovery request; `None` for other paths.
pub(crate) fn answer(kinds: &Kinds, url: &str, accept: &str) -> Option<Response<Body>> {
    let aggregated = accept.contains("g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
    let parts: Vec<&str> = url.trim_matches('/').split('/').collect();
    let body = match parts.as_slice() {
        ["api" | "apis"] if aggregated => {
            let core = parts[0] == "api";
            let groups = groups(kinds).into_iter().filter(|(group, _)| group.is_empty() == core);
            let items: Vec<Value> =
                groups.map(|(group, versions)| aggregated_group(kinds, &group, &versions)).collect();
            let body = json!({
                "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items,
            });
            let content_type = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
            return Some(answer::whole(StatusCode::OK, content_type, body.to_string()));
        }
        ["api"] => json!({
            "kind": "APIVersions", "versions": ["v1"],
            "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1"}],
        }),
        ["apis"] => {
            let named = groups(kinds).into_iter().filter(|(group, _)| !group.is_empty());
            let groups: Vec<Value> = named.map(|(group, versions)| group_entry(&group, &versions)).collect();
            json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
        }
        ["apis", group] => {
            let (name, versions) = groups(kinds).into_iter().find(|(name, _)| name == group)?;
            let mut entry = group_entry(&name, &versions);
            entry["kind"] = json!("APIGroup");
            entry["apiVersion"] = json!("v1");
            entry
        }
        ["api", version] => resource_list(kinds, "", version)?,
        ["apis", group, version] => resource_list(kinds, group, version)?,
        _ => return None,
    };
    Some(answer::json(StatusCode::OK, &body))
}

/// Every group with its versions, in order of preference.
pub(crate) fn groups(kinds: &Kinds) -> Vec<(String, Vec<String>)> {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    let reviews = REVIEWS.iter().map(|(group, _, _)| ((*group).to_owned(), "v1".to_owned()));
    for (group, version) in kinds.all().iter().map(|kind| (kind.group.clone(), kind.version.clone())).chain(reviews) {
        match groups.iter_mut().find(|(name, _)| *name == group) {
            Some((_, versions)) if versions.contains(&version) => {}
            Some((_, versions)) => versions.push(version),
            None => groups.push((group, vec![version])),
        }
    }
    for (_, versions) in &mut groups {
        versions.sort_by_key(|version| std::cmp::Reverse(priority(version)));
    }
    groups
}

/// Sort key of versions: stable before beta before alpha, newer before older
/// (<https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/#version-priority>).
fn priority(version: &str) -> (u8, u32, u32) {
    let numbers = version.strip_prefix('v').unwrap_or_default();
    let read = |text: &str| text.parse::<u32>().unwrap_or(0);
    for (level, word) in [(2, "beta"), (1, "alpha")] {
        if let Some((major, minor)) = numbers.split_once(word) {
            return (level, read(major), read(minor));
        }
    }
    if numbers.parse::<u32>().is_ok() { (3, read(numbers), 0) } else { (0, 0, 0) }
}

fn group_entry(group: &str, versions: &[String]) -> Value {
    let versions: Vec<Value> = versions
        .iter()
        .map(|version| json!({"groupVersion": format!("{group}/{version}"), "version": version}))
        .collect();
    json!({"name": group, "versions": versions, "preferredVersion": versions.first()})
}

fn of(kinds: &Kinds, group: &str, version: &str) -> Vec<Arc<Kind>> {
    kinds.all().into_iter().filter(|kind| kind.group == group && kind.version == version).collect()
}

fn resource_list(kinds: &Kinds, group: &str, version: &str) -> Option<Value> {
    let mut resources = Vec::new();
    for kind in of(kinds, group, version) {
        let mut entry = json!({
            "name": kind.plural, "singularName": kind.singular, "namespaced": kind.namespaced, "kind": kind.kind, "verbs": VERBS,
        });
        if !kind.short_names.is_empty() {
            entry["shortNames"] = json!(kind.short_names);
        }
        if !kind.categories.is_empty() {
            entry["categories"] = json!(kind.categories);
        }
        resources.push(entry);
        for (name, response, verbs) in subresources(&kind) {
            let mut entry = json!({
                "name": format!("{}/{name}", kind.plural), "singularName": "", "namespaced": kind.namespaced,
                "kind": response.1, "verbs": verbs,
            });
            if response.0 != kind.group {
                entry["group"] = json!(response.0);
                entry["version"] = json!("v1");
            }
            resources.push(entry);
        }
    }
    for (_, plural, kind) in REVIEWS.iter().filter(|(of, _, _)| *of == group && version == "v1") {
        resources
            .push(json!({"name": plural, "singularName": "", "namespaced": false, "kind": kind, "verbs": ["create"]}));
    }
    let name = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    (!resources.is_empty())
        .then(|| json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": name, "resources": resources}))
}

/// The name of each subresource with group and kind of its objects and its verbs.
fn subresources(kind: &Kind) -> Vec<(&'static str, (String, String), Vec<&'static str>)> {
    let own = (kind.group.clone(), kind.kind.clone());
    let change = vec!["get", "patch", "update"];
    let mut found = Vec::new();
    if kind.status {
        found.push(("status", own.clone(), change.clone()));
    }
    if kind.scale.is_some() {
        found.push(("scale", ("autoscaling".to_owned(), "Scale".to_owned()), change));
    }
    if kind.group.is_empty() && kind.kind == "Pod" {
        found.push(("eviction", ("policy".to_owned(), "Eviction".to_owned()), vec!["create"]));
        found.push(("log", own, vec!["get"]));
    }
    found
}

fn aggregated_group(kinds: &Kinds, group: &str, versions: &[String]) -> Value {
    let versions: Vec<Value> = versions
        .iter()
        .map(|version| {
            let mut resources: Vec<Value> = of(kinds, group, version).iter().map(|kind| aggregated_resource(kind)).collect();
            for (_, plural, kind) in REVIEWS.iter().filter(|(of, _, _)| *of == group) {
                resources.push(json!({
                    "resource": plural, "responseKind": {"group": group, "version": version, "kind": kind}, "scope": "Cluster",
                    "singularResource": "", "verbs": ["create"],
                }));
            }
            json!({"version": version, "freshness": "Current", "resources": resources})
        })
        .collect();
    let metadata = if group.is_empty() { json!({}) } else { json!({"name": group}) };
    json!({"metadata": metadata, "versions": versions})
}

fn aggregated_resource(kind: &Kind) -> Value {
    let subresources: Vec<Value> = subresources(kind)
        .into_iter()
        .map(|(name, (group, response), verbs)| {
            let version = if group == kind.group { kind.version.clone() } else { "v1".to_owned() };
            json!({
                "subresource": name, "responseKind": {"group": group, "version": version, "kind": response}, "verbs": verbs,
            })
        })
        .collect();
    let mut resource = json!({
        "resource": kind.plural, "singularResource": kind.singular, "verbs": VERBS,
        "responseKind": {"group": kind.group, "version": kind.version, "kind": kind.kind},
        "scope": if kind.namespaced { "Namespaced" } else { "Cluster" },
    });
    for (key, list) in [("shortNames", &kind.short_names), ("categories", &kind.categories)] {
        if !list.is_empty() {
            resource[key] = json!(list);
        }
    }
    if !subresources.is_empty() {
        resource["subresources"] = json!(subresources);
    }
    resource
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_preferred_stable_first_and_newest_first() {
        let mut versions = ["v1alpha1", "v2", "v1beta1", "v1", "v2alpha1", "v1beta2"];
        versions.sort_by_key(|version| std::cmp::Reverse(priority(version)));
        assert_eq!(versions, ["v2", "v1", "v1beta2", "v1beta1", "v2alpha1", "v1alpha1"]);
    }
}
