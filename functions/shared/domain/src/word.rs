//! Words within texts: where a name or a host stands by itself, and not within something longer.

/// Words of AWS that are no cluster's name, although a cluster may be called so.
const NO_NAMES: [&str; 4] = ["arn:aws:eks:", "/etc/eks/", "/aws/eks/", "aws eks "];

/// Whether the text names this and not something longer: `shop` is not in `shopping`, nor `prod` in `production`, `prod-2` or
/// `prod.example.com`, nor `eks` in `node.eks.aws`.
#[must_use]
pub fn is_named(text: &str, name: &str) -> bool {
    places(text, name).next().is_some()
}

/// The text with this name replaced wherever it stands as a word of its own; `None` where it does not.
#[must_use]
pub fn renamed(text: &str, name: &str, by: &str) -> Option<String> {
    let mut written = String::with_capacity(text.len());
    let mut from = 0;
    for at in places(text, name) {
        written.push_str(&text[from..at]);
        written.push_str(by);
        from = at + name.len();
    }
    (from > 0).then(|| written + &text[from..])
}

fn places(text: &str, name: &str) -> impl Iterator<Item = usize> {
    let matches = text.match_indices(name).map(|(at, _)| at);
    matches.filter(move |&at| {
        let no_name = |fixed: &str| {
            let mut inside = fixed.match_indices(name).filter_map(|(inside, _)| text.get(at.checked_sub(inside)?..));
            inside.any(|text| text.starts_with(fixed))
        };
        !name.is_empty()
            && !goes_on(text[..at].chars().rev())
            && !goes_on(text[at + name.len()..].chars())
            && !NO_NAMES.iter().any(|fixed| no_name(fixed))
    })
}

/// Whether a word goes on with these characters, after it or, read backwards, before it. A dot at the end of a sentence joins no words.
#[must_use]
pub fn goes_on(mut rest: impl Iterator<Item = char>) -> bool {
    let inner = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    match rest.next() {
        Some('.') => inner(rest.next()),
        next => inner(next),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_replaced_where_it_stands_by_itself() {
        assert_eq!(renamed("prod, prod-2, a/prod", "prod", "green"), Some("green, prod-2, a/green".into()));
        assert_eq!(renamed("production", "prod", "green"), None);
    }

    #[test]
    fn a_name_is_named_by_itself_and_not_within_a_longer_word() {
        for (text, name, expected) in [
            ("--cluster-name=prod", "prod", true),
            ("/etc/eks/bootstrap.sh prod --b64", "prod", true),
            ("name: 'prod'", "prod", true),
            ("in production", "prod", false),
            ("prod-2 and prod", "prod", true),
            ("prod-2", "prod", false),
            ("my_prod", "prod", false),
            ("prod.example.com", "prod", false),
            ("runs in prod.", "prod", true),
            ("k8s.io/cluster-autoscaler/prod", "prod", true),
            ("apiVersion: node.eks.aws/v1alpha1", "eks", false),
            ("arn:aws:eks:eu-west-1:1:cluster/prod", "eks", false),
            ("arn:aws:eks:eu-west-1:1:cluster/eks", "eks", true),
            ("https://ABC.gr7.eu-west-1.eks.amazonaws.com:443", "ABC.gr7.eu-west-1.eks.amazonaws.com", true),
            ("", "prod", false),
            ("prod", "", false),
        ] {
            assert_eq!(is_named(text, name), expected, "{name} in {text:?}");
        }
    }
}
