//! Which path an object has: asked of the API server, since custom resources choose their own names
//! (<https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api>).

use domain::manifest::ObjectId;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use serde_json::Value;

/// A kind as one API server serves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resource {
    kind: String,
    plural: String,
    namespaced: bool,
}

/// Where the API server lists the kinds of an API version, and where their objects are below it.
pub(super) fn root(api_version: &str) -> String {
    if api_version.contains('/') { format!("/apis/{api_version}") } else { format!("/api/{api_version}") }
}

/// The kinds in an `APIResourceList`, without subresources.
pub(super) fn resources(list: &Value) -> Vec<Resource> {
    let served = list["resources"].as_array().into_iter().flatten();
    served
        .filter_map(|resource| {
            let plural = resource["name"].as_str().filter(|name| !name.contains('/'))?.to_owned();
            let kind = resource["kind"].as_str()?.to_owned();
            Some(Resource { kind, plural, namespaced: resource["namespaced"] == true })
        })
        .collect()
}

/// The one that serves `kind`.
pub(super) fn find(resources: &[Resource], kind: &str) -> Option<Resource> {
    resources.iter().find(|resource| resource.kind == kind).cloned()
}

impl Resource {
    /// The path of one object.
    pub(super) fn object(&self, id: &ObjectId) -> String {
        let namespace = self.namespaced.then(|| id.namespace_or_default());
        format!("{}/{}", self.collection(&id.api_version, namespace), segment(&id.name))
    }

    /// The path of all objects of the kind, of one namespace or of all.
    pub(super) fn collection(&self, api_version: &str, namespace: Option<&str>) -> String {
        let root = root(api_version);
        match namespace.filter(|_| self.namespaced) {
            Some(namespace) => format!("{root}/namespaces/{}/{}", segment(namespace), self.plural),
            None => format!("{root}/{}", self.plural),
        }
    }

    /// Whether its objects live in namespaces.
    pub(super) const fn is_namespaced(&self) -> bool {
        self.namespaced
    }
}

/// What a path segment keeps as it is: the unreserved characters of RFC 3986, and the colon of names of RBAC objects
/// (<https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#path-segment-names>).
const SEGMENT: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':').remove(b'@');

fn segment(name: &str) -> PercentEncode<'_> {
    utf8_percent_encode(name, SEGMENT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn id(api_version: &str, namespace: Option<&str>, name: &str) -> ObjectId {
        ObjectId {
            api_version: api_version.into(),
            kind: "X".into(),
            namespace: namespace.map(Into::into),
            name: name.into(),
        }
    }

    #[test]
    fn paths_follow_what_the_server_says() {
        let list = json!({ "resources": [
            { "name": "deployments", "kind": "Deployment", "namespaced": true },
            { "name": "deployments/scale", "kind": "Scale", "namespaced": true },
            { "name": "namespaces", "kind": "Namespace", "namespaced": false },
        ] });
        let found = resources(&list);
        assert_eq!(find(&found, "Scale"), None);
        let deployment = find(&found, "Deployment").unwrap();
        assert_eq!(
            deployment.object(&id("apps/v1", Some("shop"), "web")),
            "/apis/apps/v1/namespaces/shop/deployments/web"
        );
        assert_eq!(deployment.object(&id("apps/v1", None, "web")), "/apis/apps/v1/namespaces/default/deployments/web");
        assert_eq!(deployment.collection("apps/v1", None), "/apis/apps/v1/deployments");
        let namespace = find(&found, "Namespace").unwrap();
        assert_eq!(namespace.object(&id("v1", None, "shop")), "/api/v1/namespaces/shop");
        assert_eq!(namespace.object(&id("v1", Some("x"), "system:a/b")), "/api/v1/namespaces/system:a%2Fb");
    }
}
