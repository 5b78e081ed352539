//! What the messages about ends say. Subject and first line say what to do.

use super::is_back;
use domain::{
    Migration,
    archive::Archive,
    ended::Ended,
    input::OnAbort,
    moment::{short, written},
    ports::migrations::Meta,
};
use jiff::Timestamp;
use serde_json::{Value, json};

/// Subject and text.
type Message = (String, String);

/// The links of a message.
pub(super) struct Links {
    /// The signed link of the status page.
    pub(super) status: String,
    /// Until when it works, in seconds since 1970.
    pub(super) expires: i64,
    /// Whether the page takes requests only that are signed by an identity of AWS IAM.
    pub(super) sign: bool,
}

impl Links {
    /// Each below a line that says what it is, as chats show it.
    pub(super) fn told(&self, migration: &str) -> String {
        let Self { status, expires, sign } = self;
        let until = Timestamp::from_second(*expires).map(written).unwrap_or_default();
        let signed = if *sign {
            " They take requests only that an IAM identity of this account has signed, such as those of awscurl --service lambda."
        } else {
            ""
        };
        format!(
            "\nThe report, for the change ticket:\n{status}&file=report.html\nThe same as Markdown:\n{status}&file=report.md\nWhere migration \
             {migration} stands, and its audit:\n{status}\n\nThe links show, and change nothing without the code of the message that asked; they \
             work until {until}.{signed}\n"
        )
    }
}

/// Where the files of a migration are kept. They are written by another function at the same time: whether that went well is not known
/// here, and is not said.
pub(super) fn filed(archive: &Archive, migration: &Migration) -> String {
    format!(
        "\nFor the records, the report and the plan are written to {} as well (report.html, report.md, plan.md, plan.json), some seconds after \
         each end. The alarm bascule-not-delivered tells where that could not be done.\n",
        archive.uri(&migration.id, "")
    )
}

/// Green serves. `at` is when blue's deletion begins; nothing where nobody planned it any more. The execution may have been stopped, or
/// have failed, after its last step had promoted the migration.
pub(super) fn promoted(migration: &Migration, at: Option<Timestamp>, ended: &Ended) -> Message {
    let input = &migration.input;
    let (blue, green, name) = (&input.blue.cluster, &input.green.cluster, migration.name());
    let (hint, todo) = if input.terraform.is_empty() {
        ("nothing to do", "Nothing to do".to_owned())
    } else {
        (
            "merge Terraform's changes",
            "Merge what was prepared and written for Terraform, then unfreeze its projects".to_owned(),
        )
    };
    let asked =
        if input.cleanup.approval && !input.keeps_blue() { ", once you have been asked and said yes" } else { "" };
    let (fate, then) = match (at, input.keeps_blue()) {
        (Some(at), true) => (
            format!("{blue} is kept"),
            format!("{blue} is kept; what was temporary is taken away from {} on", written(at)),
        ),
        (Some(at), false) => {
            (format!("{blue} goes on {}", short(at)), format!("{blue} is deleted from {} on{asked}", written(at)))
        }
        (None, _) => {
            (format!("nothing deletes {blue}"), format!("nothing deletes {blue}: its schedule was taken away"))
        }
    };
    let back = json!({ "migrationId": migration.id, "reason": "Requested" });
    let mut text = format!(
        "{todo}: {green} serves all requests, the bake ended well, and {then}.\n\nAs long as {blue} is there, production can be given back to it in one call: \
         start bascule-rollback with {back}. You are told when that would hurt, and when the end has come.\n"
    );
    if !ended.has_succeeded() {
        let late = format!(
            "\nThe execution {} is {}, which came after its work was done and changes nothing.\n",
            ended.execution_arn, ended.status
        );
        text.push_str(&late);
    }
    (format!("Bascule {name}: {green} serves; {fate}; {hint}"), text)
}

/// Blue serves as before. `kept` are the volumes with what was written on green.
pub(super) fn blue_serves(migration: &Migration, kept: &[String]) -> Message {
    let input = &migration.input;
    let (blue, green, name) = (&input.blue.cluster, &input.green.cluster, migration.name());
    let is_kept = input.on_abort == OnAbort::Keep;
    let (hint, todo) = match (kept.is_empty(), is_kept) {
        (false, _) => ("look at the volumes that were kept", "Look at the volumes that were kept"),
        (true, true) => ("look at what is kept", "Delete what is kept once you need it no longer"),
        (true, false) => ("nothing to do", "Nothing to do"),
    };
    let fate = if is_kept {
        format!("{green} is kept without production's requests")
    } else {
        format!("what was built for {green} is deleted")
    };
    let mut text = format!("{todo}: {blue} serves all requests as before the migration, and {fate}.\n");
    if !kept.is_empty() {
        let lines: String = kept.iter().flat_map(|volume| ["- ", volume, "\n"]).collect();
        let volumes = format!(
            "\nWhat was written on {green} while it served is in its copies of these volumes, which stay in AWS, and not in {blue}'s:\n{lines}"
        );
        text.push_str(&volumes);
    }
    (format!("Bascule {name}: {blue} serves as before; {hint}"), text)
}

/// The cleanup is through; so many resources of the ledger are left. `left` is what is left of a blue that is kept.
pub(super) fn cleaned_up(migration: &Migration, resources: usize, left: Option<&Value>) -> Message {
    let input = &migration.input;
    let (blue, green, name) = (&input.blue.cluster, &input.green.cluster, migration.name());
    let (hint, todo, fate) = match left {
        Some(_) => (
            format!("{blue} is kept; delete it yourself"),
            format!("Delete {blue} when you need it no longer"),
            format!("nothing of Bascule's is left on {blue}"),
        ),
        None => (format!("{blue} is deleted; nothing to do"), "Nothing to do".to_owned(), format!("{blue} is deleted")),
    };
    let mut text = format!("{todo}: {green} serves, the migration has ended, and {fate}.\n\nLeft in the account:\n");
    let mut lines = vec![format!("what {green} is made of, {resources} resources and settings that the report lists")];
    if let Some(left) = left {
        let costs = left["costs"].as_str().unwrap_or("at a price that is not known");
        lines.push(format!("{blue}, {costs}"));
    } else if input.workloads.volumes.lists().iter().any(|(_, named)| !named.is_empty()) {
        lines.push(format!("volumes of {blue} in AWS, which nothing of Bascule deletes"));
    }
    text.extend(lines.iter().flat_map(|line| ["- ", line.as_str(), "\n"]));
    (format!("Bascule {name}: {green} serves; {hint}"), text)
}

/// An execution failed, timed out or was stopped. Of a migration that was never opened, nothing more is known.
pub(super) fn badly(ended: &Ended, known: Option<(&Meta, &Migration)>) -> Message {
    let (machine, status, migration) = (ended.machine(), &ended.status, ended.migration());
    let reason = [&ended.error, &ended.cause].map(|text| text.as_deref().unwrap_or_default()).join("\n");
    let advice = match (machine, known) {
        ("bascule-migrate", Some((meta, migration))) if is_back(meta) => {
            format!(
                "{} serves as before. Remove the cause, then start another migration.",
                migration.input.blue.cluster
            )
        }
        ("bascule-migrate", _) => {
            "Bascule goes back by itself, unless the bake ended well: then green serves, and people decide what \
                                   follows. The executions of bascule-rollback show how far it is."
                .to_owned()
        }
        _ => format!(
            "Remove the cause, then start {machine} again with {}: it goes on from where it stopped.",
            json!({ "migrationId": migration })
        ),
    };
    let subject = format!("Bascule {}: {machine} is {status}", migration.name());
    let text = format!("The execution {} is {status}.\n\n{}\n\n{advice}\n", ended.execution_arn, reason.trim());
    (subject, text)
}
