//! URLs of links.

/// The query of a link's URL (<https://url.spec.whatwg.org/#urlencoded-serializing>).
#[must_use]
pub fn query(parameters: &[(&'static str, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
}

/// A link: the page's URL with these parameters.
#[must_use]
pub fn url(page: &str, parameters: &[(&'static str, String)]) -> String {
    format!("{page}?{}", query(parameters))
}
