use super::*;
use crate::sight::tests::{asked, sight, yes};
use domain::{
    approval::{Asked, Question},
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
    sight.meta.life = Life::Ended;
    assert!(!shown(&sight, false).contains("ask again"));
}
