//! Text that others wrote, such as names and comments, inside Markdown (<https://spec.commonmark.org/0.31.2/>): it stays text.

/// Everything that begins or ends something inside a line, or would be HTML.
const SPECIAL: &str = "\\`*_[]<>#|~&!";

/// A text within a line: with its special characters escaped, and its lines joined.
#[must_use]
pub fn text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.split_whitespace().collect::<Vec<_>>().join(" ").chars() {
        if SPECIAL.contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// A code span: between more backticks in a row than the text has.
#[must_use]
pub fn code(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let room = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{room}{text}{room}{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_stays_text() {
        for (found, expected) in [
            ("plain (text), 5 %.", "plain (text), 5 %."),
            ("<b>a</b> | [x](y) _z_ *", "\\<b\\>a\\</b\\> \\| \\[x\\](y) \\_z\\_ \\*"),
            ("a\n\n# b", "a \\# b"),
        ] {
            assert_eq!(text(found), expected);
        }
    }

    /// The examples of <https://spec.commonmark.org/0.31.2/#code-spans>, the other way around.
    #[test]
    fn a_code_span_may_have_backticks_in_it() {
        for (found, expected) in
            [("foo", "`foo`"), ("foo ` bar", "``foo ` bar``"), ("``", "``` `` ```"), ("a\nb", "`a b`")]
        {
            assert_eq!(code(found), expected);
        }
    }
}
