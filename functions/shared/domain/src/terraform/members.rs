//! JSON objects of which the values stay as they are written: what is not changed of a state keeps its bytes.

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt::{self, Write};

/// The members of an object in their order, each value as it is written.
#[derive(Debug, Clone, Default)]
pub(super) struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Members<'a> {
    /// The text of one value.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.get())
    }

    /// One value, where it is there and not `null`.
    ///
    /// # Errors
    /// Where it is of another type.
    pub(super) fn read<T: Deserialize<'a>>(&self, name: &str) -> Result<Option<T>, serde_json::Error> {
        self.text(name).map_or(Ok(None), serde_json::from_str)
    }

    /// Names and values in their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value.get()))
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((Name(name), value)) = map.next_entry()? {
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// A member's name, which is copied only where it has escape sequences.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// A text as Go's `encoding/json` writes it, which escapes what HTML gives a meaning
/// (<https://pkg.go.dev/encoding/json#Marshal>).
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    // Of the characters that are replaced none is part of an escape sequence.
    for letter in serde_json::Value::from(text).to_string().chars() {
        match letter {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                // Writing to a String cannot fail.
                let _ = write!(quoted, "\\u{:04x}", u32::from(letter));
            }
            _ => quoted.push(letter),
        }
    }
    quoted
}

/// Writes an object as Go's `json.MarshalIndent` does with two spaces. The values are texts that are indented already.
pub(super) fn write_object<'t>(out: &mut String, indent: usize, members: impl Iterator<Item = (&'t str, &'t str)>) {
    write_all(out, indent, ['{', '}'], members, |out, (name, value)| {
        out.push_str(&quoted(name));
        out.push_str(": ");
        out.push_str(value);
    });
}

/// The same for an array.
pub(super) fn write_array<T>(
    out: &mut String,
    indent: usize,
    items: impl Iterator<Item = T>,
    write: impl FnMut(&mut String, T),
) {
    write_all(out, indent, ['[', ']'], items, write);
}

fn write_all<T>(
    out: &mut String,
    indent: usize,
    [open, close]: [char; 2],
    items: impl Iterator<Item = T>,
    mut write: impl FnMut(&mut String, T),
) {
    let line = |out: &mut String, indent: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", indent));
    };
    out.push(open);
    let mut count = 0;
    for item in items {
        if count > 0 {
            out.push(',');
        }
        line(out, indent + 1);
        write(out, item);
        count += 1;
    }
    if count > 0 {
        line(out, indent);
    }
    out.push(close);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_as_go_does() {
        // https://pkg.go.dev/encoding/json#Marshal: "<", ">", "&", U+2028, and U+2029 are escaped.
        assert_eq!(quoted("a<b> & \"c\"\u{2028}\n"), "\"a\\u003cb\\u003e \\u0026 \\\"c\\\"\\u2028\\n\"");
    }

    #[test]
    fn objects_and_arrays_are_indented_and_empty_ones_take_no_line() {
        let mut out = String::new();
        write_object(&mut out, 1, [("a", "1"), ("b", "[]")].into_iter());
        assert_eq!(out, "{\n    \"a\": 1,\n    \"b\": []\n  }");
        out.clear();
        write_array(&mut out, 0, std::iter::empty::<()>(), |_, ()| {});
        assert_eq!(out, "[]");
    }
}
