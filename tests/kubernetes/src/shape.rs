//! Merge strategies of lists and maps, from the OpenAPI markers `x-kubernetes-list-type`, `x-kubernetes-list-map-keys` and
//! `x-kubernetes-map-type`
//! (<https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy>).
//!
//! For custom resources the markers are in the schema of the CRD. For built-in kinds they are in a table of the fields of
//! `k8s.io/api` that have them, by name and parent of the field.

use serde_json::Value;

/// The merge strategy of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ListRule {
    /// `atomic`: replaced as a whole.
    Atomic,
    /// `set` of scalars.
    Set,
    /// `map`: items are identified by these fields.
    Map(Vec<String>),
}

/// A position in an object, with its type information.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape<'a> {
    /// In a built-in kind: the kind, the field and its parent.
    BuiltIn { kind: &'a str, around: &'a str, field: &'a str },
    /// In a custom resource: the schema at this position. `metadata` and fields without a schema are looked up by name.
    Schema(&'a Value),
}

impl<'a> Shape<'a> {
    /// The root of an object: of a custom resource with its schema, or of a built-in kind.
    pub(crate) fn root(kind: &'a str, schema: Option<&'a Value>) -> Self {
        schema.map_or(Self::BuiltIn { kind, around: "", field: "" }, Self::Schema)
    }

    /// The shape of a field.
    pub(crate) fn field(self, name: &'a str) -> Self {
        match self {
            Self::BuiltIn { kind, field, .. } => Self::BuiltIn { kind, around: field, field: name },
            Self::Schema(schema) => {
                if let Some(schema) = schema.pointer("/properties").and_then(|properties| properties.get(name)) {
                    if name == "metadata" && schema.get("properties").is_none() {
                        return Self::BuiltIn { kind: "", around: "", field: name };
                    }
                    return Self::Schema(schema);
                }
                match schema.get("additionalProperties") {
                    Some(schema) if schema.is_object() => Self::Schema(schema),
                    // The default without a schema: maps are merged, lists are replaced.
                    _ if name == "metadata" => Self::BuiltIn { kind: "", around: "", field: name },
                    _ => Self::Schema(&Value::Null),
                }
            }
        }
    }

    /// The shape of a list's items.
    pub(crate) fn item(self) -> Self {
        match self {
            Self::BuiltIn { .. } => self,
            Self::Schema(schema) => Self::Schema(schema.get("items").unwrap_or(&Value::Null)),
        }
    }

    /// Whether a map is replaced as a whole.
    pub(crate) fn is_atomic_map(self) -> bool {
        match self {
            Self::Schema(schema) => schema["x-kubernetes-map-type"] == "atomic",
            Self::BuiltIn { field, .. } => matches!(
                field,
                "selector"
                    | "labelSelector"
                    | "namespaceSelector"
                    | "podSelector"
                    | "objectSelector"
                    | "nodeSelector"
                    | "secretKeyRef"
                    | "configMapKeyRef"
                    | "fieldRef"
                    | "resourceFieldRef"
                    | "roleRef"
                    | "scaleTargetRef"
                    | "involvedObject"
                    | "claimRef"
            ),
        }
    }

    /// The merge strategy of a list.
    pub(crate) fn list_rule(self) -> ListRule {
        match self {
            Self::Schema(schema) => match schema["x-kubernetes-list-type"].as_str() {
                Some("set") => ListRule::Set,
                Some("map") => ListRule::Map(
                    crate::object::list(schema, "/x-kubernetes-list-map-keys")
                        .iter()
                        .filter_map(Value::as_str)
                        .map(str::to_owned)
                        .collect(),
                ),
                _ => ListRule::Atomic,
            },
            Self::BuiltIn { kind, around, field } => built_in(kind, around, field),
        }
    }
}

fn built_in(kind: &str, around: &str, field: &str) -> ListRule {
    let keys: &[&str] = match field {
        "containers"
        | "initContainers"
        | "ephemeralContainers"
        | "volumes"
        | "imagePullSecrets"
        | "env"
        | "webhooks"
        | "matchConditions"
        | "variables"
        | "resourceClaims"
        | "claims"
        | "schedulingGates" => &["name"],
        "secrets" if kind == "ServiceAccount" => &["name"],
        "ports" if kind == "Service" && around == "spec" => &["port", "protocol"],
        "ports" if matches!(around, "containers" | "initContainers" | "ephemeralContainers") => {
            &["containerPort", "protocol"]
        }
        "volumeMounts" => &["mountPath"],
        "volumeDevices" => &["devicePath"],
        "hostAliases" | "podIPs" => &["ip"],
        "conditions" => &["type"],
        "addresses" if kind == "Node" => &["type"],
        "topologySpreadConstraints" => &["topologyKey", "whenUnsatisfiable"],
        "ownerReferences" => &["uid"],
        "finalizers" => return ListRule::Set,
        _ => return ListRule::Atomic,
    };
    ListRule::Map(keys.iter().map(|key| (*key).to_owned()).collect())
}

/// The key of a list item in `FieldsV1`, such as `k:{"containerPort":80,"protocol":"TCP"}`, in alphabetical order. `protocol`
/// defaults to TCP in every list that it is a key of.
pub(crate) fn item_key(item: &Value, keys: &[String]) -> String {
    let mut sorted: Vec<&String> = keys.iter().collect();
    sorted.sort();
    let parts: Vec<String> = sorted
        .iter()
        .map(|key| {
            let value = match item.get(key.as_str()) {
                Some(value) if !value.is_null() => value.to_string(),
                _ if key.as_str() == "protocol" => "\"TCP\"".to_owned(),
                _ => "null".to_owned(),
            };
            format!("{key:?}:{value}")
        })
        .collect();
    format!("k:{{{}}}", parts.join(","))
}
