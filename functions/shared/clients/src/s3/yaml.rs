//! Multi-document YAML, one document at a time: a bundle's text is a few megabytes, its objects many times that.

use domain::manifest::Unreadable;
use serde_json::Value;

/// What some editors begin a file with.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// One document of a stream.
pub(super) struct Document {
    /// Its place in the stream, from 1.
    pub(super) number: usize,
    /// The line at which it begins, from 1.
    pub(super) line: usize,
    /// What is in it; `null` where it is empty.
    pub(super) value: Value,
}

/// Every document of a stream, or why it cannot be read.
pub(super) fn documents(bytes: &[u8]) -> impl Iterator<Item = Result<Document, Vec<Unreadable>>> {
    let (text, fault) = match std::str::from_utf8(bytes) {
        // It may begin a stream (https://yaml.org/spec/1.2.2/#52-character-encodings).
        Ok(text) => (text.trim_start_matches(BYTE_ORDER_MARK), None),
        Err(error) => {
            let line = 1 + bytes[..error.valid_up_to()].split(|byte| *byte == b'\n').count().saturating_sub(1);
            let message = "found bytes that are not UTF-8, expected YAML".to_owned();
            ("", Some(Err(vec![Unreadable { document: 1, line, message }])))
        }
    };
    let read = split(text).into_iter().enumerate().map(|(index, (line, text))| read(index + 1, line, text));
    fault.into_iter().chain(read)
}

fn read(number: usize, line: usize, text: &str) -> Result<Document, Vec<Unreadable>> {
    let options = serde_saphyr::options! {
        // `defaultMode: 0644`, as Kubernetes' own YAML library (1.1) reads it.
        legacy_octal_numbers: true,
        with_snippet: false,
        emit_comments: false,
    };
    let mut value = if text.lines().all(|line| line.trim_start().starts_with('#') || line.trim().is_empty()) {
        Value::Null
    } else {
        serde_saphyr::from_str_with_options(text, options).map_err(|error| {
            let at = error.location().map_or(0, |location| location.line().saturating_sub(1));
            let message =
                format!("no YAML: {}", error.without_snippet().to_string().lines().next().unwrap_or_default());
            let line = line + usize::try_from(at).unwrap_or_default();
            vec![Unreadable { document: number, line, message }]
        })?
    };
    whole_numbers(&mut value);
    Ok(Document { number, line, value })
}

/// Writes a number without a fraction as an integer, as Go's JSON does of what kubectl reads (`1e3`, `1.0`, `08`): a field of the type
/// integer takes no other.
fn whole_numbers(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() => {
            let whole = number.as_f64().filter(|number| number.fract() == 0.0);
            if let Some(whole) = whole.and_then(|number| format!("{number:.0}").parse::<i64>().ok()) {
                *value = whole.into();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(whole_numbers),
        Value::Object(fields) => fields.values_mut().for_each(whole_numbers),
        _ => {}
    }
}

/// The documents' texts with the lines at which they begin. A line that begins with `---` ends a document wherever it
/// stands, since no scalar may hold one (<https://yaml.org/spec/1.2.2/#912-document-markers>).
fn split(text: &str) -> Vec<(usize, &str)> {
    let mut documents = Vec::new();
    let (mut start, mut first, mut offset) = (0, 1, 0);
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let marker =
            line.strip_prefix("---").filter(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']));
        if marker.is_some() {
            documents.push((first, &text[start..offset]));
            // What follows on the marker's own line belongs to the next document.
            start = offset + 3;
            first = index + 1;
        }
        offset += line.len();
    }
    documents.push((first, &text[start..]));
    documents.retain(|(_, text)| {
        text.lines().any(|line| !line.trim().is_empty() && !line.starts_with(['%', '#']) && !line.starts_with("..."))
    });
    documents
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn values(text: &str) -> Vec<Value> {
        documents(text.as_bytes()).map(|document| document.unwrap().value).collect()
    }

    #[test]
    fn a_stream_is_read_document_by_document() {
        let text = "# licence\n---\na: 1\n---\n---\n# nothing\n--- # comment\nb: [x]\n---\ntext: |\n  --- not a marker\n   ---\n...\n";
        assert_eq!(
            values(text),
            [json!({ "a": 1 }), json!({ "b": ["x"] }), json!({ "text": "--- not a marker\n ---\n" })]
        );
    }

    #[test]
    fn a_byte_order_mark_at_the_beginning_is_no_part_of_the_first_document() {
        assert_eq!(values("\u{feff}---\na: 1\n---\nb: 2\n"), [json!({ "a": 1 }), json!({ "b": 2 })]);
        assert_eq!(values("\u{feff}a: 1\n"), [json!({ "a": 1 })]);
    }

    #[test]
    fn windows_line_ends_and_json_are_yaml_too() {
        assert_eq!(values("---\r\na: 1\r\n---\r\n{\"b\": 2}\r\n"), [json!({ "a": 1 }), json!({ "b": 2 })]);
    }

    #[test]
    fn numbers_are_read_as_kubernetes_reads_them() {
        assert_eq!(
            values("mode: 0644\nport: \"80\"\ncpu: 100m\non: true\nmerge: {<<: {a: 1}, b: 2}"),
            [json!({ "mode": 420, "port": "80", "cpu": "100m", "on": true, "merge": { "a": 1, "b": 2 } })]
        );
    }

    fn case(name: &str) -> Result<Vec<Value>, String> {
        let path = format!("{}/src/s3/cases/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
        let bytes = std::fs::read(path).unwrap();
        let read = documents(&bytes).map(|document| document.map(|document| document.value));
        read.collect::<Result<_, _>>().map_err(|faults| faults[0].message.clone())
    }

    // What kubectl makes of them: go.yaml.in/yaml/v2's resolve.go, by way of sigs.k8s.io/yaml.
    #[test]
    fn scalars_tags_and_merge_keys_are_read_as_kubernetes_reads_them() {
        let data = case("bundle").unwrap()[0]["data"].clone();
        assert_eq!(data["yes-no"], json!([true, false, true, false, true, false, true, false]));
        assert_eq!(
            data["sha"],
            json!([123_456_700_000_000_i64, 83, 8, 15, 31, 1000, "12:30:45", "2024-01-01", 0.5, null, 1000, 0.1])
        );
        assert_eq!(data["bin"], "hello");
        assert_eq!(case("bundle").unwrap()[0]["metadata"]["annotations"]["a"], "8080");
        assert_eq!((&data["text"], &data["folded"]), (&json!("a\n---x\n  ---\n"), &json!("one two")));
        let anchors = case("anchors").unwrap()[0].clone();
        assert_eq!(anchors["spec"]["template"]["metadata"]["labels"], json!({ "app": "a", "tier": "web" }));
        let resources = &anchors["spec"]["template"]["spec"]["containers"][0]["resources"];
        assert_eq!(resources["limits"], json!({ "cpu": 1, "memory": "1Gi" }));
        assert_eq!(case("tabs").unwrap()[0]["data"]["nginx.conf"], "server {\n\tlisten 80;\n}\n");
    }

    #[test]
    fn what_kubernetes_would_not_take_or_would_read_in_two_ways_is_told() {
        for name in ["duplicate", "infinity"] {
            assert!(case(name).is_err(), "{name}: {:?}", case(name));
        }
    }

    #[test]
    fn what_is_no_yaml_is_told_with_its_document_and_line() {
        let found: Vec<_> =
            documents(b"a: 1\n---\nok: 1\nkey: [1, 2\nother: }\n").filter_map(Result::err).flatten().collect();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].document, 2);
        assert!((3..=6).contains(&found[0].line), "{found:?}");
        let bytes: Vec<_> = documents(b"a: 1\nb: \xff").filter_map(Result::err).flatten().collect();
        assert_eq!((bytes[0].document, bytes[0].line), (1, 2));
    }

    /// Rendered by its project, see tests/data/README.md: 12 microservices, of which only the load generator is asked by nobody, and a
    /// Service that would get a load balancer of its own.
    #[test]
    fn a_real_bundle_is_read_and_classed() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/data/online-boutique.yaml");
        let bytes = std::fs::read(path).unwrap();
        let mut objects = Vec::new();
        for document in documents(&bytes) {
            let document = document.unwrap();
            objects.extend(domain::manifest::objects(document.number, document.line, document.value).unwrap());
        }
        assert_eq!(objects.len(), 35);
        let classes = domain::manifest::classify(&objects, &[], &[]);
        let unclassed: Vec<_> = classes.unclassed.iter().map(ToString::to_string).collect();
        assert_eq!(unclassed, ["Service/default/frontend-external", "Deployment/default/loadgenerator"]);
        assert_eq!(classes.run.len(), 11);
    }
}
