//! What each story must come to.

use std::collections::BTreeSet;

use crate::history::History;
use crate::load::Server;
use crate::measure::named_outcome;
use crate::report::Report;
use crate::scenario::{Options, Scenario};
use crate::world::front::Front;
use crate::world::{BLUE, GREEN};

/// The fewest requests that say anything about a replacement.
const ENOUGH: usize = 10_000;
/// The most memory that a function may take, in bytes.
const LARGEST_MEMORY: u64 = 64 << 20;

/// Requests and the time that they take at this rate, for people who choose another than the default: a replacement that ends sooner has too few.
#[must_use]
pub fn load(rate: u32) -> String {
    let seconds = ENOUGH.div_ceil(usize::try_from(rate.max(1)).unwrap_or(1));
    format!(
        "{rate} requests a second; a replacement of less than {seconds} s has fewer than the {ENOUGH} requests that tell something"
    )
}

/// Notes everything that is not as it should be.
pub fn judge(report: &mut Report, scenario: Scenario, options: &Options, histories: &[History]) {
    let mut wrong = Vec::new();
    let mut expect = |fine: bool, complaint: String| {
        if !fine {
            wrong.push(complaint);
        }
    };
    let apis = 1 + options.front.others().len();
    let (outcome, status, calls) = match scenario {
        Scenario::Replace => ("GreenServes", "SUCCEEDED", options.steps.len() * apis),
        Scenario::DryRun | Scenario::Abort => ("BlueServes", "SUCCEEDED", 0),
        Scenario::Rollback => ("BlueServes", "FAILED", (options.steps.len() + 1) * apis),
    };
    expect(report.outcome == outcome, format!("{}, expected {outcome}", report.outcome));
    for history in histories.iter().take(1) {
        expect(
            history.status == status,
            format!("the migration is {}, expected {status}: {:?}", history.status, history.error),
        );
        let named = named_outcome(history);
        let wanted = match scenario {
            Scenario::Replace => Some("GreenServes"),
            Scenario::DryRun => Some("Planned"),
            Scenario::Abort => Some("BlueServes"),
            Scenario::Rollback => None,
        };
        expect(named.as_deref() == wanted, format!("the migration's output names {named:?}, expected {wanted:?}"));
    }
    for history in histories.iter().skip(1) {
        expect(history.status == "SUCCEEDED", format!("{} is {}: {:?}", history.arn, history.status, history.error));
    }
    let requests = &report.requests;
    expect(requests.failed == 0, format!("{} requests failed", requests.failed));
    if scenario == Scenario::Replace {
        expect(
            requests.sent >= ENOUGH,
            format!("{} requests are too few to tell, of {ENOUGH}: --rate {} is too low", requests.sent, options.rate),
        );
        let beside = (options.front == Front::Warehouse).then_some(Server::Other.name());
        let servers: BTreeSet<&str> = [BLUE, GREEN].into_iter().chain(beside).collect();
        expect(requests.by_cluster.keys().copied().eq(servers), format!("served by {:?}", requests.by_cluster));
        let compared = report.compared.as_deref();
        expect(
            compared == Some(BLUE),
            format!("after the switch the temporary URL shows {compared:?}, expected {BLUE}"),
        );
    }
    if matches!(scenario, Scenario::DryRun | Scenario::Abort) {
        expect(!requests.by_cluster.contains_key(GREEN), "green served production".to_owned());
    }
    let made = report.switch.control_plane_calls;
    expect(made == calls, format!("{made} control-plane calls moved traffic, expected {calls}"));
    expect(report.denied.is_empty(), format!("denied to the functions: {}", report.denied.join(", ")));
    expect(report.unchanged.all(), format!("not unchanged: {:?}", report.unchanged));
    expect(report.left.orphans.is_empty(), format!("orphans: {}", report.left.orphans.join(", ")));
    expect(
        report.left.unknown_to_ledger.is_empty(),
        format!("unknown to the ledger: {}", report.left.unknown_to_ledger.join(", ")),
    );
    for lambda in &report.lambda {
        let memory = lambda.max_rss_bytes.unwrap_or(0);
        expect(memory <= LARGEST_MEMORY, format!("{} takes {memory} bytes of memory", lambda.name));
    }
    report.disappointments.extend(wrong);
}
