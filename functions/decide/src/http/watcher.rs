//! A request to the status page.

use aws_lambda_events::lambda_function_urls::LambdaFunctionUrlRequest;
use domain::approval::StatusLink;
use std::collections::HashMap;

/// A request to the status page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watcher {
    /// The link that was followed.
    pub link: StatusLink,
    /// Its signature, not yet verified.
    pub signature: String,
    /// The file that is asked for instead of the page.
    pub file: Option<String>,
    /// Whether the page is to ask again by itself.
    pub again: bool,
}

impl Watcher {
    /// Reads a request; nothing where its query is no status link, or it is no GET or HEAD.
    #[must_use]
    pub fn read(request: &LambdaFunctionUrlRequest) -> Option<Self> {
        if !matches!(request.request_context.http.method.as_deref(), Some("GET" | "HEAD")) {
            return None;
        }
        let raw = request.raw_query_string.as_deref().unwrap_or_default();
        let query: HashMap<String, String> = form_urlencoded::parse(raw.as_bytes()).into_owned().collect();
        let (link, signature) = StatusLink::read(|name| query.get(name).map(String::as_str))?;
        Some(Self {
            link,
            signature,
            file: query.get("file").cloned(),
            again: query.get("again").is_none_or(|again| again != "no"),
        })
    }
}
