//! What a browser gets.

use crate::page::style;
use domain::ports::files::File;
use serde_json::{Value, json};

/// A page that no cache keeps, no frame shows, that runs no script and asks no other host, and whose link no other site learns. A
/// browser says of its own forms where they come from: `no-referrer` would take that from them
/// (<https://fetch.spec.whatwg.org/#append-a-request-origin-header>).
#[must_use]
pub fn page(status: u16, html: &str) -> Value {
    let policy = format!(
        "default-src 'none'; style-src '{}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        style::source()
    );
    json!({
        "statusCode": status,
        "headers": {
            "content-type": "text/html; charset=utf-8",
            "cache-control": "no-store",
            "referrer-policy": "same-origin",
            "x-content-type-options": "nosniff",
            "content-security-policy": policy,
        },
        "body": html,
    })
}

/// Leads a browser to the page with this query (<https://www.rfc-editor.org/rfc/rfc9110#name-303-see-other>).
#[must_use]
pub fn elsewhere(query: &str) -> Value {
    json!({
        "statusCode": 303,
        "headers": { "location": format!("/?{query}"), "cache-control": "no-store", "referrer-policy": "same-origin" },
        "body": "",
    })
}

/// How often a page of something that goes on asks again, in seconds.
pub const REFRESH: u32 = 10;

/// The page, which a browser asks for again after a while, without a script
/// (<https://html.spec.whatwg.org/multipage/document-lifecycle.html#the-refresh-header>).
#[must_use]
pub fn again(mut page: Value) -> Value {
    page["headers"]["refresh"] = REFRESH.to_string().into();
    page
}

/// A file that a browser saves under this name and never shows as a page.
#[must_use]
pub fn download(name: &str, file: &File) -> Value {
    json!({
        "statusCode": 200,
        "headers": {
            "content-type": format!("{}; charset=utf-8", file.media_type),
            "content-disposition": format!("attachment; filename=\"{name}\""),
            "cache-control": "no-store",
            "referrer-policy": "no-referrer",
            "x-content-type-options": "nosniff",
            "content-security-policy": "default-src 'none'; sandbox",
        },
        "body": file.text,
    })
}
