//! The report of the benchmark.

use serde::Serialize;

use super::timed::Taken;

/// One bundle at one distance: medians where it was applied several times.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// `generated`, or the name of the bundle's file.
    pub case: String,
    /// How many objects.
    pub objects: usize,
    /// The round trip that a relay adds, in milliseconds.
    pub delay_ms: u64,
    /// Whether it was applied before, so that there is nothing to do.
    pub again: bool,
    /// How often it was measured.
    pub runs: usize,
    /// `DeployWorkloads`.
    pub ours: Taken,
    /// `kubectl apply --server-side`.
    pub kubectl: Taken,
    /// The same requests by 32 plain connections; not where there is nothing to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
    /// The objects that were written where there is nothing to do, by kind, namespace and name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub written: Option<Vec<String>>,
}

/// What the server can do.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Limit {
    /// From the first request to the last answer.
    pub seconds: f64,
}

impl Row {
    /// What it is about, for people.
    pub(super) fn title(&self) -> String {
        let again = if self.again { ", again" } else { "" };
        format!("{} of {} objects, {} ms away{again}", self.case, self.objects, self.delay_ms)
    }
}

/// The rows as a table in Markdown.
#[must_use]
pub fn page(rows: &[Row]) -> String {
    let mut lines = vec![
        "| bundle | objects | round trip | limit | Bascule | kubectl | Bascule | kubectl |".to_owned(),
        "|---|---|---|---|---|---|---|---|".to_owned(),
    ];
    lines.extend(rows.iter().map(|row| {
        let limit = row.limit.map_or_else(|| "-".to_owned(), |limit| format!("{:.2} s", limit.seconds));
        format!(
            "| {}{} | {} | {} ms | {limit} | {:.2} s | {:.2} s | {} MiB | {} MiB |",
            row.case,
            if row.again { ", again" } else { "" },
            row.objects,
            row.delay_ms,
            row.ours.seconds,
            row.kubectl.seconds,
            mebibytes(row.ours.max_rss_bytes),
            mebibytes(row.kubectl.max_rss_bytes),
        )
    }));
    lines.join("\n")
}

pub(super) const fn mebibytes(bytes: u64) -> u64 {
    bytes.div_ceil(1024 * 1024)
}
