//! The page that asks once more before something is done, and the one after it.

use super::{document, person};
use crate::{deed::Deed, http::Word, sight::Sight};
use domain::{Migration, moved_cleanup};
use jiff::Timestamp;
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
        Deed::MoveCleanup => format!("Delete {blue} at another time"),
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
             gives it another time, or starts an execution of bascule-cleanup."
        ),
        Deed::MoveCleanup => format!(
            "The deletion of {blue} begins at the time that you say instead. A look moves it, within five minutes; until then the page says \
             that it is to be moved."
        ),
    }
}

/// The page that asks, with what was filled in and why that did not count, where it did not.
pub(crate) fn ask(deed: Deed, sight: &Sight, query: &str, wrong: Option<(&str, &Word)>) -> String {
    let migration = &sight.migration;
    let label = label(deed, migration);
    let given = wrong.map(|(_, word)| (word.by.as_str(), word.comment.as_str()));
    let body = html! {
        p.quiet { "Migration " (migration.name()) }
        p { (consequence(deed, migration)) }
        @if let Some((why, _)) = wrong { div.alert role="alert" { p { strong { "Nothing was done. " } (why) } } }
        form method="post" {
            @if deed == Deed::MoveCleanup { (time(sight, wrong.map(|(_, word)| word.at.as_str()))) }
            (person(given, "Reason", "Eight characters, beside the link of the status page."))
            div.buttons { button.no id="do" { (label) } }
        }
        (back(query))
    };
    document(&format!("{label}?"), &body)
}

/// The field for a time of UTC, which is the present one where nothing was filled in.
fn time(sight: &Sight, given: Option<&str>) -> Markup {
    let (soon, last) = moved_cleanup::window(&sight.migration.input, sight.meta.opened_at, sight.now);
    let local = |time: Timestamp| time.strftime("%Y-%m-%dT%H:%M").to_string();
    let present = sight.cleanup_at().ok().flatten().map(local);
    html! {
        label for="at" { "New time, in UTC" }
        input id="at" name="at" type="datetime-local" required min=(local(soon)) max=(local(last)) value=[given.or(present.as_deref())];
    }
}

/// The page after it.
pub(crate) fn done(deed: Deed, migration: &Migration, query: &str) -> String {
    let text = match deed {
        Deed::Pause => "The switch is paused.",
        Deed::GoOn => "The switch goes on.",
        Deed::RollBack => "The way back is started. The status page shows how far it is.",
        Deed::EndBake => "The bake ends at its next look, within a minute.",
        Deed::KeepBlue => "No schedule deletes the old cluster any more.",
        Deed::MoveCleanup => {
            "The cleanup is moved at the next look, within five minutes. The status page then has the new time."
        }
    };
    document(&label(deed, migration), &html! { p { (text) } (back(query)) })
}

fn back(query: &str) -> Markup {
    html! { p { a href={ "?" (query) } { "To the status page" } } }
}
