//! Parameters of a query string or of a form.

use std::borrow::Cow;

/// The first value of a parameter, decoded.
pub(crate) fn value(query: &str, name: &str) -> Option<String> {
    values(query, name).next().map(Cow::into_owned)
}

/// Every value of a parameter, decoded, in the order of the query.
pub(crate) fn values<'query>(query: &'query str, name: &str) -> impl Iterator<Item = Cow<'query, str>> {
    form_urlencoded::parse(query.as_bytes()).filter(move |(known, _)| known == name).map(|(_, value)| value)
}
