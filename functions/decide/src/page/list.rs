//! The list of migrations, the latest first. It shows them and decides nothing.

use super::document;
use domain::{
    Direction,
    moment::brief,
    ports::{
        executions::{Recent, Standing},
        migrations::{Life, Meta},
    },
};
use maud::html;

/// The page; every migration is shown under the query of the list's own link.
pub(crate) fn list(migrations: &[(Recent, Option<Meta>)], query: &str) -> String {
    let body = html! {
        @if migrations.is_empty() { p { "No execution of bascule-migrate is known." } } @else {
            table {
                thead { tr { th scope="col" { "Migration" } th scope="col" { "Began" } th scope="col" { "Stands" } } }
                tbody {
                    @for (recent, meta) in migrations {
                        tr {
                            th scope="row" { a href={ "?" (query) "&of=" (encoded(recent.id.as_str())) } { (recent.id.name()) } }
                            td { (brief(recent.started_at)) }
                            td { (stands(recent, meta.as_ref())) }
                        }
                    }
                }
            }
        }
    };
    document("Migrations", &body)
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Where a migration stands, in a few words.
fn stands(recent: &Recent, meta: Option<&Meta>) -> String {
    let Some(meta) = meta else {
        return match &recent.standing {
            Standing::Running => "Preflight looks at the account".to_owned(),
            Standing::Succeeded => "Ended before it was opened".to_owned(),
            Standing::Ended { status, .. } => format!("{status} before it was opened"),
        };
    };
    let words = match (meta.direction, meta.life) {
        _ if meta.refusal.is_some() => "Refused",
        (_, Life::Ended) => match meta.outcome.as_deref() {
            Some("GreenServes") => "Ended: green serves",
            Some("BlueServes") => "Ended: blue serves",
            Some("Planned") => "Ended with the plan",
            _ => "Ended",
        },
        (Direction::Undo, _) => "Going back to blue",
        (Direction::Converge, Life::Open) => "Under way",
        (Direction::Converge, Life::Baked) => "Green serves; the bake ended well",
        (Direction::Converge, Life::Promoted) => "Green serves; blue waits for its cleanup",
        (Direction::Converge, Life::CleaningUp) => "Deleting blue",
    };
    match (&recent.standing, meta.life) {
        (Standing::Ended { status, .. }, life) if life != Life::Ended && meta.direction == Direction::Converge => {
            format!("{words}; the execution is {status}")
        }
        _ => words.to_owned(),
    }
}
