//! How fast the status page and the list answer in an account that has seen many migrations: served by the real function, from the emulator's
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
use crate::input;
use crate::papers;
use crate::site::Site;
use crate::world::front::Front;

/// Migrations in the ledger.
const MIGRATIONS: usize = 50;
/// Entries in the audit of each.
const EVENTS: usize = 100;
/// Dry runs at once.
const AT_ONCE: usize = 5;
/// Requests to each page that are measured, to the migrations in turns.
const REQUESTS: usize = 200;
/// Requests before that: the function starts with the first.
const WARM: usize = 5;
/// What 95 of 100 requests are to stay below.
pub const GOAL: Duration = Duration::from_millis(150);
/// Items that one call of `BatchWriteItem` takes
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html>).
const BATCH: usize = 25;

/// How fast a page answered.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Measured {
    /// Which page.
    pub page: &'static str,
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
    fn of(page: &'static str, mut took: Vec<Duration>) -> Self {
        took.sort_unstable();
        let rank = |percent: usize| took.get((took.len() * percent).div_ceil(100).saturating_sub(1));
        let millis = |percent| rank(percent).map_or(0.0, |took| took.as_secs_f64() * 1e3);
        Self {
            page,
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
            "{}, {} migrations and {} events, {} requests: half within {:.1} ms, 95 % within {:.1} ms (goal: {} ms)",
            self.page,
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
pub async fn measure(binaries: Option<&Path>, say: &dyn Fn(&str)) -> Result<Vec<Measured>> {
    let site = Site::prepare(binaries, None, say).await?;
    let measured = Box::pin(on(&site, say)).await;
    site.clear().await;
    measured
}

async fn on(site: &Site, say: &dyn Fn(&str)) -> Result<Vec<Measured>> {
    let aws = &site.account.aws;
    let (stack, shop) = site.furnish(Front::Plain, &[], say).await?;
    let table = stack.outputs.get("LedgerTable").context("LedgerTable")?;
    let migrations = dry_runs(aws, &Machines::of(&stack)?, &input::input(&shop, &[100], true)).await?;
    for migration in &migrations {
        seed(aws, table, migration).await?;
    }
    say(&format!("Ledger: {} migrations, dry runs, with {EVENTS} events each", migrations.len()));
    let url = stack.outputs.get("ApprovalUrl").context("ApprovalUrl")?;
    let mut links = Vec::new();
    for migration in &migrations {
        links.push(papers::status_link(aws, url, migration).await?);
    }
    let status = ask(aws, &links, |page| page.contains("Ended with the plan") && page.contains("seeded 100")).await?;
    let list = papers::list_link(aws, url).await?;
    let list = ask(aws, &[list], |page| page.matches("Ended with the plan").count() == MIGRATIONS).await?;
    Ok(vec![Measured::of("status page", status), Measured::of("list of migrations", list)])
}

/// So many dry runs, a few at a time; answers their ARNs.
async fn dry_runs(aws: &Aws, machines: &Machines, input: &Value) -> Result<Vec<String>> {
    let mut migrations = Vec::new();
    let names: Vec<String> = (1..=MIGRATIONS).map(|number| format!("dry-run-{number}")).collect();
    for some in names.chunks(AT_ONCE) {
        let runs = some.iter().map(async |name| {
            let arn = machines.start(aws, name, input).await?;
            let history = machines.ended(aws, &arn).await?;
            if history.status == "SUCCEEDED" {
                return Ok(arn);
            }
            Err(Error::new(format!("the dry run {name} is {}: {:?}", history.status, history.error)))
        });
        migrations.extend(futures::future::try_join_all(runs).await?);
    }
    Ok(migrations)
}

/// Asks for the pages behind the links in turns, and says how long each took. Every answer must be the page that `is_right` knows.
async fn ask(aws: &Aws, links: &[String], is_right: impl Fn(&str) -> bool) -> Result<Vec<Duration>> {
    let mut took = Vec::new();
    for (number, link) in links.iter().cycle().take(WARM + REQUESTS).enumerate() {
        let link: Uri = link.parse().context("a link")?;
        let (host, path) = (link.host().context("its host")?, link.path_and_query().context("a query")?);
        let begin = Instant::now();
        let page = aws.function_url(host, Method::GET, path.as_str(), &HeaderMap::new(), Bytes::new()).await?;
        let elapsed = begin.elapsed();
        let html = String::from_utf8_lossy(page.body());
        if !page.status().is_success() || !is_right(&html) {
            return Err(Error::new(format!("{} and not the page: {html}", page.status())));
        }
        if number >= WARM {
            took.push(elapsed);
        }
    }
    Ok(took)
}

/// Writes an audit of [`EVENTS`] entries in place of the one that the migration has, each as large as the dry run's own.
async fn seed(aws: &Aws, table: &str, migration: &str) -> Result<()> {
    let key = json!({"S": format!("MIGRATION#{migration}")});
    let first = json!({"pk": key, "sk": {"S": "EVENT#000000000001"}});
    let answer = aws.json("dynamodb", "DynamoDB_20120810.GetItem", &json!({"TableName": table, "Key": first})).await?;
    let mut event = answer["Item"].clone();
    // The pipe sends what has this on to the event bus.
    event.as_object_mut().context("an event of the dry run")?.remove("migration");
    let puts: Vec<Value> = (1..=EVENTS)
        .map(|number| {
            let mut item = event.clone();
            item["sk"] = json!({"S": format!("EVENT#{number:012}")});
            item["what"] = json!({"S": format!("seeded {number}")});
            json!({"PutRequest": {"Item": item}})
        })
        .collect();
    for batch in puts.chunks(BATCH) {
        let written =
            aws.json("dynamodb", "DynamoDB_20120810.BatchWriteItem", &json!({"RequestItems": {table: batch}})).await?;
        if written["UnprocessedItems"].as_object().is_some_and(|left| !left.is_empty()) {
            return Err(Error::new("DynamoDB left items unwritten"));
        }
    }
    let count = json!({
        "TableName": table, "Key": {"pk": key, "sk": {"S": "META"}}, "UpdateExpression": "SET seq = :seq",
        "ExpressionAttributeValues": {":seq": {"N": EVENTS.to_string()}},
    });
    aws.json("dynamodb", "DynamoDB_20120810.UpdateItem", &count).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_hundred_requests_the_ten_slowest_are_left_out() {
        let measured = Measured::of("page", (1..=200).map(Duration::from_millis).collect());
        assert_eq!((measured.p50_millis, measured.p95_millis, measured.requests), (100.0, 190.0, 200));
        assert!(!measured.is_fast() && Measured::of("page", vec![Duration::from_millis(149)]).is_fast());
    }
}
