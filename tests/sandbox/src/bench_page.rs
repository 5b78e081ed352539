//! How fast the status page answers in an account that has seen many migrations: served by the real function, from the emulator's
//! DynamoDB and through its Lambda.

use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, Method, Uri};
use serde::Serialize;
use serde_json::{Value, json};

use crate::aws::Aws;
use crate::error::{Context, Error, Result};
use crate::execution::Machines;
use crate::history::History;
use crate::input;
use crate::papers;
use crate::site::Site;
use crate::world::front::Front;

/// Migrations in the ledger.
const MIGRATIONS: usize = 50;
/// Entries in the audit of each.
const EVENTS: usize = 100;
/// Requests that are measured, to the migrations in turns.
const REQUESTS: usize = 200;
/// Requests before that: the function starts with the first.
const WARM: usize = 5;
/// What 95 of 100 requests are to stay below.
pub const GOAL: Duration = Duration::from_millis(150);
/// Items that one call of `BatchWriteItem` takes
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html>).
const BATCH: usize = 25;

/// What was measured.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Measured {
    /// Migrations in the ledger.
    pub migrations: usize,
    /// Entries of their audits, together.
    pub events: usize,
    /// Requests that were measured.
    pub requests: usize,
    /// Milliseconds that half of the requests stayed below.
    pub p50_millis: f64,
    /// Milliseconds that 95 of 100 stayed below.
    pub p95_millis: f64,
}

impl Measured {
    fn of(mut took: Vec<Duration>) -> Self {
        took.sort_unstable();
        let rank = |percent: usize| took.get((took.len() * percent).div_ceil(100).saturating_sub(1));
        let millis = |percent| rank(percent).map_or(0.0, |took| took.as_secs_f64() * 1e3);
        Self {
            migrations: MIGRATIONS,
            events: MIGRATIONS * EVENTS,
            requests: took.len(),
            p50_millis: millis(50),
            p95_millis: millis(95),
        }
    }

    /// Whether the goal is met.
    #[must_use]
    pub fn is_fast(&self) -> bool {
        self.p95_millis < GOAL.as_secs_f64() * 1e3
    }

    /// For people.
    #[must_use]
    pub fn line(&self) -> String {
        format!(
            "status page, {} migrations and {} events, {} requests: half within {:.1} ms, 95 % within {:.1} ms (goal: {} ms)",
            self.migrations,
            self.events,
            self.requests,
            self.p50_millis,
            self.p95_millis,
            GOAL.as_millis()
        )
    }
}

/// Measures in an account of its own.
///
/// # Errors
/// When the sandbox cannot do its part, or a page is not what it should be.
pub async fn measure(binaries: Option<&Path>, say: &dyn Fn(&str)) -> Result<Measured> {
    let site = Site::prepare(binaries, None, say).await?;
    let measured = Box::pin(on(&site, say)).await;
    site.clear().await;
    measured
}

async fn on(site: &Site, say: &dyn Fn(&str)) -> Result<Measured> {
    let aws = &site.account.aws;
    let (stack, shop) = site.furnish(Front::Plain, &[], say).await?;
    let table = stack.outputs.get("LedgerTable").context("LedgerTable")?;
    let arn = Machines::of(&stack)?.start(aws, "pattern", &input::input(&shop, &[100], true)).await?;
    let mut history = History::read(aws, &arn).await?;
    while history.running() {
        tokio::time::sleep(Duration::from_millis(500)).await;
        history = History::read(aws, &arn).await?;
    }
    if history.status != "SUCCEEDED" {
        return Err(Error::new(format!(
            "the dry run that the others are made of is {}: {:?}",
            history.status, history.error
        )));
    }
    let migrations = seed(aws, table, &arn).await?;
    say(&format!("Ledger: {} migrations like a dry run's, with {EVENTS} events each", migrations.len()));
    let url = stack.outputs.get("ApprovalUrl").context("ApprovalUrl")?;
    let host = url.parse::<Uri>().context("the function's URL")?.host().context("its host")?.to_owned();
    let mut paths = Vec::new();
    for migration in &migrations {
        let link: Uri = papers::status_link(aws, url, migration).await?.parse().context("a link")?;
        paths.push(link.path_and_query().context("a query")?.to_string());
    }
    let mut took = Vec::new();
    for (number, path) in paths.iter().cycle().take(WARM + REQUESTS).enumerate() {
        let begin = Instant::now();
        let page = aws.function_url(&host, Method::GET, path, &HeaderMap::new(), Bytes::new()).await?;
        let elapsed = begin.elapsed();
        let html = String::from_utf8_lossy(page.body());
        if !page.status().is_success() || !html.contains("Ended with the plan") || !html.contains("seeded 100") {
            return Err(Error::new(format!("{} and no status page: {html}", page.status())));
        }
        if number >= WARM {
            took.push(elapsed);
        }
    }
    Ok(Measured::of(took))
}

/// Copies what the ledger has of one migration under other names, with an audit of [`EVENTS`] entries each; answers their ARNs.
async fn seed(aws: &Aws, table: &str, arn: &str) -> Result<Vec<String>> {
    let question = json!({
        "TableName": table, "ConsistentRead": true, "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": {"S": format!("MIGRATION#{arn}")}},
    });
    let answer = aws.json("dynamodb", "DynamoDB_20120810.Query", &question).await?;
    let of_it = answer["Items"].as_array().context("the items of the dry run")?;
    let is_event = |item: &&Value| item["sk"]["S"].as_str().is_some_and(|sk| sk.starts_with("EVENT#"));
    let event = of_it.iter().find(is_event).context("an event of the dry run")?;
    let (prefix, _) = arn.rsplit_once(':').context("an ARN")?;
    let migrations: Vec<String> = (1..=MIGRATIONS).map(|number| format!("{prefix}:seeded-{number}")).collect();
    let mut items = Vec::new();
    for migration in &migrations {
        let key = json!({"S": format!("MIGRATION#{migration}")});
        for item in of_it.iter().filter(|item| !is_event(item)) {
            let mut item = item.clone();
            item["pk"] = key.clone();
            if item["sk"]["S"] == "META" {
                item["seq"] = json!({"N": EVENTS.to_string()});
            }
            items.push(item);
        }
        for number in 1..=EVENTS {
            let mut item = event.clone();
            item["pk"] = key.clone();
            item["sk"] = json!({"S": format!("EVENT#{number:012}")});
            item["what"] = json!({"S": format!("seeded {number}")});
            if let Some(item) = item.as_object_mut() {
                // The pipe sends what has this on to the event bus.
                item.remove("migration");
            }
            items.push(item);
        }
    }
    for batch in items.chunks(BATCH) {
        let puts: Vec<Value> = batch.iter().map(|item| json!({"PutRequest": {"Item": item}})).collect();
        let written =
            aws.json("dynamodb", "DynamoDB_20120810.BatchWriteItem", &json!({"RequestItems": {table: puts}})).await?;
        if written["UnprocessedItems"].as_object().is_some_and(|left| !left.is_empty()) {
            return Err(Error::new("DynamoDB left items unwritten"));
        }
    }
    Ok(migrations)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_hundred_requests_the_ten_slowest_are_left_out() {
        let measured = Measured::of((1..=200).map(Duration::from_millis).collect());
        assert_eq!((measured.p50_millis, measured.p95_millis, measured.requests), (100.0, 190.0, 200));
        assert!(!measured.is_fast() && Measured::of(vec![Duration::from_millis(149)]).is_fast());
    }
}
