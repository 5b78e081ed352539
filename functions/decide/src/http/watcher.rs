//! A request to the status page.

use super::{Stray, fields, query, signer};
use crate::deed::Deed;
use aws_lambda_events::lambda_function_urls::LambdaFunctionUrlRequest;
use domain::{
    MigrationId,
    approval::{ListLink, StatusLink},
};
use std::collections::HashMap;

/// The link by which people look at migrations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pass {
    /// That of one migration.
    Status(StatusLink),
    /// That of the list, and the migration of it that is looked at.
    List(ListLink, Option<MigrationId>),
}

impl Pass {
    fn read(query: &HashMap<String, String>) -> Option<(Self, String)> {
        let parameter = |name: &str| query.get(name).map(String::as_str);
        if let Some((link, signature)) = StatusLink::read(parameter) {
            return Some((Self::Status(link), signature));
        }
        let (link, signature) = ListLink::read(parameter)?;
        Some((Self::List(link, parameter("of").map(MigrationId::new)), signature))
    }

    /// The text that the signature is of.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Status(link) => link.text(),
            Self::List(link, _) => link.text(),
        }
    }

    /// Until when it works, in seconds since 1970.
    #[must_use]
    pub const fn expires(&self) -> i64 {
        match self {
            Self::Status(link) => link.expires,
            Self::List(link, _) => link.expires,
        }
    }

    /// The query of the page that is looked at.
    #[must_use]
    pub fn query(&self, signature: &str) -> String {
        match self {
            Self::Status(link) => query(&link.parameters(signature)),
            Self::List(link, None) => query(&link.parameters(signature)),
            Self::List(link, Some(of)) => {
                let [which, expires, signature] = link.parameters(signature);
                query(&[which, expires, signature, ("of", of.to_string())])
            }
        }
    }

    /// The migration that is looked at; nothing for the list.
    #[must_use]
    pub const fn migration(&self) -> Option<&MigrationId> {
        match self {
            Self::Status(link) => Some(&link.migration),
            Self::List(_, of) => of.as_ref(),
        }
    }
}

/// A request to the status page, or to the list of migrations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watcher {
    /// The link that was followed.
    pub pass: Pass,
    /// Its signature, not yet verified.
    pub signature: String,
    /// The file that is asked for instead of the page.
    pub file: Option<String>,
    /// Whether the page is to ask again by itself.
    pub again: bool,
    /// Whether the page of the open question is asked for instead.
    pub answer: bool,
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
    /// The time that was given, for what is moved.
    pub at: String,
}

impl Watcher {
    /// Reads a request; nothing where its query is no status link.
    ///
    /// # Errors
    /// Why it is none to a page of Bascule.
    pub fn read(request: &LambdaFunctionUrlRequest) -> Result<Option<Self>, Stray> {
        let raw = request.raw_query_string.as_deref().unwrap_or_default();
        let query: HashMap<String, String> = form_urlencoded::parse(raw.as_bytes()).into_owned().collect();
        let Some((pass, signature)) = Pass::read(&query) else { return Ok(None) };
        let deed = query.get("do").map(|deed| deed.parse().map_err(|_| Stray::NoLink)).transpose()?;
        if deed.is_some() && matches!(pass, Pass::List(..)) {
            return Err(Stray::NoLink);
        }
        let word = match request.request_context.http.method.as_deref() {
            Some("GET" | "HEAD") => None,
            Some("POST") if deed.is_some() => {
                let mut fields = fields(request)?;
                let mut field = |name: &str| fields.remove(name).unwrap_or_default();
                Some(Word { by: field("by"), comment: field("comment"), code: field("code"), at: field("at") })
            }
            _ => return Err(Stray::NoLink),
        };
        let again = query.get("again").is_none_or(|again| again != "no");
        let (file, answer) = (query.get("file").cloned(), query.contains_key("answer"));
        Ok(Some(Self { pass, signature, file, again, answer, deed, word, caller: signer(request) }))
    }
}
