//! A second replacement in the same account: what was green is blue now, and nothing was done by hand in between.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use crate::account::Account;
use crate::doorstep::Doorstep;
use crate::error::Result;
use crate::execution::Machines;
use crate::input;
use crate::letterbox::Letterbox;
use crate::load::Server;
use crate::measure;
use crate::progress::Progress;
use crate::report::Report;
use crate::scenario::{self, Options, Scenario};
use crate::shop::{self, Shop};
use crate::teller::Teller;
use crate::terraform::Projects;
use crate::world::{BLUE, GREEN};

/// Where it takes place.
pub(crate) struct Scene<'a> {
    pub(crate) options: &'a Options,
    pub(crate) account: &'a Account,
    pub(crate) letters: &'a Letterbox,
    pub(crate) doorstep: &'a Doorstep,
    pub(crate) progress: &'a Progress,
    pub(crate) machines: &'a Machines,
    pub(crate) shop: &'a Shop,
}

/// Replaces the cluster of the name `shop-green` by one of the name `shop-blue`, and adds what was seen to the report.
///
/// # Errors
/// When the sandbox cannot do its part.
pub(crate) async fn replace(scene: &Scene<'_>, projects: &mut Projects, report: &mut Report) -> Result<()> {
    let Scene { options, account, letters, doorstep, progress, machines, shop } = *scene;
    projects.begin_again();
    let load = shop::open(account, shop, options.rate).await?;
    let mut input = input::input(shop, &options.steps, false);
    input["blue"] = json!({ "cluster": GREEN });
    input["green"] = json!({ "cluster": BLUE });
    // Each side's answers have its cluster's name.
    input["cutover"]["marker"]["blue"] = GREEN.into();
    input["cutover"]["marker"]["green"] = BLUE.into();
    input["terraform"] = projects.input();
    let name = format!("sandbox-again-{}", Timestamp::now().as_second());
    let arn = machines.start(&account.aws, &name, &input).await?;
    progress.say(&format!("Migration: execution {name} started; {GREEN} is blue now"));
    let mut teller = Teller {
        scenario: Scenario::Replace,
        options,
        account,
        letters,
        doorstep,
        load: &load,
        progress,
        read: letters.since(0).len(),
        fired: false,
        key: shop.api.keys.first().map_or("", String::as_str),
        compared: None,
        like: None,
    };
    let wrong = &mut report.disappointments;
    let migrate = scenario::follow(&mut teller, machines, (&arn, &name), Some(projects), wrong).await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let records = load.stop().await?;
    let (requests, winner) = (measure::requests(&records), measure::winner(&records));
    report.requests.sent += requests.sent;
    report.requests.failed += requests.failed;
    let outcome = measure::named_outcome(&migrate);
    if outcome.as_deref() != Some("GreenServes") || winner != Server::Blue || requests.failed > 0 {
        let told = format!("{outcome:?}, {winner:?} serves, {} requests failed", requests.failed);
        report.disappointments.push(format!("the second replacement: {told}, {:?}", migrate.error));
    }
    Ok(())
}
