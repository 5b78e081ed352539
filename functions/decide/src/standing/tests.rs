use super::*;
use crate::{
    deed::Deed,
    sight::{
        Hindrance,
        tests::{asked, sight, yes},
    },
};
use domain::{
    Entry, Kind, PhaseError, ResourceKey, Side, Status,
    approval::Answer,
    audit::Said,
    cut_short::CutShort,
    object::ObjectId,
    resources::schedule::{self, Occasion},
    shift::Shift,
};
use serde_json::json;

fn moved(sight: &mut Sight, share: u8) {
    let at = sight.now;
    sight.shift = Some(Shift { guarded: 0, share, started_at: at, shifted_at: at });
}

#[test]
fn a_migration_stands_where_the_ledger_says() {
    type Change = fn(&mut Sight);
    let cases: [(Change, Option<Part>, u8, &str, &str); 13] = [
        (|_| {}, Some(Part::Build), 0, "green is being built", "Waits for provision-nodes."),
        (
            |sight| sight.asked.push(asked(Question::Qualification)),
            Some(Part::Qualify),
            0,
            "green is ready for people to look at",
            "Waits for people until Saturday, 3 January 2026, 00:00 UTC.",
        ),
        (
            |sight| sight.asked.push(Asked { answer: Some(yes()), ..asked(Question::Qualification) }),
            Some(Part::Prepare),
            0,
            "Ana approved green",
            "Waits for",
        ),
        (
            |sight| {
                let no = Answer { decision: Decision::Rejected, ..yes() };
                sight.asked.push(Asked { answer: Some(no), ..asked(Question::Qualification) });
            },
            Some(Part::Qualify),
            0,
            "Ana said no to green",
            "The migration goes back.",
        ),
        (|sight| moved(sight, 25), Some(Part::Switch), 25, "green has 25 % of the traffic", "Waits for"),
        (|sight| moved(sight, 100), Some(Part::Bake), 100, "green serves", "Waits for"),
        (
            |sight| {
                moved(sight, 100);
                sight.asked.push(asked(Question::Bake));
            },
            Some(Part::Bake),
            100,
            "green serves and is watched",
            "Until Saturday, 3 January 2026, 00:00 UTC, unless its alarm fires.",
        ),
        (
            |sight| {
                moved(sight, 100);
                sight.meta.life = Life::Promoted;
            },
            Some(Part::Keep),
            100,
            "green serves; blue is kept until its cleanup",
            "Waits for the cleanup, 3d after the bake, about which people are asked once more.",
        ),
        (
            |sight| {
                sight.meta.life = Life::Promoted;
                sight.asked.push(asked(Question::Cleanup));
            },
            Some(Part::Keep),
            0,
            "green serves; blue is kept until its cleanup",
            "Waits for people until",
        ),
        (|sight| sight.meta.life = Life::CleaningUp, Some(Part::Delete), 0, "Deleting blue", "Waits for"),
        (|sight| sight.meta.direction = Direction::Undo, None, 0, "Going back to blue", "Waits for"),
        (
            |sight| {
                sight.meta.life = Life::Ended;
                sight.meta.outcome = Some("GreenServes".to_owned());
            },
            None,
            100,
            "Ended: green serves",
            "",
        ),
        (
            |sight| {
                moved(sight, 100);
                sight.meta.direction = Direction::Undo;
                sight.meta.life = Life::Ended;
                sight.meta.outcome = Some("BlueServes".to_owned());
            },
            None,
            0,
            "Ended: blue serves",
            "",
        ),
    ];
    for (change, part, share, headline, waiting) in cases {
        let mut sight = sight();
        change(&mut sight);
        let stands = Standing::of(&sight);
        assert_eq!((stands.part, stands.share, stands.headline.as_str()), (part, share, headline));
        assert!(stands.waiting.starts_with(waiting), "{headline}: {}", stands.waiting);
        assert_eq!(stands.over, headline.starts_with("Ended"));
    }
}

#[test]
fn the_way_back_is_open_until_the_deletion_begins() {
    let mut sight = sight();
    assert!(Standing::of(&sight).way_back.contains("nothing has to be given back"));
    moved(&mut sight, 100);
    for life in [Life::Open, Life::Baked, Life::Promoted] {
        sight.meta.life = life;
        assert!(Standing::of(&sight).way_back.starts_with("Open: one call"), "{life:?}");
    }
    for life in [Life::CleaningUp, Life::Ended] {
        sight.meta.life = life;
        assert!(Standing::of(&sight).way_back.starts_with("Closed: "), "{life:?}");
    }
}

#[test]
fn a_way_back_that_would_hurt_is_degraded_with_the_reason() {
    let mut sight = sight();
    let weakness = json!({ "what": "Deployment/shop/web", "gone": false, "finding": "1 Pod is ready" });
    let watched = |told: &[serde_json::Value]| {
        let at = "2026-01-01T10:00:00Z";
        serde_json::from_value(json!({ "told": told, "toldAt": at, "seen": told, "seenAt": at, "healthy": {} }))
            .unwrap()
    };
    sight.way_back = Some(watched(std::slice::from_ref(&weakness)));
    assert!(Standing::of(&sight).way_back.starts_with("Open: blue serves"), "green does not serve yet");
    moved(&mut sight, 100);
    sight.meta.life = Life::Promoted;
    let expected = "Degraded: 1 Pod is ready (since 1 Jan 2026, 10:00:00 UTC). One call for the stage still gives production back to blue.";
    assert_eq!(Standing::of(&sight).way_back, expected);
    sight.way_back = Some(watched(&[]));
    assert!(Standing::of(&sight).way_back.starts_with("Open: one call"));
    sight.hindrance.released = vec!["web on green".to_owned()];
    assert!(Standing::of(&sight).way_back.starts_with("Open: one call"), "of a bake that is over");
    sight.meta.life = Life::Open;
    sight.asked.push(asked(Question::Bake));
    assert!(Standing::of(&sight).way_back.starts_with("Degraded: released on one side only: web on green. "));
    sight.meta.life = Life::CleaningUp;
    assert!(Standing::of(&sight).way_back.starts_with("Closed: "));
}

#[test]
fn what_green_wrote_to_copies_of_volumes_is_told_before_anybody_goes_back() {
    use domain::{
        Entry, Side, Status, manifest::Object, plan::ebs::EbsDriver, plan::workloads::Copied, resources::workload,
    };
    let mut sight = sight();
    moved(&mut sight, 100);
    let set =
        json!({ "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": { "name": "db", "namespace": "shop" } });
    let holder = Object::new(1, 1, set).unwrap().id;
    let copied = Copied {
        namespace: "shop".to_owned(),
        claim: "data-db-0".to_owned(),
        volume_id: "vol-1".to_owned(),
        gib: 10,
        volume_type: "gp3".to_owned(),
        zone: "eu-central-1a".to_owned(),
        class: "gp3".to_owned(),
        driver: EbsDriver::Addon,
        holders: vec![holder.clone()],
    };
    let present = |key, detail| Entry { key, status: Status::Present, id: Some("vol-9".to_owned()), detail };
    sight.entries.push(present(volume_copy::key(&copied), json!({ "of": "vol-1" })));
    sight.migration.plan.workloads.copies.push(copied);
    assert!(!Standing::of(&sight).way_back.contains("stays in green's"), "nothing was let go on green yet");
    sight.entries.push(present(workload::key(Side::Green, &holder), json!({ "hold": true })));
    let told = Standing::of(&sight).way_back;
    assert!(
        told.ends_with(
            "the volumes of shop/data-db-0 stays in green's, which are kept; blue's are as they were at the stop."
        ),
        "{told}"
    );
}

#[test]
fn what_is_waited_for_is_told_between_two_polls_too_and_not_once_the_migration_turned_back() {
    let mut sight = sight();
    let said = Said::of(Direction::Converge, &PhaseError::not_ready("node group general is CREATING"));
    sight.runs[1] = Run { running: false, ended_at: Some(sight.now), said: Some(said), ..sight.runs[1].clone() };
    let waiting = "Waits for provision-nodes: node group general is CREATING.";
    assert_eq!(Standing::of(&sight).waiting, waiting);
    sight.meta.direction = Direction::Undo;
    assert_eq!(Standing::of(&sight).waiting, "Waits for the next phase.");
}

#[test]
fn a_time_of_the_cleanup_that_cannot_be_read_is_never_told_as_none() {
    let mut sight = sight();
    moved(&mut sight, 100);
    sight.meta.life = Life::Promoted;
    let mut entry = |status, detail: serde_json::Value| {
        let key = schedule::key(Occasion::Cleanup);
        sight.entries.retain(|entry| entry.key != key);
        sight.entries.push(Entry { key, status, id: None, detail });
        (Standing::of(&sight).waiting, Deed::KeepBlue.is_possible(&sight), Deed::MoveCleanup.is_possible(&sight))
    };
    let (at, soon) = (json!({ "at": "2026-01-04T00:00:00Z" }), json!({ "at": "tomorrow" }));
    let (waiting, ..) = entry(Status::Present, at.clone());
    assert!(waiting.starts_with("Waits for the cleanup, on Sunday, 4 January 2026, 00:00 UTC"), "{waiting}");
    let (waiting, keeps, moves) = entry(Status::Present, soon);
    assert!(
        waiting.starts_with("A schedule deletes blue, and when cannot be read: the ledger has \"tomorrow\""),
        "{waiting}"
    );
    assert!(keeps && moves, "it can be taken away and replaced");
    let (waiting, keeps, _) = entry(Status::Absent, at);
    assert!(waiting.starts_with("Nothing deletes blue") && !keeps, "{waiting}");
}

#[test]
fn a_bake_that_does_not_end_says_why() {
    let mut sight = sight();
    moved(&mut sight, 100);
    sight.asked.push(asked(Question::Bake));
    let waiting = |sight: &Sight| Standing::of(sight).waiting;
    sight.hindrance.blue_fails = true;
    assert!(waiting(&sight).starts_with("Until Saturday"), "its time is not over: {}", waiting(&sight));
    sight.cut_short = Some(CutShort { at: sight.now, by: "Ana".to_owned() });
    let expected = "Its time is over, and it does not end: blue fails more than half of the requests by which green is compared with it.";
    assert_eq!(waiting(&sight), expected);
    sight.hindrance = Hindrance::default();
    assert_eq!(waiting(&sight), "It ends at its next look, within a minute, as Ana asked.");
    assert!(!Deed::EndBake.is_possible(&sight));
}

#[test]
fn each_part_says_when_it_comes_or_how_it_ended() {
    let mut sight = sight();
    let all = |sight: &Sight| Part::ALL.map(|(part, _)| when(part, sight));
    let to_come = [
        "",
        "people have 7d",
        "",
        "all at once, watched for 5m",
        "for 1d",
        "for 3d after the bake",
        "people are asked once more",
    ];
    assert_eq!(all(&sight), to_come);
    sight.asked.push(Asked { answer: Some(yes()), ..asked(Question::Qualification) });
    sight.asked.push(asked(Question::Bake));
    sight.migration.input.cutover.steps = vec![5, 100];
    let found = all(&sight);
    assert_eq!(found[1], "yes by Ana on 1 Jan 2026, 06:00:00 UTC");
    assert_eq!(found[3], "in steps of 5, 100 %, each watched for 5m");
    assert_eq!(found[4], "until 3 Jan 2026, 00:00:00 UTC");
}

#[test]
fn a_hold_is_where_the_ledger_says() {
    let mut sight = sight();
    let id: ObjectId = serde_json::from_value(
        json!({ "apiVersion": "batch/v1", "kind": "CronJob", "name": "bill", "namespace": "shop" }),
    )
    .unwrap();
    let name = id.to_string();
    let hold = json!({ "id": id, "held": true });
    sight.migration.plan.workloads.workloads = vec![serde_json::from_value(hold).unwrap()];
    let word = |sight: &Sight| holds(sight)[0].1;
    assert!(word(&sight).starts_with("runs on blue"));
    for (side, status, expected) in [
        (Side::Blue, Status::Intended, "being suspended on blue"),
        (Side::Blue, Status::Present, "suspended on both"),
        (Side::Green, Status::Intended, "suspended on blue, being resumed on green"),
        (Side::Green, Status::Present, "runs on green, suspended on blue"),
        (Side::Green, Status::Absent, "suspended on both"),
    ] {
        let key = ResourceKey::new(side, Kind::Workload, name.clone());
        sight.entries.retain(|entry| entry.key != key);
        sight.entries.push(Entry { key, status, id: None, detail: json!({ "hold": true }) });
        assert!(word(&sight).starts_with(expected), "{expected}: {}", word(&sight));
    }
}
