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

/// The names of all matchers of both versions, over HTTP and TCP, in lower case
/// (<https://github.com/traefik/traefik/blob/master/pkg/muxer/http/matcher.go>, `matcher_v2.go`, and the same of `pkg/muxer/tcp`).
const MATCHERS: [&str; 19] = [
    "alpn",
    "clientip",
    "header",
    "headerregexp",
    "headers",
    "headersregexp",
    "host",
    "hostheader",
    "hostregexp",
    "hostsni",
    "hostsniregexp",
    "method",
    "path",
    "pathprefix",
    "pathregexp",
    "query",
    "queryregexp",
    // Of Traefik Hub and of version 1.
    "pathprefixstrip",
    "pathstrip",
];

/// Matchers that choose by host.
const OF_HOSTS: [&str; 5] = ["host", "hostheader", "hostsni", "hostregexp", "hostsniregexp"];

/// Whether every matcher of the rule is a known one, and every quote and parenthesis has its other half.
pub(super) fn is_readable(rule: &str) -> bool {
    let (mut depth, mut known, mut word) = (0_i32, true, "");
    let mut rest = rule;
    while let Some((token, after)) = next(rest) {
        match token {
            Token::Word(of) => word = of,
            Token::Other('(') => {
                known &= word.is_empty() || MATCHERS.contains(&word.to_ascii_lowercase().as_str());
                (word, depth) = ("", depth + 1);
            }
            Token::Other(')') => depth -= 1,
            // A quote without its other half.
            Token::Other('`' | '"') => known = false,
            Token::Other(c) if c.is_whitespace() => {}
            Token::Other(_) | Token::Literal(..) => word = "",
        }
        known &= depth >= 0;
        rest = after;
    }
    known && depth == 0
}

/// Whether the rule, or one side of an alternative in it, chooses by no host.
pub(super) fn is_of_any_host(rule: &str) -> bool {
    let mut chosen = false;
    let mut any = false;
    let (mut depth, mut rest) = (0_i32, rule);
    while let Some((token, after)) = next(rest) {
        match token {
            Token::Word(word) => chosen |= OF_HOSTS.contains(&word.to_ascii_lowercase().as_str()),
            Token::Other('(') => depth += 1,
            Token::Other(')') => depth -= 1,
            Token::Other('|') if depth == 0 && after.starts_with('|') => {
                any |= !chosen;
                chosen = false;
            }
            _ => {}
        }
        rest = after;
    }
    any || !chosen
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
    fn a_rule_that_cannot_be_read_is_told() {
        for (rule, expected) in [
            ("Host(`a`) && (PathPrefix(`/b`) || !Headers(`X`, `y`))", true),
            ("HOST(`a`)", true),
            ("Hosts(`a`)", false),
            ("Host(`a", false),
            ("Host(`a`) && (Path(`/`)", false),
            ("Host(`a`))", false),
        ] {
            assert_eq!(is_readable(rule), expected, "{rule}");
        }
    }

    #[test]
    fn a_rule_without_a_host_answers_under_any() {
        for (rule, expected) in [
            ("PathPrefix(`/api`)", true),
            ("Host(`a`) || Path(`/ping`)", true),
            ("(Host(`a`) || Host(`b`)) && Path(`/ping`)", false),
            ("hostregexp(`.*`)", false),
        ] {
            assert_eq!(is_of_any_host(rule), expected, "{rule}");
        }
    }

    #[test]
    fn patterns_of_hosts_are_listed() {
        let rule = "HostRegexp(`^.+\\.example\\.com$`) || hostsniregexp(`x`) && Path(`/y`)";
        assert_eq!(patterns(rule), ["^.+\\.example\\.com$", "x"]);
    }
}
