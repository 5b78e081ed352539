//! Label and field selectors of requests, workloads and policies
//! (<https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors>).

use serde_json::{Map, Value};

/// One condition on a label.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Requirement {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Absent(String),
}

/// A conjunction of conditions on labels. Without conditions it selects everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Selector(Vec<Requirement>);

impl Selector {
    /// Parses the parameter `labelSelector`: `app=shop,tier in (web, api),!canary`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut requirements = Vec::new();
        for part in split(text) {
            let part = part.trim();
            if part.is_empty() {
                continue;
            }
            requirements.push(requirement(part).ok_or_else(|| format!("unable to parse requirement: {part:?}"))?);
        }
        Ok(Self(requirements))
    }

    /// Parses a `LabelSelector` object. An empty one selects everything. An absent one selects nothing, which the caller has to
    /// handle.
    pub(crate) fn from_object(selector: &Value) -> Self {
        let mut requirements = Vec::new();
        for (key, value) in selector["matchLabels"].as_object().into_iter().flatten() {
            requirements.push(Requirement::In(key.clone(), vec![value.as_str().unwrap_or_default().to_owned()]));
        }
        for expression in selector["matchExpressions"].as_array().into_iter().flatten() {
            requirements.extend(from_expression(expression));
        }
        Self(requirements)
    }

    /// Parses the map of a Service's selector or a node selector.
    pub(crate) fn from_map(map: &Map<String, Value>) -> Self {
        let equal = |(key, value): (&String, &Value)| {
            Requirement::In(key.clone(), vec![value.as_str().unwrap_or_default().to_owned()])
        };
        Self(map.iter().map(equal).collect())
    }

    /// Whether labels satisfy every condition.
    pub(crate) fn matches(&self, labels: Option<&Map<String, Value>>) -> bool {
        let value = |key: &str| labels.and_then(|labels| labels.get(key)).and_then(Value::as_str);
        self.0.iter().all(|requirement| match requirement {
            Requirement::In(key, values) => value(key).is_some_and(|value| values.iter().any(|one| one == value)),
            Requirement::NotIn(key, values) => value(key).is_none_or(|value| values.iter().all(|one| one != value)),
            Requirement::Exists(key) => value(key).is_some(),
            Requirement::Absent(key) => value(key).is_none(),
        })
    }

    /// Whether the labels of an object satisfy every condition.
    pub(crate) fn selects(&self, object: &Value) -> bool {
        self.matches(crate::object::map(object, "/metadata/labels"))
    }
}

/// An entry of `matchExpressions` of a label selector or a node affinity.
fn from_expression(expression: &Value) -> Option<Requirement> {
    let key = expression["key"].as_str()?.to_owned();
    let values =
        crate::object::list(expression, "/values").iter().filter_map(Value::as_str).map(str::to_owned).collect();
    match expression["operator"].as_str()? {
        "In" => Some(Requirement::In(key, values)),
        "NotIn" => Some(Requirement::NotIn(key, values)),
        "Exists" => Some(Requirement::Exists(key)),
        "DoesNotExist" => Some(Requirement::Absent(key)),
        _ => None,
    }
}

/// Splits at the commas that are not inside parentheses.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0_u32);
    for (at, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn requirement(part: &str) -> Option<Requirement> {
    let one = |value: &str| vec![value.trim().to_owned()];
    if let Some((key, value)) = part.split_once("!=") {
        return Some(Requirement::NotIn(key.trim().to_owned(), one(value)));
    }
    if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return Some(Requirement::In(key.trim().to_owned(), one(value)));
    }
    if let Some(key) = part.strip_prefix('!') {
        return Some(Requirement::Absent(key.trim().to_owned()));
    }
    if let Some(values) = part.strip_suffix(')') {
        let (left, values) = values.split_once('(')?;
        let values = values.split(',').map(|value| value.trim().to_owned()).collect();
        let (key, operator) = left.trim().rsplit_once(char::is_whitespace)?;
        let key = key.trim().to_owned();
        return match operator {
            "in" => Some(Requirement::In(key, values)),
            "notin" => Some(Requirement::NotIn(key, values)),
            _ => None,
        };
    }
    (!part.contains(char::is_whitespace)).then(|| Requirement::Exists(part.to_owned()))
}

/// Conditions on fields: `metadata.name=x,spec.nodeName!=y`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fields(Vec<(String, bool, String)>);

impl Fields {
    /// Parses the parameter `fieldSelector`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut fields = Vec::new();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let (path, equal, value) = part
                .split_once("!=")
                .map(|(path, value)| (path, false, value))
                .or_else(|| part.split_once("==").map(|(path, value)| (path, true, value)))
                .or_else(|| part.split_once('=').map(|(path, value)| (path, true, value)))
                .ok_or_else(|| format!("invalid selector: {part:?}; can't understand {part:?}"))?;
            fields.push((format!("/{}", path.trim().replace('.', "/")), equal, value.trim().to_owned()));
        }
        Ok(Self(fields))
    }

    /// Whether an object satisfies every condition. An absent field counts as an empty string. A real API server supports only
    /// some fields of each kind and refuses others; this one supports all.
    pub(crate) fn selects(&self, object: &Value) -> bool {
        self.0.iter().all(|(pointer, equal, wanted)| {
            let found = match object.pointer(pointer) {
                Some(Value::String(text)) => text.clone(),
                None | Some(Value::Null) => String::new(),
                Some(other) => other.to_string(),
            };
            (found == *wanted) == *equal
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_selector_reads_every_form_that_kubectl_writes() {
        let labels = json!({"metadata": {"labels": {"app": "shop", "tier": "web"}}});
        for selecting in
            ["", "app=shop", "app==shop,tier", "tier in (web, api)", "!canary", "app!=x", "app notin (a,b)"]
        {
            assert!(Selector::parse(selecting).unwrap().selects(&labels), "{selecting}");
        }
        for not_selecting in ["app=x", "canary", "!app", "tier in (api)", "tier notin (web)", "app!=shop"] {
            assert!(!Selector::parse(not_selecting).unwrap().selects(&labels), "{not_selecting}");
        }
        assert!(Selector::parse("what is this").is_err());
    }

    #[test]
    fn a_label_selector_object_is_the_conjunction_of_labels_and_expressions() {
        let selector = Selector::from_object(&json!({
            "matchLabels": {"app": "shop"},
            "matchExpressions": [{"key": "tier", "operator": "In", "values": ["web"]}, {"key": "x", "operator": "DoesNotExist"}],
        }));
        assert!(selector.selects(&json!({"metadata": {"labels": {"app": "shop", "tier": "web"}}})));
        assert!(!selector.selects(&json!({"metadata": {"labels": {"app": "shop", "tier": "web", "x": ""}}})));
    }

    #[test]
    fn a_field_selector_compares_fields_as_text_and_absent_ones_as_empty() {
        let pod = json!({"metadata": {"name": "a"}, "spec": {"nodeName": "n"}});
        assert!(Fields::parse("metadata.name=a,spec.nodeName!=m,status.phase=").unwrap().selects(&pod));
        assert!(!Fields::parse("metadata.name==b").unwrap().selects(&pod));
    }
}
