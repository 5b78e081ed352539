//! Initial objects of a cluster: namespaces, the roles of EKS's access policies, the Service of the API server.

use serde_json::{Value, json};

use crate::{store::Resource, writes::Objects};

/// Creates the initial objects. `port` is that of the API server.
pub(crate) fn furnish(objects: &Objects, port: u16) {
    for name in ["default", "kube-system", "kube-public", "kube-node-lease"] {
        objects.make(&Resource::core("namespaces"), "", json!({"metadata": {"name": name}}));
    }
    for role in roles() {
        objects.make(&Resource::new("rbac.authorization.k8s.io", "clusterroles"), "", role);
    }
    let binding = json!({
        "metadata": {"name": "cluster-admin"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "system:masters"}],
    });
    objects.make(&Resource::new("rbac.authorization.k8s.io", "clusterrolebindings"), "", binding);
    // The group has the role's name, so that an access policy can be mapped to a group.
    let view = json!({
        "metadata": {"name": "view"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "view"}],
    });
    objects.make(&Resource::new("rbac.authorization.k8s.io", "clusterrolebindings"), "", view);
    for name in ["system-node-critical", "system-cluster-critical"] {
        let value = if name.contains("node") { 2_000_001_000 } else { 2_000_000_000 };
        objects.make(
            &Resource::new("scheduling.k8s.io", "priorityclasses"),
            "",
            json!({"metadata": {"name": name}, "value": value}),
        );
    }
    let class = json!({
        "metadata": {"name": "gp2"}, "provisioner": "kubernetes.io/aws-ebs", "reclaimPolicy": "Delete",
        "volumeBindingMode": "WaitForFirstConsumer",
    });
    objects.make(&Resource::new("storage.k8s.io", "storageclasses"), "", class);
    api_service(objects, port);
}

/// The default roles: `view` may read everything but Secrets, `edit` and `admin` may change all objects of a namespace. The
/// real ones list every kind; these have the same effect here.
fn roles() -> Vec<Value> {
    let role = |name: &str, rules: Value| json!({"metadata": {"name": name, "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"}}, "rules": rules});
    let reading = json!(["get", "list", "watch"]);
    let groups = json!([
        "apps",
        "batch",
        "autoscaling",
        "policy",
        "networking.k8s.io",
        "discovery.k8s.io",
        "apiextensions.k8s.io",
        "storage.k8s.io",
        "traefik.io",
        "gateway.networking.k8s.io",
        "rbac.authorization.k8s.io"
    ]);
    let core = json!([
        "namespaces",
        "nodes",
        "pods",
        "pods/log",
        "services",
        "endpoints",
        "configmaps",
        "serviceaccounts",
        "events",
        "persistentvolumes",
        "persistentvolumeclaims",
        "limitranges",
        "resourcequotas",
        "replicationcontrollers"
    ]);
    vec![
        role(
            "cluster-admin",
            json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}, {"nonResourceURLs": ["*"], "verbs": ["*"]}]),
        ),
        role("admin", json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}])),
        role("edit", json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}])),
        role(
            "view",
            json!([
                {"apiGroups": [""], "resources": core, "verbs": reading},
                {"apiGroups": groups, "resources": ["*"], "verbs": reading},
            ]),
        ),
    ]
}

/// The Service `kubernetes` in `default`, with the API server's address.
fn api_service(objects: &Objects, port: u16) {
    let labels = json!({"component": "apiserver", "provider": "kubernetes"});
    let service = json!({
        "metadata": {"name": "kubernetes", "labels": labels},
        "spec": {"clusterIP": "10.100.0.1", "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": port}]},
    });
    objects.make(&Resource::core("services"), "default", service);
    let slice = json!({
        "metadata": {"name": "kubernetes", "labels": {"kubernetes.io/service-name": "kubernetes"}},
        "addressType": "IPv4", "ports": [{"name": "https", "port": port, "protocol": "TCP"}],
        "endpoints": [{"addresses": ["127.0.0.1"], "conditions": {"ready": true}}],
    });
    objects.make(&Resource::new("discovery.k8s.io", "endpointslices"), "default", slice);
    let endpoints = json!({
        "metadata": {"name": "kubernetes"},
        "subsets": [{"addresses": [{"ip": "127.0.0.1"}], "ports": [{"name": "https", "port": port, "protocol": "TCP"}]}],
    });
    objects.make(&Resource::core("endpoints"), "default", endpoints);
}
