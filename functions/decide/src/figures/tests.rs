use super::*;
use crate::{report::Report, served::By, sight::tests::sight};
use domain::{audit::Event, plan::edge::OtherApi};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use testing::{Account, Fault};

fn noon() -> Timestamp {
    "2026-01-01T12:00:00Z".parse().unwrap()
}

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

/// Production's stage of the shop, of which green got a quarter of the requests at noon and all of them ten minutes later.
fn moved() -> Sight {
    let mut sight = sight();
    let event = |seq, after, what: &str, evidence: Value| Event {
        seq,
        at: noon() + minutes(after) + SignedDuration::from_secs(30),
        by: "bascule-shift-traffic".to_owned(),
        what: what.to_owned(),
        evidence,
    };
    sight.events = vec![
        event(1, 0, "traffic moved", json!({ "share": 25, "from": 0 })),
        event(2, 10, "traffic moved", json!({ "share": 100, "from": 25 })),
    ];
    sight.meta.events = 2;
    sight.now = noon() + minutes(60);
    let edge = &mut sight.migration.plan.edge;
    (edge.api.id, edge.api.name, edge.stage.name) = ("a1".to_owned(), "shop".to_owned(), "prod".to_owned());
    sight
}

/// An account whose CloudWatch has this of the stage in each minute from 11:00 on.
fn account(name: &str, until: i64, of: impl Fn(i64) -> Option<Figures>) -> Account {
    let account = Account::new();
    let all = (-60..until).filter_map(|minute| Some((noon() + minutes(minute), of(minute)?))).collect();
    account.aws().stage_metrics.insert((name.to_owned(), "prod".to_owned()), all);
    account
}

/// A hundred requests a minute, none of which failed.
fn fine() -> Figures {
    Figures {
        requests: Some(100.0),
        client_errors: Some(0.0),
        server_errors: Some(0.0),
        latency: Some((4_000.0, 100.0)),
        p99: Some(90.0),
    }
}

async fn table(account: &Account, sight: &Sight) -> Vec<String> {
    let page = Report::of(sight, &read(account, sight).await).markdown();
    let (_, section) = page.split_once("## Requests by side\n\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    section.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[tokio::test]
async fn requests_and_errors_are_told_by_the_side_that_served() {
    let account = account("shop", 60, |minute| {
        let mut figures = fine();
        match minute {
            // In the minute of a change.
            0 => figures.server_errors = Some(2.0),
            5 => figures.client_errors = Some(7.0),
            30 => {
                (figures.server_errors, figures.latency, figures.p99) =
                    (Some(1.0), Some((8_900.0, 100.0)), Some(700.0));
            }
            _ => {}
        }
        Some(figures)
    });
    let found = table(&account, &moved()).await;
    let rows: Vec<&str> = found.iter().filter(|line| line.starts_with('|')).map(String::as_str).collect();
    assert_eq!(
        rows,
        [
            "| Stage | From | Served by | Requests | Answered 5xx | Answered 4xx | Latency |",
            "| --- | --- | --- | --- | --- | --- | --- |",
            "| a1/prod | 1 Jan 2026, 11:00:00 UTC, for 1 hour | blue | 6000 | 0 | 0 | average 40 ms, p99 90 ms in half of the periods, 90 ms in the worst |",
            "| a1/prod | 1 Jan 2026, 12:00:30 UTC, for 1 second | both, changed from 0 % on green to 25 % | 100 | 2 (2.00 %) | 0 | average 40 ms, p99 90 ms in half of the periods, 90 ms in the worst |",
            "| a1/prod | 1 Jan 2026, 12:00:31 UTC, for 9 minutes 59 seconds | both, 25 % on green | 900 | 0 | 7 (0.78 %) | average 40 ms, p99 90 ms in half of the periods, 90 ms in the worst |",
            "| a1/prod | 1 Jan 2026, 12:10:30 UTC, for 1 second | both, changed from 25 % on green to 100 % | 100 | 0 | 0 | average 40 ms, p99 90 ms in half of the periods, 90 ms in the worst |",
            "| a1/prod | 1 Jan 2026, 12:10:31 UTC, for 49 minutes 29 seconds | green | 4900 | 1 (0.02 %) | 0 | average 41 ms, p99 90 ms in half of the periods, 700 ms in the worst |",
        ]
    );
    let notes = found.join("\n");
    for part in ["do not tell one from the other", "whole periods that it touches", "may not be here yet"] {
        assert!(notes.contains(part), "{part} is not in {notes}");
    }
    assert!(!notes.contains("Missing is not zero"), "{notes}");
}

#[tokio::test]
async fn what_cloudwatch_does_not_have_is_missing_and_not_zero() {
    for (what, of, expected) in [
        (
            "nothing at all",
            (|_| None) as fn(i64) -> Option<Figures>,
            "missing | missing | missing | average missing, p99 missing |",
        ),
        (
            "no errors beside the requests",
            |_| Some(Figures { client_errors: None, server_errors: None, latency: None, p99: None, ..fine() }),
            "4900 | missing | missing | average missing, p99 missing |",
        ),
        (
            "errors of some minutes alone",
            |minute| Some(Figures { server_errors: Some(1.0).filter(|_| minute % 2 == 0), p99: None, ..fine() }),
            "4900 | at least 24; missing in 25 of 49 periods | 0 | average 40 ms, p99 missing |",
        ),
        (
            "requests of some minutes alone",
            |minute| {
                Some(Figures { requests: Some(100.0).filter(|_| minute % 2 == 0), server_errors: Some(1.0), ..fine() })
            },
            "at least 2400; missing in 25 of 49 periods | 49 | 0 |",
        ),
        ("quiet minutes", |minute| (minute == 30).then(fine), "100 | 0 | 0 | average 40 ms,"),
    ] {
        let found = table(&account("shop", 60, of), &moved()).await;
        let last = found.last().unwrap();
        assert!(last.contains(&format!("| green | {expected}")), "{what}: {last}");
        assert!(found.iter().any(|line| line.contains("Missing is not zero")), "{what}");
    }
}

#[tokio::test]
async fn a_report_without_an_answer_of_cloudwatch_says_so_and_has_the_rest() {
    let account = account("shop", 60, |_| Some(fine()));
    account.fail_at(1, Fault::Throttled);
    let found = table(&account, &moved()).await;
    assert_eq!(found.len(), 1, "{found:?}");
    let expected =
        "- Stage prod of a1: how many requests came and failed is missing, since CloudWatch could not be read: ";
    assert!(found[0].starts_with(expected) && found[0].contains("Rate exceeded"), "{found:?}");
}

#[tokio::test]
async fn each_api_of_several_has_its_own_figures() {
    let mut sight = moved();
    let mut other = OtherApi::default();
    (other.api.id, other.api.name, other.stage.name) = ("b2".to_owned(), "stock".to_owned(), "prod".to_owned());
    sight.migration.plan.edge.others.push(other);
    let account = account("shop", 60, |_| Some(fine()));
    let stock = account.aws().stage_metrics.remove(&("shop".to_owned(), "prod".to_owned())).unwrap();
    account.aws().stage_metrics.insert(("stock".to_owned(), "prod".to_owned()), stock);
    let requests = |of: &OfStage| -> Vec<(By, f64)> {
        of.rows.as_ref().unwrap().iter().map(|row| (row.stay.by, row.sum.requests.sum)).collect()
    };
    let found = read(&account, &sight).await;
    let ids: Vec<_> = found.iter().map(|of| (of.api.as_str(), of.stage.as_str())).collect();
    assert_eq!(ids, [("a1", "prod"), ("b2", "prod")]);
    assert!(requests(&found[0]).iter().all(|(_, sum)| *sum == 0.0));
    assert_eq!(requests(&found[1]).last(), Some(&(By::Share(100), 4_900.0)));
}

#[tokio::test]
async fn no_request_is_counted_twice_or_lost_where_periods_have_different_lengths() {
    let mut sight = moved();
    // Ten days: hours, and minutes at both ends.
    let length = 10 * 24 * 60 + 17;
    sight.now = noon() + minutes(length);
    let account = account("shop", length, |_| Some(fine()));
    let before = account.calls();
    let found = read(&account, &sight).await;
    assert_eq!(account.calls() - before, 3);
    let rows = found[0].rows.as_ref().unwrap();
    let all: f64 = rows.iter().map(|row| row.sum.requests.sum).sum();
    #[expect(clippy::cast_precision_loss, reason = "some thousands of minutes")]
    let expected = 100.0 * (length + 60) as f64;
    assert!((all - expected).abs() < 0.5, "{all} of {expected}");
    // Blue has its hour, and each change its minute.
    let sums: Vec<f64> = rows[..4].iter().map(|row| row.sum.requests.sum).collect();
    assert_eq!(sums, [6_000.0, 100.0, 900.0, 100.0]);
}

#[tokio::test]
async fn without_a_switch_cloudwatch_is_not_asked() {
    let account = Account::new();
    let mut sight = moved();
    sight.events.clear();
    let before = account.calls();
    assert_eq!(table(&account, &sight).await, ["- No traffic was moved."]);
    assert_eq!(account.calls(), before);
}
