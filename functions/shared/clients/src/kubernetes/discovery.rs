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

/// The kinds in an `APIResourceList` whose objects can be listed.
pub(super) fn listable(list: &Value) -> impl Iterator<Item = String> {
    let served = list["resources"].as_array().into_iter().flatten();
    let is_listed = |resource: &&Value| {
        let verbs = resource["verbs"].as_array().into_iter().flatten();
        resource["name"].as_str().is_some_and(|name| !name.contains('/'))
            && verbs.into_iter().any(|verb| verb == "list")
    };
    served.filter(is_listed).filter_map(|resource| resource["kind"].as_str().map(str::to_owned))
}

/// The API version that the server prefers of each group in an `APIGroupList`, and the core's; without those that `APIService`s with a
/// Service of their own answer.
pub(super) fn preferred(groups: &Value, services: &[Value]) -> Vec<String> {
    let aggregated = |version: &str| {
        services.iter().any(|service| {
            let spec = &service["spec"];
            let of = format!(
                "{}/{}",
                spec["group"].as_str().unwrap_or_default(),
                spec["version"].as_str().unwrap_or_default()
            );
            spec["service"].is_object() && of == version
        })
    };
    let groups = groups["groups"].as_array().into_iter().flatten();
    let versions = groups.filter_map(|group| group["preferredVersion"]["groupVersion"].as_str());
    let kept = versions.filter(|version| !aggregated(version)).map(str::to_owned);
    std::iter::once("v1".to_owned()).chain(kept).collect()
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
    fn every_kind_that_the_cluster_keeps_is_found_in_the_preferred_version() {
        let groups = json!({ "groups": [
            { "name": "apps", "preferredVersion": { "groupVersion": "apps/v1" } },
            { "name": "metrics.k8s.io", "preferredVersion": { "groupVersion": "metrics.k8s.io/v1beta1" } },
        ] });
        let service = |group: &str, version: &str, service: Value| json!({ "spec": { "group": group, "version": version, "service": service } });
        let services = [
            service("apps", "v1", Value::Null),
            service("metrics.k8s.io", "v1beta1", json!({ "name": "metrics-server" })),
        ];
        assert_eq!(preferred(&groups, &services), ["v1", "apps/v1"]);
        let list = json!({ "resources": [
            { "name": "deployments", "kind": "Deployment", "verbs": ["get", "list"] },
            { "name": "deployments/scale", "kind": "Scale", "verbs": ["get", "list"] },
            { "name": "bindings", "kind": "Binding", "verbs": ["create"] },
        ] });
        assert_eq!(listable(&list).collect::<Vec<_>>(), ["Deployment"]);
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
