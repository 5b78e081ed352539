//! Values and blocks in Terraform's language (<https://developer.hashicorp.com/terraform/language/syntax/configuration>), in the style
//! of `terraform fmt` but for the alignment of equals signs.

use crate::terraform::address::quoted;
use serde_json::{Map, Value};
use std::fmt::Write;

/// A value. What is an object here is a map.
pub(super) fn value(value: &Value, depth: usize) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(|one| self::value(one, depth)).collect();
            format!("[{}]", values.join(", "))
        }
        Value::Object(fields) => {
            let indent = "  ".repeat(depth + 1);
            let fields = sorted(fields)
                .into_iter()
                .map(|(name, one)| format!("{indent}{} = {}\n", quoted(name), self::value(one, depth + 1)));
            format!("{{\n{}{}}}", fields.collect::<String>(), "  ".repeat(depth))
        }
        other => other.to_string(),
    }
}

/// The value of an argument: texts for which there is a reference, alone or in a list, are that.
fn argument<'a>(name: &str, value: &Value, depth: usize, refer: &impl Fn(&str, &str) -> Option<&'a str>) -> String {
    match value {
        Value::String(text) => refer(name, text).map_or_else(|| quoted(text), str::to_owned),
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(|one| argument(name, one, depth, refer)).collect();
            format!("[{}]", values.join(", "))
        }
        other => self::value(other, depth),
    }
}

/// A block with this head. Lists of objects are blocks of their own. `refer` gives the reference for the text of an argument.
pub(super) fn block<'a>(
    out: &mut String,
    head: &str,
    fields: &Map<String, Value>,
    more: &str,
    depth: usize,
    refer: &impl Fn(&str, &str) -> Option<&'a str>,
) {
    let indent = "  ".repeat(depth);
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{indent}{head} {{");
    let fields = sorted(fields);
    for (name, one) in fields.iter().filter(|(_, one)| !is_blocks(one)) {
        let _ = writeln!(out, "{indent}  {name} = {}", argument(name, one, depth + 1, refer));
    }
    for (name, one) in fields {
        for inner in one.as_array().filter(|_| is_blocks(one)).into_iter().flatten().filter_map(Value::as_object) {
            block(out, name, inner, "", depth + 1, refer);
        }
    }
    let _ = writeln!(out, "{more}{indent}}}");
}

/// The same text from every build: maps keep an order of their own in some.
fn sorted(fields: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut fields: Vec<_> = fields.iter().collect();
    fields.sort_by_key(|(name, _)| *name);
    fields
}

fn is_blocks(value: &Value) -> bool {
    value.as_array().is_some_and(|values| !values.is_empty() && values.iter().all(Value::is_object))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    // https://developer.hashicorp.com/terraform/language/expressions/strings#escape-sequences
    #[test]
    fn values_are_written_so_that_nothing_in_them_is_an_expression() {
        for (found, expected) in [
            (json!("a ${b} \"c\""), r#""a $${b} \"c\"""#),
            (json!(["a", 1, true]), r#"["a", 1, true]"#),
            (json!({ "k/v": "x" }), "{\n  \"k/v\" = \"x\"\n}"),
            (Value::Null, "null"),
        ] {
            assert_eq!(value(&found, 0), expected);
        }
    }

    #[test]
    fn lists_of_objects_are_blocks_and_texts_with_a_reference_are_that() {
        let Value::Object(fields) = json!({ "taint": [{ "key": "a" }, { "key": "b" }], "name": "x", "groups": ["b", "c"], "tags": { "t": "b" } })
        else {
            panic!("an object");
        };
        let mut out = String::new();
        block(&mut out, "resource \"x\" \"y\"", &fields, "", 0, &|_, text| (text == "b").then_some("x.z.id"));
        let expected = "resource \"x\" \"y\" {\n  groups = [x.z.id, \"c\"]\n  name = \"x\"\n  tags = {\n    \"t\" = \"b\"\n  }\n  taint {\n    \
                        key = \"a\"\n  }\n  taint {\n    key = x.z.id\n  }\n}\n";
        assert_eq!(out, expected);
    }
}
