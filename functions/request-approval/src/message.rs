//! What people read who are asked.

use domain::{
    Migration,
    approval::{Asked, Call, Code, Decision, Question},
    moment::written,
};
use serde_json::json;

/// Characters of the evidence in a message. SNS takes 256 KiB (<https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>), and
/// people read the rest on the page.
const LONGEST_EVIDENCE: usize = 20_000;

/// Lines of what will be deleted in a message.
const MOST_LINES: usize = 200;

/// How people get at the question.
pub(crate) struct Way {
    /// The signed link.
    pub(crate) url: String,
    /// The code that the page asks for.
    pub(crate) code: Code,
    /// The signed link of the status page.
    pub(crate) status: String,
    /// The code that its buttons ask for.
    pub(crate) status_code: Code,
    /// Whether the page takes requests only that are signed by an identity of AWS IAM.
    pub(crate) sign: bool,
}

/// Subject and text. Both begin with what to do, and until when.
pub(crate) fn of(migration: &Migration, asked: &Asked, way: &Way) -> (String, String) {
    let input = &migration.input;
    let (blue, green) = (&input.blue.cluster, &input.green.cluster);
    let (question, subject) = match asked.question {
        Question::Cleanup => (
            format!("may {blue} be deleted? {green} serves, and after this there is no way back to {blue}."),
            format!("Decide: delete {blue}?"),
        ),
        _ => (
            format!(
                "may {green} take over from {blue}? It has been built and checked, and serves no production request yet."
            ),
            format!("Decide: may {green} take over?"),
        ),
    };
    let call = Call::decided(&migration.id, asked.question, &asked.digest, Decision::Approved, "you");
    let several = match input.approval.approvers {
        0 | 1 => String::new(),
        needed => format!("{needed} people must say yes, and the same person counts once; one no is enough.\n"),
    };
    let signed = if way.sign {
        "The page takes requests only that an IAM identity of this account has signed, such as those of awscurl --service lambda.\n"
    } else {
        ""
    };
    let trial = match &asked.temporary_urls()[..] {
        [] => String::new(),
        [url] => format!("Try {green} first on its own URL, with the API keys that production has:\n{url}\n\n"),
        urls => {
            let urls = urls.join("\n");
            format!(
                "Try {green} first on its own URLs, one for each API, with the API keys that production has:\n{urls}\n\n"
            )
        }
    };
    let advice: String = migration.plan.advice.iter().flat_map(|line| ["- ", line, "\n"]).collect();
    let text = format!(
        "Decide until {}: {question}\nWithout an answer {}.\n{several}\nOpen the page, and type the code there with your answer:\n{}\nCode: {}\n\
         {signed}\n{trial}{}\nOr, with AWS credentials: aws lambda invoke --function-name bascule-decide \
         --cli-binary-format raw-in-base64-out --payload '{}' /dev/stdout\n\nWhere migration {} stands, and the way back:\n{}\nCode for that page: {}\n\n{advice}\nEvidence:\n{}\n",
        written(asked.deadline),
        asked.question.unanswered(input),
        way.url,
        way.code,
        deletions(migration, asked.question),
        json!(call),
        migration.name(),
        way.status,
        way.status_code,
        evidence(asked)
    );
    (subject, text)
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
