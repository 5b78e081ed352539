//! The kinds that the API server serves: a table of built-in kinds, and those of CRDs.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use serde_json::Value;

use crate::{object, store::Resource};

/// The JSON pointers of a scale subresource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scale {
    /// JSON pointer to the desired number of replicas.
    pub(crate) spec: String,
    /// JSON pointer to the current number of replicas.
    pub(crate) status: String,
    /// JSON pointer to the selector, a string or a `LabelSelector`.
    pub(crate) selector: Option<String>,
}

/// One kind in one version.
#[allow(clippy::struct_field_names, reason = "Kubernetes calls the name of a kind its kind")]
#[derive(Debug, Clone)]
pub(crate) struct Kind {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    pub(crate) plural: String,
    pub(crate) singular: String,
    pub(crate) short_names: Vec<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) namespaced: bool,
    /// Whether `status` is a subresource, which other writes do not change.
    pub(crate) status: bool,
    pub(crate) scale: Option<Scale>,
    /// The schema of a custom resource.
    pub(crate) schema: Option<Arc<Value>>,
    pub(crate) custom: bool,
}

impl Kind {
    /// Its key in the store.
    pub(crate) fn resource(&self) -> Resource {
        Resource::new(&self.group, &self.plural)
    }

    /// The API version, such as `apps/v1` or `v1`.
    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }
}

/// Group, version, plural, kind, namespaced, subresources (`s` for status, `c` for scale), short names.
type Row = (&'static str, &'static str, &'static str, &'static str, bool, &'static str, &'static str);

const BUILT_IN: &[Row] = &[
    ("", "v1", "namespaces", "Namespace", false, "s", "ns"),
    ("", "v1", "nodes", "Node", false, "s", "no"),
    ("", "v1", "persistentvolumes", "PersistentVolume", false, "s", "pv"),
    ("", "v1", "pods", "Pod", true, "s", "po"),
    ("", "v1", "services", "Service", true, "s", "svc"),
    ("", "v1", "endpoints", "Endpoints", true, "", "ep"),
    ("", "v1", "configmaps", "ConfigMap", true, "", "cm"),
    ("", "v1", "secrets", "Secret", true, "", ""),
    ("", "v1", "serviceaccounts", "ServiceAccount", true, "", "sa"),
    ("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", true, "s", "pvc"),
    ("", "v1", "events", "Event", true, "", "ev"),
    ("", "v1", "limitranges", "LimitRange", true, "", "limits"),
    ("", "v1", "resourcequotas", "ResourceQuota", true, "s", "quota"),
    ("", "v1", "replicationcontrollers", "ReplicationController", true, "sc", "rc"),
    ("", "v1", "podtemplates", "PodTemplate", true, "", ""),
    ("apps", "v1", "deployments", "Deployment", true, "sc", "deploy"),
    ("apps", "v1", "replicasets", "ReplicaSet", true, "sc", "rs"),
    ("apps", "v1", "statefulsets", "StatefulSet", true, "sc", "sts"),
    ("apps", "v1", "daemonsets", "DaemonSet", true, "s", "ds"),
    ("apps", "v1", "controllerrevisions", "ControllerRevision", true, "", ""),
    ("batch", "v1", "jobs", "Job", true, "s", ""),
    ("batch", "v1", "cronjobs", "CronJob", true, "s", "cj"),
    ("networking.k8s.io", "v1", "ingresses", "Ingress", true, "s", "ing"),
    ("networking.k8s.io", "v1", "ingressclasses", "IngressClass", false, "", ""),
    ("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", true, "", "netpol"),
    ("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", true, "", ""),
    ("events.k8s.io", "v1", "events", "Event", true, "", "ev"),
    ("rbac.authorization.k8s.io", "v1", "roles", "Role", true, "", ""),
    ("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding", true, "", ""),
    ("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", false, "", ""),
    ("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", false, "", ""),
    ("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", true, "s", "pdb"),
    ("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", true, "s", "hpa"),
    ("storage.k8s.io", "v1", "storageclasses", "StorageClass", false, "", "sc"),
    ("storage.k8s.io", "v1", "volumeattachments", "VolumeAttachment", false, "s", ""),
    ("storage.k8s.io", "v1", "csidrivers", "CSIDriver", false, "", ""),
    ("storage.k8s.io", "v1", "csinodes", "CSINode", false, "", ""),
    ("storage.k8s.io", "v1", "csistoragecapacities", "CSIStorageCapacity", true, "", ""),
    (
        "admissionregistration.k8s.io",
        "v1",
        "validatingwebhookconfigurations",
        "ValidatingWebhookConfiguration",
        false,
        "",
        "",
    ),
    (
        "admissionregistration.k8s.io",
        "v1",
        "mutatingwebhookconfigurations",
        "MutatingWebhookConfiguration",
        false,
        "",
        "",
    ),
    ("admissionregistration.k8s.io", "v1", "validatingadmissionpolicies", "ValidatingAdmissionPolicy", false, "s", ""),
    (
        "admissionregistration.k8s.io",
        "v1",
        "validatingadmissionpolicybindings",
        "ValidatingAdmissionPolicyBinding",
        false,
        "",
        "",
    ),
    ("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", false, "s", "crd,crds"),
    ("apiregistration.k8s.io", "v1", "apiservices", "APIService", false, "s", ""),
    ("coordination.k8s.io", "v1", "leases", "Lease", true, "", ""),
    ("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", false, "", "pc"),
    ("node.k8s.io", "v1", "runtimeclasses", "RuntimeClass", false, "", ""),
];

/// The workloads that `kubectl get all` lists.
const ALL: &[&str] = &[
    "pods",
    "services",
    "replicationcontrollers",
    "deployments",
    "replicasets",
    "statefulsets",
    "daemonsets",
    "jobs",
    "cronjobs",
    "horizontalpodautoscalers",
];

fn built_in((group, version, plural, kind, namespaced, subresources, short): &Row) -> Kind {
    let scale = subresources.contains('c').then(|| Scale {
        spec: "/spec/replicas".to_owned(),
        status: "/status/replicas".to_owned(),
        selector: Some("/spec/selector".to_owned()),
    });
    Kind {
        group: (*group).to_owned(),
        version: (*version).to_owned(),
        kind: (*kind).to_owned(),
        plural: (*plural).to_owned(),
        singular: kind.to_lowercase(),
        short_names: short.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
        categories: if ALL.contains(plural) { vec!["all".to_owned()] } else { Vec::new() },
        namespaced: *namespaced,
        status: subresources.contains('s'),
        scale,
        schema: None,
        custom: false,
    }
}

/// The kinds of a CRD, one for each served version, in the CRD's order.
pub(crate) fn of_definition(definition: &Value) -> Vec<Kind> {
    let text = |pointer: &str| object::text(definition, pointer).unwrap_or_default().to_owned();
    let names = |pointer: &str| -> Vec<String> {
        object::list(definition, pointer).iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let kind = text("/spec/names/kind");
    let served = object::list(definition, "/spec/versions").iter().filter(|version| version["served"] == true);
    served
        .map(|version| Kind {
            group: text("/spec/group"),
            version: version["name"].as_str().unwrap_or_default().to_owned(),
            plural: text("/spec/names/plural"),
            singular: object::text(definition, "/spec/names/singular")
                .map_or_else(|| kind.to_lowercase(), str::to_owned),
            short_names: names("/spec/names/shortNames"),
            categories: names("/spec/names/categories"),
            namespaced: object::text(definition, "/spec/scope") == Some("Namespaced"),
            status: version.pointer("/subresources/status").is_some(),
            scale: version.pointer("/subresources/scale").map(scale_of),
            schema: Some(Arc::new(version.pointer("/schema/openAPIV3Schema").cloned().unwrap_or(Value::Null))),
            custom: true,
            kind: kind.clone(),
        })
        .collect()
}

fn scale_of(scale: &Value) -> Scale {
    let pointer = |key: &str| scale[key].as_str().map(|path| path.replace('.', "/"));
    Scale {
        spec: pointer("specReplicasPath").unwrap_or_else(|| "/spec/replicas".to_owned()),
        status: pointer("statusReplicasPath").unwrap_or_else(|| "/status/replicas".to_owned()),
        selector: pointer("labelSelectorPath"),
    }
}

/// All served kinds.
pub(crate) struct Kinds {
    built_in: Vec<Arc<Kind>>,
    /// Kinds of CRDs, by the CRD's name.
    custom: RwLock<BTreeMap<String, Vec<Arc<Kind>>>>,
}

impl Kinds {
    pub(crate) fn new() -> Self {
        Self { built_in: BUILT_IN.iter().map(|row| Arc::new(built_in(row))).collect(), custom: RwLock::default() }
    }

    /// Replaces the served kinds of a CRD.
    pub(crate) fn serve(&self, definition: &Value) {
        let kinds = of_definition(definition).into_iter().map(Arc::new).collect();
        let mut custom = self.custom.write().unwrap_or_else(PoisonError::into_inner);
        custom.insert(object::name(definition).to_owned(), kinds);
    }

    /// Stops serving the kinds of a CRD.
    pub(crate) fn withdraw(&self, definition: &str) {
        self.custom.write().unwrap_or_else(PoisonError::into_inner).remove(definition);
    }

    /// Every kind in every served version.
    pub(crate) fn all(&self) -> Vec<Arc<Kind>> {
        let custom = self.custom.read().unwrap_or_else(PoisonError::into_inner);
        self.built_in.iter().chain(custom.values().flatten()).cloned().collect()
    }

    /// The kind of a path.
    pub(crate) fn find(&self, group: &str, version: &str, plural: &str) -> Option<Arc<Kind>> {
        let fits = |kind: &&Arc<Kind>| kind.group == group && kind.version == version && kind.plural == plural;
        if let Some(kind) = self.built_in.iter().find(fits) {
            return Some(kind.clone());
        }
        let custom = self.custom.read().unwrap_or_else(PoisonError::into_inner);
        custom.values().flatten().find(fits).cloned()
    }

    /// The kind of a resource in the store, in any version.
    pub(crate) fn of(&self, resource: &Resource) -> Option<Arc<Kind>> {
        self.all().into_iter().find(|kind| kind.group == resource.group && kind.plural == resource.plural)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_definition_serves_its_served_versions_with_their_subresources() {
        let kinds = Kinds::new();
        kinds.serve(&json!({
            "metadata": {"name": "shops.example.org"},
            "spec": {"group": "example.org", "scope": "Namespaced", "names": {"plural": "shops", "kind": "Shop"}, "versions": [
                {"name": "v1", "served": true, "subresources": {"status": {}, "scale": {"specReplicasPath": ".spec.n", "statusReplicasPath": ".status.n"}}},
                {"name": "v1alpha1", "served": false},
            ]},
        }));
        let kind = kinds.find("example.org", "v1", "shops").unwrap();
        assert!(kind.status);
        assert_eq!(kind.scale.as_ref().unwrap().spec, "/spec/n");
        assert_eq!(kind.singular, "shop");
        assert!(kinds.find("example.org", "v1alpha1", "shops").is_none());
        kinds.withdraw("shops.example.org");
        assert!(kinds.find("example.org", "v1", "shops").is_none());
    }
}
