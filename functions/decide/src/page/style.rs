//! The pages' one style sheet, which stands in the page: no other host is asked, and its hash is all that the browser lets in
//! (<https://www.w3.org/TR/CSP3/#framework-directive-source-list>).

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::digest::sha256;

/// The style sheet. Light and dark, from 360 pixels on; colours have a contrast of 4.5 at least
/// (<https://www.w3.org/TR/WCAG22/#contrast-minimum>).
pub(super) const SHEET: &str = include_str!("style.css");

/// The style sheet as a source of the Content-Security-Policy, without its quotes.
pub(crate) fn source() -> String {
    format!("sha256-{}", STANDARD.encode(sha256(SHEET.as_bytes())))
}
