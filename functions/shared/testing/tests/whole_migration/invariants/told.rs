//! What people were told of ends.

use super::Witness;
use crate::ways::End;
use std::collections::BTreeSet;
use testing::Account;

/// Whether a message is about an end.
fn is_of_an_end(subject: &str) -> bool {
    [": bascule-", " serves; ", " serves as before; "].iter().any(|part| subject.contains(part))
}

/// One message an end, but where nobody heard that it went out: SNS has no way to ask. Where every event was delivered the last message
/// is about the end of all, and has the link to the report.
pub(super) fn no_end_is_told_twice_and_the_last_message_has_the_report(
    account: &Account,
    witness: &Witness,
    end: End,
) -> Result<(), String> {
    let people = account.people();
    let ends: Vec<&(String, String)> = people.messages.iter().filter(|(subject, _)| is_of_an_end(subject)).collect();
    let subjects: Vec<&str> = ends.iter().map(|(subject, _)| subject.as_str()).collect();
    let again = subjects.len() - subjects.iter().collect::<BTreeSet<_>>().len();
    if again > account.unheard() {
        return Err(format!("told twice: {subjects:?}"));
    }
    let (promoted, last): (&[&str], &[&str]) = match end {
        End::Planned | End::Either => return Ok(()),
        End::BlueServes => (&[], &["serves as before; ", "bascule-migrate is ", "bascule-rollback is "]),
        End::GreenServes => {
            (&["shop-blue goes on ", "shop-blue is kept; nothing"], &["is deleted; ", "is kept; delete "])
        }
        End::Asked => {
            (&["shop-blue goes on ", "shop-blue is kept; nothing"], &["bascule-cleanup is ", "bascule-rollback is "])
        }
    };
    if witness.dead_letters > 0 {
        return Ok(());
    }
    if !promoted.is_empty() && !subjects.iter().any(|subject| promoted.iter().any(|part| subject.contains(part))) {
        return Err(format!("nobody was told that green serves: {subjects:?}"));
    }
    match people.messages.last() {
        Some((subject, text)) if last.iter().any(|part| subject.contains(part)) => {
            let has_link = text.lines().any(|line| line.starts_with("https://") && line.ends_with("&file=report.html"));
            if has_link { Ok(()) } else { Err(format!("no link to the report in {text:?}")) }
        }
        other => Err(format!("the last message is {:?}, after {subjects:?}", other.map(|(subject, _)| subject))),
    }
}
