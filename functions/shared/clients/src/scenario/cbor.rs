//! JSON values as CBOR (RFC 8949) and back, as far as CloudWatch speaks it
//! (<https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html>).

use serde_json::{Number, Value};

/// A time in seconds: <https://www.rfc-editor.org/rfc/rfc8949#section-3.4.2>.
const TIME: u8 = 0xc1;

/// Fields of a name that ends with `Timestamp` are times.
pub(crate) fn encoded(value: &Value) -> Vec<u8> {
    match value {
        Value::Null => vec![0xf6],
        Value::Bool(value) => vec![if *value { 0xf5 } else { 0xf4 }],
        Value::Number(number) => [vec![0xfb], number.as_f64().unwrap().to_be_bytes().to_vec()].concat(),
        Value::String(text) => [head(3, text.len()), text.as_bytes().to_vec()].concat(),
        Value::Array(items) => {
            std::iter::once(head(4, items.len())).chain(items.iter().map(encoded)).collect::<Vec<_>>().concat()
        }
        Value::Object(fields) => {
            let mut bytes = head(5, fields.len());
            for (name, value) in fields {
                bytes.extend(encoded(&Value::from(name.as_str())));
                bytes.extend(name.ends_with("Timestamp").then_some(TIME));
                bytes.extend(encoded(value));
            }
            bytes
        }
    }
}

/// The head of a value whose length takes four bytes.
fn head(major: u8, length: usize) -> Vec<u8> {
    [vec![(major << 5) | 0x1a], u32::try_from(length).unwrap().to_be_bytes().to_vec()].concat()
}

/// One value; times come out as their seconds.
pub(crate) fn decoded(bytes: &[u8]) -> Value {
    let mut rest = bytes;
    let value = next(&mut rest).unwrap();
    assert_eq!(rest, [0_u8; 0], "nothing follows the value");
    value
}

/// The next value; nothing at the end of a map or list of open length.
fn next(rest: &mut &[u8]) -> Option<Value> {
    let first = take(rest, 1)[0];
    let (major, short) = (first >> 5, first & 0x1f);
    let argument = match short {
        24..=27 => take(rest, 1 << (short - 24)).iter().fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte)),
        _ => short.into(),
    };
    let many = if short == 31 { usize::MAX } else { usize::try_from(argument).unwrap() };
    Some(match (major, short) {
        (0, _) => argument.into(),
        (3, _) => String::from_utf8(take(rest, many).to_vec()).unwrap().into(),
        (4, _) => (0..many).map_while(|_| next(rest)).collect(),
        (5, _) => {
            let fields = (0..many).map_while(|_| {
                let name = next(rest)?;
                Some((name.as_str().unwrap().to_owned(), next(rest).unwrap()))
            });
            Value::Object(fields.collect())
        }
        (6, _) => return next(rest),
        (7, 20 | 21) => (short == 21).into(),
        (7, 27) => Number::from_f64(f64::from_bits(argument)).unwrap().into(),
        (7, 31) => return None,
        _ => panic!("found {first:#x}, which CloudWatch's requests never have"),
    })
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (taken, after) = rest.split_at(length);
    *rest = after;
    taken
}
