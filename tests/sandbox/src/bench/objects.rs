//! The objects of a bundle, for the limit and for kubectl.

use serde_json::Value;

use crate::error::{Context, Result};

/// The objects of a bundle in the order in which they are written, lists flattened.
///
/// # Errors
/// When the text is no YAML.
pub fn read(text: &str) -> Result<Vec<Value>> {
    // The text is our own or the caller's: it may be as long as it is.
    let options = serde_saphyr::options! { budget: None };
    let documents: Vec<Value> = serde_saphyr::from_multiple_with_options(text, options).context("reading a bundle")?;
    Ok(documents.into_iter().filter(Value::is_object).flat_map(flattened).collect())
}

fn flattened(mut object: Value) -> Vec<Value> {
    let is_list = object["kind"].as_str().is_some_and(|kind| kind.ends_with("List"));
    match object.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) if is_list => items.into_iter().flat_map(flattened).collect(),
        _ => vec![object],
    }
}

/// What must be there before anything else: namespaces, and then the definitions of custom resources.
#[must_use]
pub fn stage(object: &Value) -> u8 {
    match object["kind"].as_str() {
        Some("Namespace") => 0,
        Some("CustomResourceDefinition") => 1,
        _ => 2,
    }
}

/// A stream of JSON documents, which kubectl reads as YAML.
#[must_use]
pub(super) fn stream<'a>(objects: impl Iterator<Item = &'a Value>) -> String {
    objects.fold(String::new(), |text, object| text + "---\n" + &object.to_string() + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_flattened_and_empty_documents_left_out() {
        let text = "---\n# nothing\n---\nkind: RoleList\nitems:\n- kind: Role\n- kind: Role\n---\nkind: Namespace\n";
        let objects = read(text).unwrap();
        assert_eq!(
            objects.iter().map(|object| object["kind"].as_str().unwrap()).collect::<Vec<_>>(),
            ["Role", "Role", "Namespace"]
        );
        assert_eq!(objects.iter().map(stage).collect::<Vec<_>>(), [2, 2, 0]);
    }
}
