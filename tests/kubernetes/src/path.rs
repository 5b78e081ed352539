//! Resource paths and query parameters of requests
//! (<https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris>).

use std::{borrow::Cow, collections::HashMap};

use percent_encoding::percent_decode_str;

/// The path of a collection, an object or a subresource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) namespace: Option<String>,
    pub(crate) plural: String,
    pub(crate) name: Option<String>,
    pub(crate) subresource: Option<String>,
}

/// Parses a path below `/api/v1/` or `/apis/<group>/<version>/`; `None` for other paths.
pub(crate) fn parse(path: &str) -> Option<Path> {
    let parts: Vec<Cow<'_, str>> =
        path.trim_matches('/').split('/').map(|part| percent_decode_str(part).decode_utf8_lossy()).collect();
    let parts: Vec<&str> = parts.iter().map(Cow::as_ref).collect();
    let (group, version, rest) = match parts.as_slice() {
        ["api", version, rest @ ..] => ("", *version, rest),
        ["apis", group, version, rest @ ..] => (*group, *version, rest),
        _ => return None,
    };
    let own = |text: &str| Some(text.to_owned());
    let (namespace, plural, name, subresource) = match rest {
        // `status` and `finalize` are subresources of the namespace itself, not resources in it.
        ["namespaces", name, subresource @ ("status" | "finalize")] => {
            (None, "namespaces", own(name), own(subresource))
        }
        ["namespaces", namespace, plural, rest @ ..] => match rest {
            [] => (own(namespace), *plural, None, None),
            [name] => (own(namespace), *plural, own(name), None),
            [name, subresource, ..] => (own(namespace), *plural, own(name), own(subresource)),
        },
        [plural] => (None, *plural, None, None),
        [plural, name] => (None, *plural, own(name), None),
        [plural, name, subresource, ..] => (None, *plural, own(name), own(subresource)),
        [] => return None,
    };
    if plural.is_empty() {
        return None;
    }
    Some(Path {
        group: group.to_owned(),
        version: version.to_owned(),
        namespace,
        plural: plural.to_owned(),
        name,
        subresource,
    })
}

/// Query parameters. Of a repeated parameter the last value counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query(HashMap<String, String>);

impl Query {
    pub(crate) fn parse(query: Option<&str>) -> Self {
        Self(form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect())
    }

    /// The value of a parameter, if it is not empty.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Whether a parameter is true by the rules of Go's `strconv.ParseBool`.
    pub(crate) fn is_true(&self, key: &str) -> bool {
        matches!(self.0.get(key).map(String::as_str), Some("true" | "1" | "t" | "T" | "TRUE" | "True"))
    }

    /// Whether `dryRun=All` is set.
    pub(crate) fn is_dry_run(&self) -> bool {
        self.get("dryRun") == Some("All")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(path: &str) -> (String, Option<String>, String, Option<String>, Option<String>) {
        let path = parse(path).unwrap();
        (path.group, path.namespace, path.plural, path.name, path.subresource)
    }

    #[test]
    fn paths_name_collections_objects_and_subresources_in_and_out_of_namespaces() {
        let some = |text: &str| Some(text.to_owned());
        let core = String::new();
        assert_eq!(parts("/api/v1/pods"), (core.clone(), None, "pods".into(), None, None));
        assert_eq!(parts("/api/v1/namespaces/shop"), (core.clone(), None, "namespaces".into(), some("shop"), None));
        assert_eq!(
            parts("/api/v1/namespaces/shop/finalize"),
            (core.clone(), None, "namespaces".into(), some("shop"), some("finalize"))
        );
        assert_eq!(parts("/api/v1/namespaces/shop/pods/a"), (core, some("shop"), "pods".into(), some("a"), None));
        assert_eq!(
            parts("/apis/apps/v1/namespaces/shop/deployments/web/scale"),
            ("apps".into(), some("shop"), "deployments".into(), some("web"), some("scale"))
        );
        assert!(parse("/apis/apps/v1").is_none());
        assert!(parse("/healthz").is_none());
    }

    #[test]
    fn queries_are_decoded() {
        let query = Query::parse(Some("labelSelector=app%3Dshop%2Ctier+in+%28a%29&watch=1"));
        assert_eq!(query.get("labelSelector"), Some("app=shop,tier in (a)"));
        assert!(query.is_true("watch"));
    }
}
