//! A request to the status page.

use super::{Stray, fields, signer};
use crate::deed::Deed;
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
    /// What is to be done, or to be asked about.
    pub deed: Option<Deed>,
    /// What confirms it; absent for a GET, which does nothing.
    pub word: Option<Word>,
    /// The ARN of the IAM identity that signed the request, where the function URL takes signed requests only.
    pub caller: Option<String>,
}

/// The form by which people confirm a deed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The name that was given.
    pub by: String,
    /// The comment that was given.
    pub comment: String,
    /// The code that was typed.
    pub code: String,
}

impl Watcher {
    /// Reads a request; nothing where its query is no status link.
    ///
    /// # Errors
    /// Why it is none to a page of Bascule.
    pub fn read(request: &LambdaFunctionUrlRequest) -> Result<Option<Self>, Stray> {
        let raw = request.raw_query_string.as_deref().unwrap_or_default();
        let query: HashMap<String, String> = form_urlencoded::parse(raw.as_bytes()).into_owned().collect();
        let Some((link, signature)) = StatusLink::read(|name| query.get(name).map(String::as_str)) else {
            return Ok(None);
        };
        let deed = query.get("do").map(|deed| deed.parse().map_err(|_| Stray::NoLink)).transpose()?;
        let word = match request.request_context.http.method.as_deref() {
            Some("GET" | "HEAD") => None,
            Some("POST") if deed.is_some() => {
                let mut fields = fields(request)?;
                let mut field = |name: &str| fields.remove(name).unwrap_or_default();
                Some(Word { by: field("by"), comment: field("comment"), code: field("code") })
            }
            _ => return Err(Stray::NoLink),
        };
        let again = query.get("again").is_none_or(|again| again != "no");
        Ok(Some(Self { link, signature, file: query.get("file").cloned(), again, deed, word, caller: signer(request) }))
    }
}
