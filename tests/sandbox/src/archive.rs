//! The bucket of the shop's in which Bascule keeps plan and report.

use std::time::{Duration, Instant};

use crate::aws::Aws;
use crate::error::Result;
use crate::papers;

/// The bucket, for the template's parameter `ReportBucket`.
pub const BUCKET: &str = "shop-records";

/// The template's default of `ReportPrefix`.
const PREFIX: &str = "bascule/";

/// The files of a migration there.
const FILES: [&str; 4] = ["plan.md", "plan.json", "report.md", "report.html"];

/// How long they may take after an end: an event, a pause for the message about the same end, and a few calls.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where the report of the execution of this name is.
#[must_use]
pub fn report(name: &str) -> String {
    format!("s3://{BUCKET}/{PREFIX}{name}/report.html")
}

/// Waits for the files of a migration that has ended; what of them is not as `bascule-decide` shows it.
///
/// # Errors
/// When the function shows nothing.
pub async fn wrong(aws: &Aws, migration: &str, name: &str) -> Result<Vec<String>> {
    let begin = Instant::now();
    loop {
        let mut wrong = Vec::new();
        for file in FILES {
            let shown = papers::file(aws, migration, file).await?;
            match aws.get_object(BUCKET, &format!("{PREFIX}{name}/{file}")).await {
                Ok(kept) if is_same(&kept, &shown) => {}
                Ok(_) => wrong.push(format!("{file} in {BUCKET} is not what the page shows")),
                Err(error) => wrong.push(format!("{file} in {BUCKET}: {error}")),
            }
        }
        if wrong.is_empty() || begin.elapsed() > PATIENCE {
            return Ok(wrong);
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Whether both have the same audit, which a report ends with, or are the same where they have none: above it a report says until when
/// it counts requests, which goes on with the clock.
fn is_same(kept: &str, shown: &str) -> bool {
    fn audit(text: &str) -> &str {
        ["## Audit", "<h2>Audit</h2>"].iter().find_map(|head| text.find(head)).map_or(text, |at| &text[at..])
    }
    audit(kept) == audit(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_compared_by_their_audit_and_plans_as_a_whole() {
        assert!(is_same("# a\n\n## Audit\n\n| 1 |", "# b\n\n## Audit\n\n| 1 |"));
        assert!(!is_same("# a\n\n## Audit\n\n| 1 |", "# a\n\n## Audit\n\n| 1 |\n| 2 |"));
        assert!(!is_same("<p>a</p><h2>Audit</h2><p>1</p>", "<p>a</p><h2>Audit</h2><p>2</p>"));
        assert!(!is_same("# plan a", "# plan b"));
    }
}
