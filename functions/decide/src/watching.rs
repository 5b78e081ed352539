//! The status page and the files of a migration: by a signed link, or by a call of somebody who may invoke the function.

use crate::{
    desk::Ports,
    files::{self, MOST_EVENTS},
    http::{self, Watcher},
    page,
    sight::Sight,
    standing::Standing,
};
use domain::{Invocation, MigrationId, PhaseError, approval::StatusLink, ports::migrations::Meta};
use serde::Deserialize;
use serde_json::{Value, json};

/// Events on the page.
const SHOWN: u16 = 100;

/// A call that shows something.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Lookup {
    migration_id: MigrationId,
    /// `status-link`, or the name of a file of the status page.
    show: String,
}

/// Answers with the text that is asked for. The link is the query of one, which belongs behind the function's URL.
///
/// # Errors
/// `InvalidInput` for anything else, `Refused` where the ledger does not know the migration.
pub(crate) async fn show<P: Ports>(ports: &P, event: Value, invocation: &Invocation) -> Result<Value, PhaseError> {
    let lookup: Lookup = serde_json::from_value(event)
        .map_err(|error| PhaseError::invalid_input(format!("the call cannot be read: {error}")))?;
    let now = ports.now();
    if lookup.show == "status-link" {
        // Before the migration is opened too: preflight may still look at the account.
        let link = StatusLink::new(&lookup.migration_id, now);
        return Ok(json!({ "query": http::query(&link.parameters(&ports.sign(&link.text()).await?)) }));
    }
    let known = ports.load(&lookup.migration_id, invocation.deadline).await?;
    let sight = Sight::read(ports, known, Some(MOST_EVENTS), now).await?;
    match files::of_migration(&lookup.show, &sight) {
        Some((_, text)) => Ok(json!({ "text": text })),
        None => Err(PhaseError::invalid_input(format!(
            "$.show: found {:?}, expected status-link or one of {}",
            lookup.show,
            files::NAMES.join(", ")
        ))),
    }
}

/// What a browser gets.
///
/// # Errors
/// Only what the calls answer.
pub(crate) async fn browse<P: Ports>(
    ports: &P,
    Watcher { link, signature, file, again }: &Watcher,
    invocation: &Invocation,
) -> Result<Value, PhaseError> {
    let notice = |status, title: &str, text: &str| Ok(http::page(status, &page::notice(title, text)));
    let now = ports.now();
    // Before KMS is asked, which costs money and time: anybody can call this.
    if now.as_second() > link.expires {
        return notice(410, "Too late", "This link has expired. Whoever may invoke bascule-decide gets a new one.");
    }
    if !ports.verify(&link.text(), signature).await? {
        return notice(403, "Not a link of Bascule", "Its signature does not fit.");
    }
    match ports.meta(&link.migration).await? {
        None => return Ok(http::again(http::page(200, &page::early(link.migration.name())))),
        Some(Meta { refusal: Some(refusal), .. }) => {
            return Ok(http::page(200, &page::refused(link.migration.name(), &refusal)));
        }
        Some(_) => {}
    }
    let known = ports.load(&link.migration, invocation.deadline).await?;
    let Some(file) = file else {
        let sight = Sight::read(ports, known, Some(SHOWN), now).await?;
        let stands = Standing::of(&sight);
        let again = *again && !stands.over;
        let page = http::page(200, &page::status(&sight, &stands, &http::query(&link.parameters(signature)), again));
        return Ok(if again { http::again(page) } else { page });
    };
    let sight = Sight::read(ports, known, Some(MOST_EVENTS), now).await?;
    match files::of_migration(file, &sight) {
        Some((kind, text)) => Ok(http::download(file, kind, &text)),
        None => notice(404, "No such file", "This page has no file of that name."),
    }
}
