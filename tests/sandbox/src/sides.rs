//! Requests by the side that served, as the report for people has them of `CloudWatch`, held against what the customers saw.

use std::ops::RangeInclusive;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::account::Account;
use crate::error::Result;
use crate::history::History;
use crate::load::{Records, Server};
use crate::papers;
use crate::world::{BLUE, GREEN};

/// The heading of the table in the report.
const TITLE: &str = "## Requests by side";
/// Its columns.
const COLUMNS: usize = 7;

/// More than anybody but the customers asks production's stages in a run: whether the shop is open, before they come, and Bascule's own requests.
const OTHERS: usize = 1_000;
/// How far apart the data plane's clock and that of the customers may be.
const BLUR: Duration = Duration::from_millis(100);

/// A row of that table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// API and stage.
    pub stage: String,
    /// When and for how long.
    pub from: String,
    /// The cluster that served, or both with their shares.
    pub by: String,
    /// Requests; nothing where the report calls some of them missing.
    pub requests: Option<usize>,
    /// Those answered 500 to 599, likewise.
    pub server_errors: Option<usize>,
    /// Those answered 400 to 499, likewise.
    pub client_errors: Option<usize>,
    /// In the report's words.
    pub latency: String,
}

impl Row {
    /// For people.
    #[must_use]
    pub fn line(&self) -> String {
        let number = |number: Option<usize>| number.map_or_else(|| "missing".to_owned(), |number| number.to_string());
        let [requests, server, client] = [self.requests, self.server_errors, self.client_errors].map(number);
        format!("{} by {}: {requests} requests, {server} 5xx, {client} 4xx, {}", self.stage, self.by, self.latency)
    }
}

/// Has `CloudWatch` told what API Gateway counted until now, reads the rows of a migration's report, and notes what of them customers saw
/// otherwise. There are none where no call moved traffic.
///
/// # Errors
/// When `CloudWatch` or the function that makes the report refuses.
pub async fn told(
    account: &Account,
    migrate: &History,
    records: &Records,
    moves: &[Timestamp],
    disappointments: &mut Vec<String>,
) -> Result<Vec<Row>> {
    let Some(first) = moves.first() else { return Ok(Vec::new()) };
    account.stage_metrics.bring().await?;
    // The figures of a green that serves end with the bake; where blue serves again, an hour later.
    let bake = migrate.phases().into_iter().find(|phase| phase.name == "Bake").and_then(|bake| bake.ended);
    let is_greens = records.served_last() == Some(Server::Green);
    let until = || bake.filter(|_| is_greens).unwrap_or_else(Timestamp::now);
    let asked = until();
    let rows = rows(&papers::file(&account.aws, &migrate.arn, "report.md").await?);
    // A minute may end while the report is made.
    disappointments.extend(wrong(&rows, records, *first, asked..=until()));
    Ok(rows)
}

/// The rows of the report, which is Markdown.
fn rows(report: &str) -> Vec<Row> {
    let section = report.lines().skip_while(|line| *line != TITLE).skip(1).take_while(|line| !line.starts_with("## "));
    let cells = |line: &str| -> Option<Vec<String>> {
        let line = line.strip_prefix("| ")?.strip_suffix(" |")?;
        Some(line.split(" | ").map(|cell| cell.replace('\\', "")).collect())
    };
    // The first two lines are the head.
    let cells = section.filter_map(cells).filter(|cells| cells.len() == COLUMNS && cells[0] != "Stage");
    let number = |cell: &str| cell.split(' ').next().and_then(|number| number.parse().ok());
    cells
        .filter(|cells| cells.iter().any(|cell| !cell.starts_with("---")))
        .map(|cells| Row {
            stage: cells[0].clone(),
            from: cells[1].clone(),
            by: cells[2].clone(),
            requests: number(&cells[3]),
            server_errors: number(&cells[4]),
            client_errors: number(&cells[5]),
            latency: cells[6].clone(),
        })
        .collect()
}

/// What the rows say otherwise than the customers: `moved` is the first call that moved traffic, and `until` the moments to one of which the rows go,
/// as far as it is known: they end with a whole minute, the last one before it or one earlier.
fn wrong(rows: &[Row], records: &Records, moved: Timestamp, until: RangeInclusive<Timestamp>) -> Vec<String> {
    let mut wrong = Vec::new();
    for row in rows {
        // Where blue had no whole minute, CloudWatch has nothing of it, and the report says so.
        let is_known = [row.requests, row.server_errors, row.client_errors].iter().all(Option::is_some);
        let is_empty = row.by == BLUE && records.due_before(records.since_start(minute(moved, 0))) == 0;
        if !(is_known || is_empty) {
            wrong.push(format!("the report has no figures of a time with requests: {}", row.line()));
        }
    }
    let sum = |is: &dyn Fn(&Row) -> bool, of: fn(&Row) -> Option<usize>| -> usize {
        rows.iter().filter(|row| is(row)).filter_map(of).sum()
    };
    let requests = |row: &Row| row.requests;
    let all = sum(&|_| true, requests);
    let ends = [minute(*until.end(), 0), minute(*until.start(), 0), minute(*until.start(), 1)]
        .map(|end| records.since_start(end));
    let bounds = ends.map(|end| (records.answered_before(end.saturating_sub(BLUR)), records.due_before(end + BLUR)));
    if !bounds.iter().any(|(least, most)| (*least..=most + OTHERS).contains(&all)) {
        wrong.push(format!("the report has {all} requests, and customers sent between {bounds:?} of them by then"));
    }
    let served = |by: Server| records.all.iter().filter(|record| record.server == Some(by)).count();
    for (name, other) in [(BLUE, Server::Green), (GREEN, Server::Blue)] {
        let (told, most) = (sum(&|row| row.by == name, requests), records.all.len() - served(other) + OTHERS);
        if told > most {
            wrong.push(format!("the report has {told} requests that {name} served, at most {most} were its"));
        }
    }
    // Each minute of the time before the switch is blue's, but that of the first call.
    let least = records.answered_before(records.since_start(minute(moved, 1)).saturating_sub(BLUR));
    let blues = sum(&|row| row.by == BLUE, requests);
    if blues < least {
        wrong.push(format!(
            "the report has {blues} requests that {BLUE} served, and it served {least} before the switch"
        ));
    }
    let errors = sum(&|_| true, |row| Some(row.client_errors? + row.server_errors?));
    if errors > records.failed() + OTHERS {
        wrong.push(format!("the report has {errors} errors, and customers saw {}", records.failed()));
    }
    wrong
}

/// The beginning of the minute of a moment, or of one so many earlier.
fn minute(at: Timestamp, earlier: i64) -> Timestamp {
    let second = at.as_second() - at.as_second().rem_euclid(60) - 60 * earlier;
    Timestamp::from_second(second).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Record;

    const REPORT: &str = "# shop\\-1\n\n## Traffic\n\n| At | What |\n| --- | --- |\n| 10:00 | moved |\n\n## Requests by side\n\n- Missing is not zero\n\n\
        | Stage | From | Served by | Requests | Answered 5xx | Answered 4xx | Latency |\n| --- | --- | --- | --- | --- | --- | --- |\n\
        | a1b2c3d4e5/prod | 30 Nov, 09:00 UTC, for 1 h | shop-blue | 1234 | 0 | 12 (0.97 %) | average 3 ms, p99 9 ms |\n\
        | a1b2c3d4e5/prod | 30 Nov, 10:00 UTC, for 1 s | both, changed from 0 % on shop-green to 100 % | at least 5; missing in 1 of 2 periods | missing | 0 | average 3 ms |\n\n\
        ## Phases\n\n| a | b | c | d | e | f | g |\n";

    #[test]
    fn the_rows_are_those_of_the_one_table_and_what_is_missing_is_no_number() {
        let rows = rows(REPORT);
        let figures: Vec<_> =
            rows.iter().map(|row| (row.by.as_str(), row.requests, row.server_errors, row.client_errors)).collect();
        let both = "both, changed from 0 % on shop-green to 100 %";
        assert_eq!(figures, [(BLUE, Some(1234), Some(0), Some(12)), (both, None, None, Some(0))]);
        assert_eq!(
            rows[1].line(),
            "a1b2c3d4e5/prod by both, changed from 0 % on shop-green to 100 %: missing requests, missing 5xx, 0 4xx, average 3 ms"
        );
    }

    /// A hundred requests a second from second 30 on for four minutes, blue's until second 150.
    fn records() -> Records {
        let mut records = Records::new(Timestamp::from_second(30).unwrap());
        for number in 0..24_000 {
            let server = if number < 12_000 { Server::Blue } else { Server::Green };
            let start = Duration::from_millis(10 * number);
            records.all.push(Record { start, latency: Duration::from_millis(5), server: Some(server) });
        }
        records
    }

    fn row(by: &str, requests: Option<usize>) -> Row {
        let zero = requests.map(|_| 0);
        Row {
            stage: "a/prod".to_owned(),
            from: String::new(),
            by: by.to_owned(),
            requests,
            server_errors: zero,
            client_errors: zero,
            latency: String::new(),
        }
    }

    #[test]
    fn what_the_report_has_is_what_customers_sent_until_a_whole_minute() {
        // Blue's minutes end at second 120, those of the switch at 180, and the bake at 250, of which the report has the time until 240.
        let both = "both, changed from 0 % on shop-green to 100 %";
        let told = |blue, moving, green| {
            let rows = [row(BLUE, blue), row(both, moving), row(GREEN, green)];
            let at = |second| Timestamp::from_second(second).unwrap();
            wrong(&rows, &records(), at(150), at(250)..=at(250))
        };
        for (blue, moving, green, complaints) in [
            (Some(9_000), Some(6_000), Some(6_000), 0),
            (Some(9_200), Some(6_000), Some(6_000), 0),
            // A minute is missing, doubled, or the other side's.
            (Some(9_000), Some(6_000), None, 1),
            (Some(9_000), Some(6_000), Some(3_000), 1),
            (Some(9_000), Some(12_000), Some(6_000), 1),
            (Some(1_000), Some(14_000), Some(6_000), 1),
            (Some(15_000), Some(0), Some(6_000), 1),
            (Some(3_000), Some(0), Some(18_000), 1),
        ] {
            let wrong = told(blue, moving, green);
            assert_eq!(wrong.len(), complaints, "{blue:?} {moving:?} {green:?}: {wrong:?}");
        }
    }

    #[test]
    fn blue_may_be_missing_where_it_had_no_whole_minute() {
        let mut records = records();
        records.started = Timestamp::from_second(61).unwrap();
        let at = |second| Timestamp::from_second(second).unwrap();
        let rows = [row(BLUE, None), row("both", Some(17_900))];
        assert_eq!(wrong(&rows, &records, at(110), at(245)..=at(245)), Vec::<String>::new());
        assert_eq!(wrong(&rows, &records, at(190), at(245)..=at(245)).len(), 2);
    }

    #[test]
    fn a_minute_that_ends_while_the_report_is_made_may_be_in_it() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let rows = [row(BLUE, Some(9_000)), row("both", Some(6_000)), row(GREEN, Some(6_000))];
        assert_eq!(wrong(&rows, &records(), at(150), at(238)..=at(241)), Vec::<String>::new());
        assert_eq!(wrong(&rows, &records(), at(150), at(238)..=at(239)).len(), 1);
    }

    #[test]
    fn errors_that_no_customer_saw_are_none_of_the_stage() {
        let mut rows = vec![row("both", Some(21_000))];
        rows[0].server_errors = Some(5_000);
        let at = |second| Timestamp::from_second(second).unwrap();
        let wrong = wrong(&rows, &records(), at(40), at(250)..=at(250));
        assert_eq!(wrong, ["the report has 5000 errors, and customers saw 0"]);
    }
}
