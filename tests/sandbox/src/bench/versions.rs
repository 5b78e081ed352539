//! What was written: the versions of all objects, compared.

use std::collections::BTreeMap;

use serde_json::Value;

use super::limit::Server;
use crate::error::Result;

/// How a list without the objects themselves is asked for
/// (<https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches>).
const METADATA: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/// What the API server itself writes all the time.
const ITS_OWN: [&str; 2] = ["leases", "events"];

/// The resource version of every object, by the path of its kind, its namespace and its name.
///
/// # Errors
/// When the API server does not list what it serves.
pub async fn read(server: &Server) -> Result<BTreeMap<String, String>> {
    let everything = everything(server, METADATA).await?;
    let version = |object: &Value| object["metadata"]["resourceVersion"].as_str().unwrap_or_default().to_owned();
    Ok(everything.iter().map(|(name, object)| (name.clone(), version(object))).collect())
}

/// Every object, in the form that is accepted, by the path of its kind, its namespace and its name.
///
/// # Errors
/// When the API server does not list what it serves.
pub async fn everything(server: &Server, accept: &str) -> Result<BTreeMap<String, Value>> {
    let mut roots = vec!["/api/v1".to_owned()];
    let groups = server.get("/apis", "application/json").await?;
    for group in groups["groups"].as_array().into_iter().flatten() {
        if let Some(version) = group["preferredVersion"]["groupVersion"].as_str() {
            roots.push(format!("/apis/{version}"));
        }
    }
    let mut everything = BTreeMap::new();
    for root in roots {
        // A group whose APIService has no Pods yet is not there (503).
        let Ok(list) = server.get(&root, "application/json").await else { continue };
        for resource in list["resources"].as_array().into_iter().flatten() {
            let name = resource["name"].as_str().unwrap_or_default();
            let is_listed = resource["verbs"].as_array().is_some_and(|verbs| verbs.contains(&Value::from("list")));
            if !is_listed || ITS_OWN.contains(&name) {
                continue;
            }
            let mut found = server.get(&format!("{root}/{name}"), accept).await?;
            let Some(Value::Array(items)) = found.get_mut("items").map(Value::take) else { continue };
            for item in items {
                let text = |key: &str| item["metadata"][key].as_str().unwrap_or_default();
                everything.insert(format!("{root}/{name} {}/{}", text("namespace"), text("name")), item);
            }
        }
    }
    Ok(everything)
}

/// The objects that are other than before, or were not there.
#[must_use]
pub fn written(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<String> {
    after
        .iter()
        .filter(|(object, version)| before.get(*object) != Some(version))
        .map(|(object, _)| object.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_and_changed_objects_were_written() {
        let of = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(object, version)| ((*object).to_owned(), (*version).to_owned())).collect()
        };
        let before = of(&[("a", "1"), ("b", "2")]);
        assert_eq!(written(&before, &before), Vec::<String>::new());
        assert_eq!(written(&before, &of(&[("a", "1"), ("b", "3"), ("c", "4")])), ["b", "c"]);
    }
}
