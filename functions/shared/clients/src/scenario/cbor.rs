//! JSON values as CBOR (RFC 8949) and back, as far as CloudWatch speaks it
//! (<https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html>).

use ciborium::Value as Cbor;
use serde_json::Value;

/// The tag of a time in seconds: <https://www.rfc-editor.org/rfc/rfc8949#section-3.4.2>.
const TIME: u64 = 1;

/// Fields of a name that ends with `Timestamp` are times.
pub(crate) fn encoded(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(&with_times(Cbor::serialized(value).unwrap()), &mut bytes).unwrap();
    bytes
}

fn with_times(value: Cbor) -> Cbor {
    match value {
        Cbor::Array(items) => items.into_iter().map(with_times).collect::<Vec<_>>().into(),
        Cbor::Map(fields) => {
            let fields = fields.into_iter().map(|(name, value)| {
                let is_time = name.as_text().is_some_and(|name| name.ends_with("Timestamp"));
                (name, if is_time { Cbor::Tag(TIME, Box::new(value)) } else { with_times(value) })
            });
            Cbor::Map(fields.collect())
        }
        other => other,
    }
}

/// One value; times come out as their seconds.
pub(crate) fn decoded(bytes: &[u8]) -> Value {
    without_tags(ciborium::from_reader(bytes).unwrap()).deserialized().unwrap()
}

fn without_tags(value: Cbor) -> Cbor {
    match value {
        Cbor::Tag(_, value) => without_tags(*value),
        Cbor::Array(items) => items.into_iter().map(without_tags).collect::<Vec<_>>().into(),
        Cbor::Map(fields) => Cbor::Map(fields.into_iter().map(|(name, value)| (name, without_tags(value))).collect()),
        other => other,
    }
}
