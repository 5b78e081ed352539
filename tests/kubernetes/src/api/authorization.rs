//! Authorization: RBAC with the roles and bindings in the cluster
//! (<https://kubernetes.io/docs/reference/access-authn-authz/rbac/>). `system:masters` may do everything. Everybody may
//! read health and version (`system:public-info-viewer`), and authenticated users discovery.

use serde_json::Value;

use crate::{authentication::Identity, object, store::Resource, writes::Objects};

const GROUP: &str = "rbac.authorization.k8s.io";

/// The attributes of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Attempt {
    /// The verb: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete` or `deletecollection`.
    pub(crate) verb: String,
    pub(crate) group: String,
    /// The plural with its subresource, such as `deployments/status`.
    pub(crate) resource: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
}

/// Whether an identity is allowed to make a request.
pub(crate) fn allows(objects: &Objects, who: &Identity, attempt: &Attempt) -> bool {
    if who.groups.iter().any(|group| group == "system:masters") {
        return true;
    }
    let everywhere = objects.store.all(&Resource::new(GROUP, "clusterrolebindings"));
    let here = objects.store.list(&Resource::new(GROUP, "rolebindings"), Some(&attempt.namespace)).0;
    let here = here.iter().filter(|_| !attempt.namespace.is_empty());
    everywhere.iter().chain(here).any(|binding| {
        object::list(binding, "/subjects").iter().any(|subject| is_subject(who, subject))
            && rules(objects, binding).iter().any(|rule| permits(rule, attempt))
    })
}

fn is_subject(who: &Identity, subject: &Value) -> bool {
    let name = subject["name"].as_str().unwrap_or_default();
    match subject["kind"].as_str() {
        Some("User") => who.username == name,
        Some("Group") => who.groups.iter().any(|group| group == name),
        Some("ServiceAccount") => {
            let namespace = subject["namespace"].as_str().unwrap_or_default();
            who.username == format!("system:serviceaccount:{namespace}:{name}")
        }
        _ => false,
    }
}

fn rules(objects: &Objects, binding: &Value) -> Vec<Value> {
    let name = object::text(binding, "/roleRef/name").unwrap_or_default();
    let role = match object::text(binding, "/roleRef/kind") {
        Some("ClusterRole") => objects.store.get(&Resource::new(GROUP, "clusterroles"), "", name),
        _ => objects.store.get(&Resource::new(GROUP, "roles"), object::namespace(binding), name),
    };
    role.map(|role| object::list(&role, "/rules").to_vec()).unwrap_or_default()
}

fn permits(rule: &Value, attempt: &Attempt) -> bool {
    let has = |key: &str, wanted: &str| {
        let values = rule[key].as_array().into_iter().flatten();
        values.filter_map(Value::as_str).any(|value| value == "*" || value == wanted)
    };
    let names = object::list(rule, "/resourceNames");
    let every_subresource =
        attempt.resource.split_once('/').is_some_and(|(_, subresource)| has("resources", &format!("*/{subresource}")));
    has("verbs", &attempt.verb)
        && has("apiGroups", &attempt.group)
        && (has("resources", &attempt.resource) || every_subresource)
        && (names.is_empty() || names.iter().any(|name| name == attempt.name.as_str()))
}
