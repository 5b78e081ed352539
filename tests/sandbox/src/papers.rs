//! What people get of a migration by invoking `bascule-decide`, as its README says: the link of the status page, the plan, the report.

use http::Method;
use serde_json::json;

use crate::aws::{Aws, percent};
use crate::error::{Error, Result};

/// The link of the status page: `url` is that of the function.
///
/// # Errors
/// When the function does not answer with one.
pub async fn status_link(aws: &Aws, url: &str, migration: &str) -> Result<String> {
    let query = show(aws, Some(migration), "status-link", "query").await?;
    Ok(format!("{url}?{query}"))
}

/// The link of the list of migrations.
///
/// # Errors
/// When the function does not answer with one.
pub async fn list_link(aws: &Aws, url: &str) -> Result<String> {
    let query = show(aws, None, "list-link", "query").await?;
    Ok(format!("{url}?{query}"))
}

/// A file of the status page, such as `plan.md`.
///
/// # Errors
/// When the function does not answer with it.
pub async fn file(aws: &Aws, migration: &str, name: &str) -> Result<String> {
    show(aws, Some(migration), name, "text").await
}

async fn show(aws: &Aws, migration: Option<&str>, what: &str, field: &str) -> Result<String> {
    let path = format!("/2015-03-31/functions/{}/invocations", percent("bascule-decide:live"));
    let answer =
        aws.rest("lambda", Method::POST, &path, Some(&json!({"migrationId": migration, "show": what}))).await?;
    let text = answer[field].as_str().map(str::to_owned);
    text.ok_or_else(|| Error::new(format!("bascule-decide shows no {what}: {answer}")))
}
