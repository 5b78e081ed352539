//! The status page and the files of a migration, and the list of migrations: by a signed link, or by a call of somebody who may invoke the function.

use crate::{
    deed::{Doer, carry_out},
    desk::{Ports, Typed, typed},
    files::{self, MOST_EVENTS},
    http::{self, Pass, Watcher},
    page,
    sight::Sight,
    standing::Standing,
};
use domain::{
    Invocation, MigrationId, PhaseError, Problem,
    approval::{Code, Link, ListLink, Question, StatusLink, Tried},
    ports::audit::Told,
};
use serde::Deserialize;
use serde_json::{Value, json};

/// Events on the page.
const SHOWN: u16 = 100;

/// A call that shows something.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Lookup {
    /// Absent for the link to the list.
    migration_id: Option<MigrationId>,
    /// `list-link`, `status-link`, or the name of a file of the status page.
    show: String,
}

/// Answers with the text that is asked for. The link is the query of one, which belongs behind the function's URL, with its code.
///
/// # Errors
/// `InvalidInput` for anything else, `Refused` where the ledger does not know the migration.
pub(crate) async fn show<P: Ports>(ports: &P, event: Value, invocation: &Invocation) -> Result<Value, PhaseError> {
    let lookup: Lookup = serde_json::from_value(event)
        .map_err(|error| PhaseError::invalid_input(format!("the call cannot be read: {error}")))?;
    let now = ports.now();
    if lookup.show == "list-link" {
        let link = ListLink::new(now);
        return Ok(json!({ "query": http::query(&link.parameters(&ports.sign(&link.text()).await?)) }));
    }
    let id =
        lookup.migration_id.ok_or_else(|| PhaseError::invalid_input("$.migrationId: missing; the execution's ARN"))?;
    if lookup.show == "status-link" {
        // Before the migration is opened too: preflight may still look at the account.
        let link = StatusLink::new(&id, now);
        let query = http::query(&link.parameters(&ports.sign(&link.text()).await?));
        return Ok(json!({ "query": query, "code": Code::of(&ports.sign(&link.code_text()).await?).to_string() }));
    }
    let sight = match ports.told(&id, MOST_EVENTS, invocation.deadline).await? {
        Some(Told::Opened(snapshot)) => Sight::of(*snapshot, now)?,
        Some(Told::Refused(refusal)) => {
            return Err(PhaseError::refused(format!("preflight refused it: {}", Problem::list(&refusal.problems))));
        }
        None => return Err(PhaseError::refused(format!("the ledger has no migration {id}"))),
    };
    match files::of_migration(ports, &lookup.show, &sight).await? {
        Some(file) => Ok(json!({ "text": file.text })),
        None => Err(PhaseError::invalid_input(format!(
            "$.show: found {:?}, expected list-link, status-link or one of {}",
            lookup.show,
            files::NAMES.map(|(name, _)| name).join(", ")
        ))),
    }
}

/// What a browser gets.
///
/// # Errors
/// Only what the calls answer.
pub(crate) async fn browse<P: Ports>(
    ports: &P,
    Watcher { pass, signature, file, again, answer, deed, word, caller }: &Watcher,
    invocation: &Invocation,
) -> Result<Value, PhaseError> {
    let notice = |status, title: &str, text: &str| Ok(http::page(status, &page::notice(title, text)));
    let now = ports.now();
    // Before KMS is asked, which costs money and time: anybody can call this.
    if now.as_second() > pass.expires() {
        return notice(410, "Too late", "This link has expired. Whoever may invoke bascule-decide gets a new one.");
    }
    if !ports.verify(&pass.text(), signature).await? {
        return notice(403, "Not a link of Bascule", "Its signature does not fit.");
    }
    let query = pass.query(signature);
    let Some(id) = pass.migration() else {
        let recent = ports.recent().await?;
        let ids: Vec<_> = recent.iter().map(|one| one.id.clone()).collect();
        let metas = ports.metas(&ids).await?;
        let all: Vec<_> = recent.into_iter().zip(metas).collect();
        return Ok(http::page(200, &page::list(&all, &query)));
    };
    if *answer && matches!(pass, Pass::Status(_)) {
        return open(ports, id, now).await;
    }
    let most = if file.is_some() { MOST_EVENTS } else { SHOWN };
    let sight = match ports.told(id, most, invocation.deadline).await? {
        None => return Ok(http::again(http::page(200, &page::early(id.name())))),
        Some(Told::Refused(refusal)) => return Ok(http::page(200, &page::refused(id.name(), &refusal))),
        Some(Told::Opened(snapshot)) => Sight::of(*snapshot, now)?,
    };
    if let (Some(deed), Pass::Status(link)) = (*deed, pass) {
        if !deed.is_possible(&sight) {
            return notice(
                409,
                "Not possible now",
                "The migration has gone on meanwhile. The status page shows where it stands.",
            );
        }
        let migration = &sight.migration;
        let wrong =
            |status, why: &str, word| Ok(http::page(status, &page::deed::ask(deed, &sight, &query, Some((why, word)))));
        let Some(word) = word else { return Ok(http::page(200, &page::deed::ask(deed, &sight, &query, None))) };
        let doer = match Doer::read(deed, &sight, word, caller.as_deref()) {
            Ok(doer) => doer,
            Err(why) => return wrong(400, &why, word),
        };
        let tried = (id, Tried::Deed);
        if let Typed::Wrong(status, why) = typed(ports, tried, &link.code_text(), &word.code, now).await? {
            return wrong(status, why, word);
        }
        carry_out(ports, migration, deed, &doer, now).await?;
        return Ok(http::page(200, &page::deed::done(deed, migration, &query)));
    }
    let Some(file) = file else {
        let stands = Standing::of(&sight);
        let again = *again && !stands.over;
        let page = http::page(200, &page::status(&sight, &stands, (&query, matches!(pass, Pass::Status(_))), again));
        return Ok(if again { http::again(page) } else { page });
    };
    match files::of_migration(ports, file, &sight).await? {
        Some(found) => Ok(http::download(file, &found)),
        None => notice(404, "No such file", "This page has no file of that name."),
    }
}

/// Leads to the page of the question that is open, with a signed link of its own. It decides nothing: the code is in the message alone.
async fn open<P: Ports>(ports: &P, id: &MigrationId, now: jiff::Timestamp) -> Result<Value, PhaseError> {
    for question in [Question::Cleanup, Question::Qualification] {
        let asked = ports.asked(id, question).await?;
        let Some(asked) = asked.filter(|asked| asked.answer.is_none() && now < asked.deadline) else { continue };
        let link = Link { migration: id.clone(), question, digest: asked.digest, expires: asked.deadline.as_second() };
        return Ok(http::elsewhere(&http::query(&link.parameters(&ports.sign(&link.text()).await?))));
    }
    Ok(http::page(404, &page::notice("Nothing is asked", "No question of this migration is open.")))
}
