//! Rules of Traefik, version 2 and 3. Each matcher is known by its name, in lower, upper and title case
//! (<https://github.com/traefik/traefik/blob/master/pkg/rules/parser.go>); version 2 says `HostHeader` for `Host` too
//! (<https://github.com/traefik/traefik/blob/master/pkg/muxer/http/matcher_v2.go>). Arguments are literals of Go.

/// One part of a rule.
enum Token<'a> {
    /// The name of a matcher.
    Word(&'a str),
    /// A literal, without its quotes.
    Literal(char, &'a str),
    /// Anything else.
    Other(char),
}

fn next(rest: &str) -> Option<(Token<'_>, &str)> {
    let first = rest.chars().next()?;
    if first.is_ascii_alphanumeric() {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        return Some((Token::Word(&rest[..end]), &rest[end..]));
    }
    if let Some(end) = closing(rest, first) {
        return Some((Token::Literal(first, &rest[1..end]), &rest[end + 1..]));
    }
    Some((Token::Other(first), &rest[first.len_utf8()..]))
}

/// Where the literal ends that begins with this quote. A backslash escapes in double quotes only
/// (<https://go.dev/ref/spec#String_literals>).
fn closing(rest: &str, quote: char) -> Option<usize> {
    if !matches!(quote, '`' | '"') {
        return None;
    }
    let mut escaped = false;
    rest.char_indices().skip(1).find_map(|(at, c)| {
        if escaped {
            escaped = false;
        } else if c == quote {
            return Some(at);
        } else {
            escaped = c == '\\' && quote == '"';
        }
        None
    })
}

/// A rule with every argument of a matcher of hosts seen, and the rest as it stands: other matchers may hold the same text in their
/// arguments.
pub(super) fn hosts(rule: &str, see: &mut impl FnMut(&mut String)) -> String {
    let mut written = String::with_capacity(rule.len());
    arguments(rule, &["host", "hostheader", "hostsni"], |token, matches| match token {
        Token::Word(word) => written.push_str(word),
        Token::Literal(quote, text) => {
            let mut text = text.to_owned();
            if matches {
                see(&mut text);
            }
            written.push(quote);
            written.push_str(&text);
            written.push(quote);
        }
        Token::Other(c) => written.push(c),
    });
    written
}

/// The patterns by which a rule chooses hosts.
pub(super) fn patterns(rule: &str) -> Vec<String> {
    let mut found = Vec::new();
    arguments(rule, &["hostregexp", "hostsniregexp"], |token, matches| {
        if let (Token::Literal(_, text), true) = (token, matches) {
            found.push(text.to_owned());
        }
    });
    found
}

/// Shows every token of a rule, and whether it is within the arguments of one of these matchers.
fn arguments<'a>(rule: &'a str, matchers: &[&str], mut see: impl FnMut(Token<'a>, bool)) {
    let (mut rest, mut word, mut within) = (rule, "", false);
    while let Some((token, after)) = next(rest) {
        match token {
            Token::Word(of) => word = of,
            Token::Other('(') => {
                within = matchers.contains(&word.to_ascii_lowercase().as_str());
                word = "";
            }
            Token::Other(c) => {
                within &= c != ')';
                word = if c.is_whitespace() { word } else { "" };
            }
            Token::Literal(..) => word = "",
        }
        see(token, within);
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_hosts_are_listed() {
        let rule = "HostRegexp(`^.+\\.example\\.com$`) || hostsniregexp(`x`) && Path(`/y`)";
        assert_eq!(patterns(rule), ["^.+\\.example\\.com$", "x"]);
    }
}
