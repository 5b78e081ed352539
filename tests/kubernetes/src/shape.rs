//! How lists and maps of an object merge: what the OpenAPI markers `x-kubernetes-list-type`, `x-kubernetes-list-map-keys`
//! and `x-kubernetes-map-type` say
//! (<https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy>).
//!
//! For custom resources the markers come from the schema of the CRD. For built-in kinds this is a table of the fields that
//! carry them in `k8s.io/api`, by field name and by what the field is in.

use serde_json::Value;

/// How a list merges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ListRule {
    /// Replaced as a whole.
    Atomic,
    /// A set of scalars.
    Set,
    /// Items are known by these fields.
    Map(Vec<String>),
}

/// A place in an object, with what is known of its type.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape<'a> {
    /// Inside a built-in kind: its kind, the field, and the field around it.
    BuiltIn { kind: &'a str, around: &'a str, field: &'a str },
    /// Inside a custom resource, at this schema; `metadata` and what has no schema is treated by name.
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
                    // Without a schema the merge is deduced: maps merge, lists are replaced.
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

    /// How a list merges.
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

/// The key of a list item as `FieldsV1` writes it, `k:{"containerPort":80,"protocol":"TCP"}`, with keys in the alphabet's
/// order. `protocol` has a default in every list it is a key of.
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
