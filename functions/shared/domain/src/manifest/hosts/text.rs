//! Hosts within texts: URLs, lists, regular expressions, pieces of a configuration.

use crate::input::Host;
use crate::word::goes_on;

/// The text with each primary host that stands there as a whole renamed; `None` where there is none. In a regular expression a host is
/// written with escaped dots.
pub(super) fn renamed(text: &str, hosts: &[Host]) -> Option<String> {
    hosts.iter().fold(None, |done: Option<String>, host| {
        let escaped = |host: &str| host.replace('.', "\\.");
        let spellings =
            [(host.primary.clone(), host.temporary.clone()), (escaped(&host.primary), escaped(&host.temporary))];
        spellings
            .into_iter()
            .fold(done, |done, (from, to)| replaced(done.as_deref().unwrap_or(text), &from, &to).or(done))
    })
}

fn replaced(text: &str, from: &str, to: &str) -> Option<String> {
    let (lower, from) = (text.to_ascii_lowercase(), from.to_ascii_lowercase());
    let mut written = String::with_capacity(text.len());
    let mut copied = 0;
    for (at, _) in lower.match_indices(&from).filter(|_| !from.is_empty()) {
        let end = at + from.len();
        // A regular expression's dot is escaped.
        let plain = |c: &char| *c != '\\';
        if at >= copied
            && !goes_on(lower[..at].chars().rev().filter(plain))
            && !goes_on(lower[end..].chars().filter(plain))
        {
            written.push_str(&text[copied..at]);
            written.push_str(to);
            copied = end;
        }
    }
    (copied > 0).then(|| written + &text[copied..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_renamed_in_a_text_where_it_stands_as_a_whole() {
        let hosts = [Host { primary: "shop.example.com".into(), temporary: "green.example.com".into() }];
        for (text, expected) in [
            (
                "https://shop.example.com/login?rd=https://Shop.example.com:8443/",
                Some("https://green.example.com/login?rd=https://green.example.com:8443/"),
            ),
            (r"^https?://shop\.example\.com/(.*)", Some(r"^https?://green\.example\.com/(.*)")),
            (
                "if ($host = 'shop.example.com') { return 403; }",
                Some("if ($host = 'green.example.com') { return 403; }"),
            ),
            (
                "https://a.example.com, https://shop.example.com",
                Some("https://a.example.com, https://green.example.com"),
            ),
            ("https://www.shop.example.com/", None),
            ("https://shop.example.com.evil.org/", None),
            (r"^https://www\.shop\.example\.com", None),
            ("https://myshop.example.com/", None),
            ("/home", None),
        ] {
            assert_eq!(renamed(text, &hosts).as_deref(), expected, "{text}");
        }
    }
}
