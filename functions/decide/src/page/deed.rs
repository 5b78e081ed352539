//! The page that asks once more before something is done, and the one after it.

use super::{document, person};
use crate::{deed::Deed, http::Word};
use domain::Migration;
use maud::{Markup, html};

/// What the button of the status page says.
pub(crate) fn label(deed: Deed, migration: &Migration) -> String {
    let (blue, green) = (&migration.input.blue.cluster, &migration.input.green.cluster);
    match deed {
        Deed::Pause => "Pause before the next step".to_owned(),
        Deed::GoOn => "Go on with the next step".to_owned(),
        Deed::RollBack => format!("Go back to {blue}"),
        Deed::EndBake => format!("End the watch of {green} now"),
        Deed::KeepBlue => format!("Keep {blue} for now"),
    }
}

/// What comes of it.
fn consequence(deed: Deed, migration: &Migration) -> String {
    let (blue, green) = (&migration.input.blue.cluster, &migration.input.green.cluster);
    match deed {
        Deed::Pause => format!(
            "{green} keeps the share of the traffic that it has, under its alarms, and gets no more until somebody lets the switch go on. At the \
             end of cutover.deadline, {} after its first step, it goes back.",
            migration.input.cutover.deadline
        ),
        Deed::GoOn => format!("{green} gets the next share of the traffic, once the time of the present step is over."),
        Deed::RollBack => format!(
            "The stage is given back to {blue} in one call, and then what Bascule created is {}. The migration cannot go on after that; \
             a new execution starts it again.",
            if migration.input.on_abort == domain::input::OnAbort::Keep { "kept" } else { "deleted" }
        ),
        Deed::EndBake => format!(
            "The bake ends at its next look, within a minute, where its alarms are OK and both clusters run the same. After that nothing goes \
             back to {blue} by itself when an alarm fires; people can still go back until the cleanup starts."
        ),
        Deed::KeepBlue => format!(
            "The schedule that would delete {blue} is taken away. {green} serves, {blue} stays ready and costs what it costs, until somebody \
             starts an execution of bascule-cleanup."
        ),
    }
}

/// The page that asks, with what was filled in and why that did not count, where it did not.
pub(crate) fn ask(deed: Deed, migration: &Migration, query: &str, wrong: Option<(&str, &Word)>) -> String {
    let label = label(deed, migration);
    let given = wrong.map(|(_, word)| (word.by.as_str(), word.comment.as_str()));
    let body = html! {
        p.quiet { "Migration " (migration.name()) }
        p { (consequence(deed, migration)) }
        @if let Some((why, _)) = wrong { div.alert role="alert" { p { strong { "Nothing was done. " } (why) } } }
        form method="post" {
            (person(given, "Reason", "Eight characters, beside the link of the status page."))
            div.buttons { button.no id="do" { (label) } }
        }
        (back(query))
    };
    document(&format!("{label}?"), &body)
}

/// The page after it.
pub(crate) fn done(deed: Deed, migration: &Migration, query: &str) -> String {
    let text = match deed {
        Deed::Pause => "The switch is paused.",
        Deed::GoOn => "The switch goes on.",
        Deed::RollBack => "The way back is started. The status page shows how far it is.",
        Deed::EndBake => "The bake ends at its next look, within a minute.",
        Deed::KeepBlue => "No schedule deletes the old cluster any more.",
    };
    document(&label(deed, migration), &html! { p { (text) } (back(query)) })
}

fn back(query: &str) -> Markup {
    html! { p { a href={ "?" (query) } { "To the status page" } } }
}
