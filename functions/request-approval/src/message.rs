//! What people read who are asked.

use domain::{
    Migration,
    approval::{Asked, Call, Decision, Question},
    input::OnTimeout,
    progress::TEMPORARY_URL,
};
use serde_json::json;

/// Characters of the evidence in a message. SNS takes 256 KiB (<https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>), and
/// people read the rest on the page.
const LONGEST_EVIDENCE: usize = 20_000;

/// Lines of what will be deleted in a message.
const MOST_LINES: usize = 200;

/// Subject and text. Where approvers `sign` their requests, the text says how.
pub(crate) fn of(migration: &Migration, asked: &Asked, url: &str, sign: bool) -> (String, String) {
    let green = &migration.input.green.cluster;
    let subject = format!("Bascule {}: {} of {green}", migration.name(), asked.question.name());
    let call = Call::decided(&migration.id, asked.question, &asked.digest, Decision::Approved, "you");
    let no_answer = match migration.input.approval.on_timeout {
        OnTimeout::Abort => "no answer means no",
        OnTimeout::Approve => "no answer means yes",
    };
    let signed = if sign {
        "The page takes requests only that an IAM identity of this account has signed, such as those of awscurl --service lambda.\n"
    } else {
        ""
    };
    let advice: String = migration.plan.advice.iter().flat_map(|line| ["- ", line, "\n"]).collect();
    let text = format!(
        "{}\n\n{}\nAnswer until {} ({no_answer}):\n{url}\n{signed}\nOr: aws lambda invoke --function-name bascule-decide \
         --cli-binary-format raw-in-base64-out --payload '{}' /dev/stdout\n\n{advice}\nEvidence:\n{}\n",
        what(migration, asked),
        deletions(migration, asked.question),
        asked.deadline,
        json!(call),
        evidence(asked)
    );
    (subject, text)
}

fn what(migration: &Migration, asked: &Asked) -> String {
    let (blue, green) = (&migration.input.blue.cluster, &migration.input.green.cluster);
    if asked.question == Question::Cleanup {
        return format!("May {blue} be deleted? {green} serves, and after this there is no way back to {blue}.");
    }
    format!(
        "May {green} take over from {blue}? It has been built and checked, and serves no production request yet.\n\nTry it on its \
         own URL, with the API keys that production has:\n{}",
        asked.evidence[TEMPORARY_URL].as_str().unwrap_or("(the ledger has no URL of it)")
    )
}

/// What a yes leads to the deletion of.
fn deletions(migration: &Migration, question: Question) -> String {
    let deletes = &migration.plan.deletes;
    if deletes.is_empty() {
        return String::new();
    }
    let lines: Vec<String> =
        deletes.iter().take(MOST_LINES).map(|line| format!("- {} {}", line.kind, line.name)).collect();
    let lines = lines.join("\n");
    let rest = deletes.len().saturating_sub(MOST_LINES);
    let rest = if rest > 0 { format!("- and {rest} more, listed on the page\n") } else { String::new() };
    format!("{}:\n{lines}\n{rest}", question.deletion(&migration.input.cleanup))
}

fn evidence(asked: &Asked) -> String {
    let text = serde_json::to_string_pretty(&asked.evidence).unwrap_or_default();
    match text.char_indices().nth(LONGEST_EVIDENCE) {
        Some((end, _)) => format!("{}\n(the rest is on the page)", &text[..end]),
        None => text,
    }
}
