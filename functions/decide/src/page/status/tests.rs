use super::*;
use crate::sight::tests::{asked, sight, yes};
use domain::{
    Direction, PhaseError,
    approval::{Answer, Asked, Decision, Question},
    audit::Said,
    ports::migrations::Life,
};
use serde_json::json;

fn shown(sight: &Sight, again: bool) -> String {
    status(sight, &Standing::of(sight), ("status=a&signature=b", true), again)
}

#[test]
fn the_page_has_the_phases_with_how_long_they_took_and_what_comes_next() {
    let page = shown(&sight(), true);
    for part in [
        "<h1>green replaces blue</h1>",
        "<strong>green is being built.</strong> Waits for provision-nodes.",
        "<progress id=\"share\" max=\"100\" value=\"0\">",
        "<th scope=\"row\">provision-control-plane</th><td>1 Jan 2026, 00:01:00 UTC</td><td>10 minutes</td><td>41</td>",
        "<td>11 hours 49 minutes, runs now</td><td>5</td>",
        "<li aria-current=\"step\"><strong>Build green and check it</strong>",
        "<strong>Way back open:</strong> blue serves, and nothing has to be given back.",
        "The last 2 of 3 entries",
        "intended: green NodeGroup general",
        "traffic moved: 25 % on green",
        "href=\"?status=a&amp;signature=b&amp;file=report.html\"",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    let newest = page.find("traffic moved").unwrap();
    assert!(newest < page.find("intended: green").unwrap());
}

#[test]
fn the_page_asks_again_by_itself_unless_people_stop_it_and_decides_nothing() {
    let mut sight = sight();
    sight.events[0].evidence = json!({ "question": "qualification", "answer": yes() });
    sight.asked.push(Asked { answer: Some(yes()), ..asked(Question::Qualification) });
    let page = shown(&sight, true);
    assert!(page.contains("<a href=\"?status=a&amp;signature=b&amp;again=no\">Let it rest</a>"), "{page}");
    assert!(page.contains("qualification approved by Ana, “&lt;b&gt;fine&lt;/b&gt;"), "{page}");
    assert!(
        !page.contains("<form") && !page.contains("<button") && !page.contains("<script") && !page.contains("s3cret")
    );
    assert!(shown(&sight, false).contains("<a href=\"?status=a&amp;signature=b\">Let the page ask again"));
    sight.meta.direction = Direction::Undo;
    assert!(shown(&sight, false).contains("<strong>Way back under way.</strong></p>"));
    sight.meta.life = Life::Ended;
    assert!(!shown(&sight, false).contains("ask again"));
}

#[test]
fn a_phase_that_polls_says_what_it_waits_for_and_one_that_failed_says_why() {
    let mut sight = sight();
    let said = |direction, error: &PhaseError| Some(Said::of(direction, error));
    let waits = said(Direction::Converge, &PhaseError::not_ready("<general> is CREATING"));
    sight.runs[1] = Run { running: false, ended_at: Some(sight.now), said: waits, ..sight.runs[1].clone() };
    let page = shown(&sight, true);
    assert!(
        page.contains("provision-nodes<br><span class=\"quiet\">waits: &lt;general&gt; is CREATING</span>"),
        "{page}"
    );
    assert!(page.contains("<td>11 hours 49 minutes so far</td>"), "{page}");
    sight.meta.direction = Direction::Undo;
    assert!(!shown(&sight, true).contains("CREATING"), "it went the other way");
    sight.runs[1].said = said(Direction::Converge, &PhaseError::unhealthy("2 targets"));
    assert!(shown(&sight, true).contains("<span class=\"quiet\">Unhealthy: 2 targets</span>"));
}

#[test]
fn alarms_are_told_with_what_is_known_of_them_and_nothing_better() {
    let mut sight = sight();
    let alarm = |sight: &Sight| {
        let page = shown(sight, true);
        let (_, rest) = page.split_once("<strong>5xx</strong>").unwrap_or_default();
        rest.split_once("</li>").map(|(line, _)| line.to_owned()).unwrap_or_default()
    };
    assert_eq!(alarm(&sight), " guards the watch after the switch");
    let arn = sight.migration.input.bake.alarms[0].clone();
    sight.migration.input.cutover.alarms = vec![arn.clone()];
    let evidence = json!({ "validate": { "evidence": { "alarms": { &arn: "INSUFFICIENT_DATA" } } } });
    sight.asked.push(Asked { evidence, ..asked(Question::Qualification) });
    assert_eq!(alarm(&sight), " guards each step and the watch after it: INSUFFICIENT_DATA when people were asked");
    sight.asked.push(asked(Question::Bake));
    assert!(alarm(&sight).ends_with(": OK at every look so far, since the watch ends otherwise"));
    let broken = Answer { decision: Decision::Rejected, by: arn, comment: "it is ALARM".to_owned(), ..yes() };
    sight.asked[1].answer = Some(broken);
    assert!(alarm(&sight).ends_with(": it ended the watch. it is ALARM"));
    sight.migration.input.cutover.alarms.clear();
    sight.migration.input.bake.alarms.clear();
    assert!(shown(&sight, true).contains("None guards this migration"));
}
