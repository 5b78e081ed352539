//! Multi-document YAML, one document at a time: a bundle's text is a few megabytes, its objects many times that.

use domain::manifest::Unreadable;
use serde_json::Value;

/// What some editors begin a file with.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// One document of a stream.
pub(super) struct Document {
    /// Its place in the stream, from 1.
    pub(super) number: usize,
    /// The line at which it begins, from 1.
    pub(super) line: usize,
    /// What is in it; `null` where it is empty.
    pub(super) value: Value,
}

/// A stream that comes in pieces. No more of its text is held than one document and what came with its end.
#[derive(Debug)]
pub(super) struct Stream {
    text: Vec<u8>,
    /// Where the first line begins that has not come whole.
    scanned: usize,
    /// The number of that line, from 1.
    line: usize,
    /// At which line the document that is being read begins.
    first: usize,
    /// How many documents were read.
    documents: usize,
    /// Whether the beginning has been looked at.
    begun: bool,
}

impl Default for Stream {
    fn default() -> Self {
        Self { text: Vec::new(), scanned: 0, line: 1, first: 1, documents: 0, begun: false }
    }
}

impl Stream {
    /// Takes the next piece, and shows every document that ends in it, or why it cannot be read.
    pub(super) fn push(&mut self, piece: &[u8], see: &mut impl FnMut(Result<Document, Vec<Unreadable>>)) {
        self.text.extend_from_slice(piece);
        if self.text.len() < BYTE_ORDER_MARK.len() {
            return;
        }
        self.begin();
        let mut start = 0;
        while let Some(length) = self.text[self.scanned..].iter().position(|byte| *byte == b'\n') {
            if is_marker(&self.text[self.scanned..self.scanned + length]) {
                self.document(start, self.scanned, see);
                // What follows on the marker's own line belongs to the next document.
                start = self.scanned + MARKER.len();
                self.first = self.line;
            }
            self.scanned += length + 1;
            self.line += 1;
        }
        self.text.drain(..start);
        self.scanned -= start;
    }

    /// A byte order mark may begin a stream (<https://yaml.org/spec/1.2.2/#52-character-encodings>).
    fn begin(&mut self) {
        if !std::mem::replace(&mut self.begun, true) && self.text.starts_with(BYTE_ORDER_MARK) {
            self.text.drain(..BYTE_ORDER_MARK.len());
        }
    }

    /// Shows the last document.
    pub(super) fn end(mut self, see: &mut impl FnMut(Result<Document, Vec<Unreadable>>)) {
        self.push(b"\n", see);
        self.begin();
        self.document(0, self.text.len(), see);
    }

    fn document(&mut self, start: usize, end: usize, see: &mut impl FnMut(Result<Document, Vec<Unreadable>>)) {
        match std::str::from_utf8(&self.text[start..end]) {
            Ok(text) => {
                if holds_something(text) {
                    self.documents += 1;
                    see(read(self.documents, self.first, text));
                }
            }
            Err(error) => {
                self.documents += 1;
                let valid = &self.text[start..start + error.valid_up_to()];
                let before = valid.split(|byte| *byte == b'\n').count() - 1;
                let message = "found bytes that are not UTF-8, expected YAML".to_owned();
                see(Err(vec![Unreadable { document: self.documents, line: self.first + before, message }]));
            }
        }
    }
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

/// What begins a line that ends a document, wherever it stands, since no scalar may hold one
/// (<https://yaml.org/spec/1.2.2/#912-document-markers>).
const MARKER: &[u8] = b"---";

fn is_marker(line: &[u8]) -> bool {
    line.strip_prefix(MARKER).is_some_and(|rest| rest.first().is_none_or(|byte| matches!(byte, b' ' | b'\t' | b'\r')))
}

fn holds_something(text: &str) -> bool {
    text.lines().any(|line| !line.trim().is_empty() && !line.starts_with(['%', '#']) && !line.starts_with("..."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::manifest::{Object, schema};
    use serde_json::json;

    /// Every document of a stream that comes in pieces of this size.
    fn in_pieces(bytes: &[u8], size: usize) -> Vec<Result<Document, Vec<Unreadable>>> {
        let mut found = Vec::new();
        let mut stream = Stream::default();
        bytes.chunks(size).for_each(|piece| stream.push(piece, &mut |document| found.push(document)));
        stream.end(&mut |document| found.push(document));
        found
    }

    fn documents(bytes: &[u8]) -> impl Iterator<Item = Result<Document, Vec<Unreadable>>> {
        in_pieces(bytes, bytes.len().max(1)).into_iter()
    }

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
    fn a_stream_is_the_same_in_whatever_pieces_it_comes() {
        let text = "\u{feff}--- # first\r\na: ä\nc: --\n---\n# nothing\n---\nb: |\n  ---\n---c: d\n---\nkey: [1\n---";
        let seen = |size: usize| -> Vec<(usize, usize, String)> {
            let told = |document: Result<Document, Vec<Unreadable>>| match document {
                Ok(document) => (document.number, document.line, document.value.to_string()),
                Err(faults) => (faults[0].document, faults[0].line, faults[0].message.clone()),
            };
            in_pieces(text.as_bytes(), size).into_iter().map(told).collect()
        };
        let whole = seen(usize::MAX);
        assert_eq!(whole.iter().map(|(number, line, _)| (*number, *line)).collect::<Vec<_>>()[..2], [(1, 1), (2, 6)]);
        (1..20).for_each(|size| assert_eq!(seen(size), whole, "in pieces of {size}"));
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

    fn objects(file: &str) -> Vec<Object> {
        let path = format!("{}/../../../tests/data/{file}", env!("CARGO_MANIFEST_DIR"));
        let bytes = std::fs::read(path).unwrap();
        let read = documents(&bytes).map(|document| document.unwrap());
        read.flat_map(|document| domain::manifest::objects(document.number, document.line, document.value).unwrap())
            .collect()
    }

    /// The definitions as their project publishes them, and resources that Traefik itself takes.
    #[test]
    fn real_custom_resources_fit_their_definitions() {
        let definitions = objects("traefik-crds.yaml");
        let mut checked = 0;
        for object in objects("shop-routes.yaml") {
            let is_its = |definition: &&Object| {
                definition.value["spec"]["names"]["kind"] == object.id.kind.as_str()
                    && definition.value["spec"]["group"] == object.id.group()
            };
            let Some(definition) = definitions.iter().find(is_its) else { continue };
            let version = object.id.api_version.rsplit('/').next().unwrap();
            let schema = schema::of(&definition.value, version).unwrap();
            assert_eq!(schema::faults(schema, &object.value), [""; 0], "{}", object.id);
            let mut other = object.value.clone();
            other["spec"]["routs"] = json!([]);
            assert_eq!(schema::faults(schema, &other), ["spec.routs: unknown field"]);
            checked += 1;
        }
        assert!(checked > 0);
    }

    /// Rendered by its project, see tests/data/README.md: 12 microservices, of which only the load generator is asked by nobody, and a
    /// Service that would get a load balancer of its own.
    #[test]
    fn a_real_bundle_is_read_and_classed() {
        let objects = objects("online-boutique.yaml");
        assert_eq!(objects.len(), 35);
        let classes = domain::manifest::classify(&objects, &[], &[]);
        let unclassed: Vec<_> = classes.unclassed.iter().map(ToString::to_string).collect();
        assert_eq!(unclassed, ["Service/default/frontend-external", "Deployment/default/loadgenerator"]);
        assert_eq!(classes.run.len(), 11);
    }
}
