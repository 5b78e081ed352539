use super::*;
use crate::sight::tests::{asked, sight, yes};
use domain::{audit::Event, ports::migrations::Life};

fn told() -> Sight {
    let mut sight = sight();
    sight.asked.push(Asked { answer: Some(yes()), ..asked(Question::Qualification) });
    sight.asked.push(asked(Question::Bake));
    let degraded = Event {
        seq: 4,
        at: "2026-01-01T00:04:00Z".parse().unwrap(),
        by: "bascule-observe".to_owned(),
        what: "way back degraded".to_owned(),
        evidence: serde_json::json!({ "findings": "1 Pod is ready" }),
    };
    sight.events.push(degraded);
    sight.meta.events = 4;
    sight
}

#[test]
fn a_report_says_what_was_done_when_and_by_whom() {
    let page = Report::of(&told(), &[]).markdown();
    let parts = [
        "# green replaces blue\n",
        "## Summary\n\n- green serves and is watched.",
        "- From Thursday, 1 January 2026, 00:00 UTC to Thursday, 1 January 2026, 12:00 UTC: 12 hours\n",
        "by the prices of the plan: about $1.20",
        "## Decisions\n\n| Question | Answer | By | When | Comment | Digest |\n| --- | --- | --- | --- | --- | --- |\n",
        "| qualification | yes | Ana | 1 Jan 2026, 06:00:00 UTC | \\<b\\>fine\\</b\\> \\| \\*really\\* | 0123 |\n\n",
        "## Traffic\n\n| When | What |\n| --- | --- |\n| 1 Jan 2026, 00:03:00 UTC | traffic moved: 25 % on green |\n",
        "## Way back while green served\n\n| When | What |\n| --- | --- |\n| 1 Jan 2026, 00:04:00 UTC | way back degraded: 1 Pod is ready |\n",
        "| provision-control-plane | 1 Jan 2026, 00:01:00 UTC | 10 minutes | 41 |  |\n",
        "## Created and still there\n\n| Side | Kind | Name | Id |\n| --- | --- | --- | --- |\n| green | Cluster | green | arn:green |\n",
        "## Created and deleted again\n\n- None.\n",
        "## Deleted or put back on blue\n\n| Side | Kind | Name | Id |\n| --- | --- | --- | --- |\n| blue | AccessEntry | bascule |  |\n",
        "## Audit\n\n- The last 3 of 4 entries.\n\n| No. | When | What | Who |\n",
        "| 2 | 1 Jan 2026, 00:02:00 UTC | intended: green NodeGroup general | bascule-provision-nodes |\n",
    ];
    let mut rest = page.as_str();
    for part in parts {
        let (_, after) = rest.split_once(part).unwrap_or_else(|| panic!("{part:?} is not in {rest}"));
        rest = after;
    }
    assert!(!page.contains("s3cret-token"));
}

#[test]
fn every_row_of_a_table_has_the_cells_of_its_head() {
    let report = Report::of(&told(), &[]);
    for section in &report.sections {
        for row in &section.rows {
            assert_eq!(row.len(), section.head.len(), "{}", section.title);
        }
    }
}

#[test]
fn the_html_file_has_the_same_and_no_markup_of_others() {
    let report = Report::of(&told(), &[]);
    let page = report.html();
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains(">&lt;b&gt;fine&lt;/b&gt; | *really*</td>"), "{page}");
    for section in &report.sections {
        assert!(page.contains(&format!("<h2>{}</h2>", section.title)), "{}", section.title);
    }
    assert!(!page.contains("<script") && !page.contains(" src=") && !page.contains("<link"));
}

#[test]
fn a_migration_that_has_ended_ends_with_its_last_event() {
    let mut sight = told();
    sight.meta.life = Life::Ended;
    sight.meta.outcome = Some("BlueServes".to_owned());
    let page = Report::of(&sight, &[]).markdown();
    assert!(page.contains("- Ended: blue serves.\n") && page.contains("00:04 UTC: 4 minutes\n"), "{page}");
}

#[test]
fn a_report_has_how_long_the_switch_took_and_the_recovery() {
    let mut sight = told();
    let event = |seq: u64, what: &str, evidence| Event {
        seq,
        at: "2026-01-01T01:00:00Z".parse::<jiff::Timestamp>().unwrap()
            + jiff::SignedDuration::from_secs(40 * i64::try_from(seq).unwrap()),
        by: "bascule-shift-traffic".to_owned(),
        what: what.to_owned(),
        evidence,
    };
    sight.events = vec![event(5, "traffic moved", serde_json::json!({ "share": 100, "from": 0 }))];
    let line = |sight: &Sight, begins: &str| {
        let page = Report::of(sight, &[]).markdown();
        page.lines().find(|line| line.starts_with(&format!("- {begins}"))).map(str::to_owned)
    };
    assert_eq!(
        line(&sight, "Switch"),
        Some("- Switch: green got all requests on 1 Jan 2026, 01:03:20 UTC, in one step".to_owned())
    );
    assert_eq!(line(&sight, "Recovery"), None);
    sight.events.insert(0, event(4, "traffic moved", serde_json::json!({ "share": 5, "from": 0 })));
    sight.events.push(event(6, "turned back", serde_json::json!({})));
    sight.events.push(event(7, "blue serves again", serde_json::json!({})));
    assert!(line(&sight, "Switch").unwrap().ends_with(", 40 seconds after the first of them"));
    let expected =
        "- Recovery: blue served again on 1 Jan 2026, 01:04:40 UTC, 40 seconds after the migration was turned back";
    assert_eq!(line(&sight, "Recovery").as_deref(), Some(expected));
}
