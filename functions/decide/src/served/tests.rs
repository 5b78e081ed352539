use super::*;
use crate::sight::tests::{asked, sight, yes};
use domain::approval::{Answer, Asked};
use serde_json::{Value, json};

fn at(text: &str) -> Timestamp {
    format!("2026-01-0{text}Z").parse().unwrap()
}

/// With these events alone, each at its time on a day of January, on 3 January at noon.
fn with(events: &[(&str, &str, Value)]) -> Sight {
    let mut sight = sight();
    sight.now = at("3T12:00:30");
    sight.events = events
        .iter()
        .zip(1..)
        .map(|((time, what, evidence), seq)| Event {
            seq,
            at: at(time),
            by: "bascule-shift-traffic".to_owned(),
            what: (*what).to_owned(),
            evidence: evidence.clone(),
        })
        .collect();
    sight.meta.events = sight.events.len() as u64;
    sight
}

/// As text, such as `1T11:00:00 1T12:10:20 0`.
fn told(sight: &Sight) -> Vec<String> {
    let short = |time: Timestamp| time.strftime("%-dT%H:%M:%S").to_string();
    let row = |stay: &Stay| {
        let by = match stay.by {
            By::Share(share) => share.to_string(),
            By::Moving(from, to) => format!("{from}-{to}"),
        };
        format!("{} {} {by}", short(stay.from), short(stay.until))
    };
    stays(sight).iter().map(row).collect()
}

fn moved(time: &'static str, from: u8, share: u8) -> (&'static str, &'static str, Value) {
    (time, "traffic moved", json!({ "share": share, "from": from, "green": "G" }))
}

/// The key of production's stage, of which the plan of the tests has no names.
fn shift(sight: &Sight) -> Value {
    json!({ "key": stage_shift::key(&sight.migration).to_string() })
}

#[test]
fn before_the_first_step_blue_served_and_after_the_last_green_did() {
    let own = shift(&sight());
    let others = json!({ "key": "RESOURCE#temporary#StageShift#t/prod" });
    for (events, expected) in [
        (vec![], vec![]),
        (vec![("1T12:00:00", "validated", json!({}))], vec![]),
        (
            vec![moved("1T12:10:20", 0, 100)],
            vec!["1T11:00:00 1T12:10:20 0", "1T12:10:20 1T12:10:21 0-100", "1T12:10:21 3T12:00:00 100"],
        ),
        // The intent comes before the call. That of the temporary stage is another one.
        (
            vec![
                ("1T12:09:00", "intended", others.clone()),
                ("1T12:10:00", "intended", own.clone()),
                moved("1T12:10:20", 0, 100),
            ],
            vec!["1T11:00:00 1T12:10:00 0", "1T12:10:00 1T12:10:20 0-100", "1T12:10:20 3T12:00:00 100"],
        ),
        (
            vec![moved("1T12:10:20", 0, 5), moved("1T12:20:20", 5, 100)],
            vec![
                "1T11:00:00 1T12:10:20 0",
                "1T12:10:20 1T12:10:21 0-5",
                "1T12:10:21 1T12:20:20 5",
                "1T12:20:20 1T12:20:21 5-100",
                "1T12:20:21 3T12:00:00 100",
            ],
        ),
        // Given back, for two APIs one after the other.
        (
            vec![
                moved("1T12:10:20", 0, 100),
                ("2T08:00:00", "turned back", json!({ "from": "open" })),
                ("2T08:00:30", "blue serves again", json!({})),
                ("2T08:00:40", "blue serves again", json!({})),
                ("2T08:01:00", "absent", own.clone()),
            ],
            vec![
                "1T11:00:00 1T12:10:20 0",
                "1T12:10:20 1T12:10:21 0-100",
                "1T12:10:21 2T08:00:00 100",
                "2T08:00:00 2T08:00:40 100-0",
                "2T08:00:40 2T09:00:00 0",
            ],
        ),
        // Killed between the call and its entry: the ledger's entry of the shift says that it is over.
        (
            vec![
                moved("1T12:10:20", 0, 100),
                ("2T08:00:00", "turned back", json!({})),
                ("2T08:20:00", "absent", own.clone()),
            ],
            vec![
                "1T11:00:00 1T12:10:20 0",
                "1T12:10:20 1T12:10:21 0-100",
                "1T12:10:21 2T08:00:00 100",
                "2T08:00:00 2T08:20:00 100-0",
                "2T08:20:00 2T09:20:00 0",
            ],
        ),
        // Killed in the first step, which may have reached some requests.
        (
            vec![
                ("1T12:10:00", "intended", own.clone()),
                ("1T12:15:00", "turned back", json!({})),
                ("1T12:15:30", "blue serves again", json!({})),
            ],
            vec!["1T11:00:00 1T12:10:00 0", "1T12:10:00 1T12:15:30 0-0", "1T12:15:30 1T13:15:00 0"],
        ),
        // Turned back before any traffic moved.
        (vec![("1T12:15:00", "turned back", json!({}))], vec![]),
        // What is deleted of a migration that was not turned back gives nothing back.
        (
            vec![moved("1T12:10:20", 0, 100), ("2T12:00:00", "absent", own.clone())],
            vec!["1T11:00:00 1T12:10:20 0", "1T12:10:20 1T12:10:21 0-100", "1T12:10:21 3T12:00:00 100"],
        ),
    ] {
        assert_eq!(told(&with(&events)), expected, "{events:?}");
    }
}

#[test]
fn it_ends_with_the_bake_or_with_the_migration() {
    let mut sight = with(&[moved("1T12:10:20", 0, 100), ("2T18:00:00", "promoted", json!({}))]);
    assert_eq!(told(&sight).last().unwrap(), "1T12:10:21 3T12:00:00 100");
    sight.meta.life = Life::Ended;
    assert_eq!(told(&sight).last().unwrap(), "1T12:10:21 2T18:00:00 100");
    sight.asked.push(Asked { answer: None, ..asked(Question::Bake) });
    assert_eq!(told(&sight).last().unwrap(), "1T12:10:21 2T18:00:00 100");
    sight.asked[0].answer = Some(Answer { at: at("2T12:10:45"), ..yes() });
    assert_eq!(told(&sight).last().unwrap(), "1T12:10:21 2T12:10:00 100");
}

#[test]
fn what_the_audit_does_not_say_is_not_made_up() {
    // The call back is under way, or was never written down.
    let mut sight = with(&[moved("1T12:10:20", 0, 100), ("3T11:50:00", "turned back", json!({}))]);
    sight.meta.direction = Direction::Undo;
    assert_eq!(told(&sight).last().unwrap(), "3T11:50:00 3T12:00:00 100-0");
    // The first step is under way: an intent, and nothing of it yet.
    let sight = with(&[("3T11:50:00", "intended", shift(&sight))]);
    assert_eq!(told(&sight), ["3T10:00:00 3T11:50:00 0", "3T11:50:00 3T12:00:00 0-100"]);
    // The audit is cut between two steps: who served before its first entry is not known.
    let mut sight = with(&[("2T10:00:00", "green against blue", json!({})), moved("2T12:00:00", 25, 100)]);
    sight.meta.events = 5_000;
    assert_eq!(told(&sight), ["2T10:00:00 2T12:00:00 25", "2T12:00:00 2T12:00:01 25-100", "2T12:00:01 3T12:00:00 100"]);
    // And after all of them.
    let mut sight = with(&[("2T10:00:00", "green against blue", json!({}))]);
    sight.meta.events = 5_000;
    let shifted_at = at("1T12:00:00");
    sight.shift = Some(Shift { guarded: 1, share: 100, started_at: shifted_at, shifted_at });
    assert_eq!(told(&sight), ["1T12:00:00 3T12:00:00 100"]);
}

/// Blue, a change, a quarter of an hour with 25 %, a change, and green for this long.
fn steps(green: SignedDuration) -> Vec<Stay> {
    let begin = at("1T12:10:00");
    let later = |seconds| begin + SignedDuration::from_secs(seconds);
    let stay = |from, until, by| Stay { from, until, by };
    vec![
        stay(at("1T11:00:00"), begin, By::Share(0)),
        stay(begin, later(1), By::Moving(0, 25)),
        stay(later(1), later(900), By::Share(25)),
        stay(later(900), later(901), By::Moving(25, 100)),
        stay(later(901), later(901) + green, By::Share(100)),
    ]
}

/// Periods in seconds, with the times.
fn asked_for(stays: &[Stay], age: SignedDuration) -> Vec<(i32, String)> {
    let now = stays.last().unwrap().until + age;
    let told = |stretch: &Stretch| {
        let short = |time: Timestamp| time.strftime("%b %-d %H:%M").to_string();
        // What CloudWatch refuses, and what it has no more.
        let period = i64::from(stretch.period);
        assert!(stretch.until.duration_since(stretch.from).as_secs() <= 1_440 * period, "{stretch:?}");
        assert_eq!((stretch.from.as_second() % period, stretch.until.as_second() % period), (0, 0), "{stretch:?}");
        (stretch.period, format!("{} - {}", short(stretch.from), short(stretch.until)))
    };
    stretches(stays, now).iter().map(told).collect()
}

#[test]
fn cloudwatch_is_asked_for_periods_that_it_keeps_and_tells_at_once() {
    let (hour, day) = (SignedDuration::from_hours(1), SignedDuration::from_hours(24));
    for (green, age, expected) in [
        (hour * 12, hour, vec![(60, "Jan 1 11:00 - Jan 2 00:25")]),
        // Longer than 1,440 minutes.
        (
            day * 2,
            hour,
            vec![
                (60, "Jan 1 11:00 - Jan 1 13:00"),
                (300, "Jan 1 13:00 - Jan 3 12:00"),
                (60, "Jan 3 12:00 - Jan 3 12:25"),
            ],
        ),
        (
            day * 10,
            hour,
            vec![
                (60, "Jan 1 11:00 - Jan 1 13:00"),
                (3_600, "Jan 1 13:00 - Jan 11 12:00"),
                (60, "Jan 11 12:00 - Jan 11 12:25"),
            ],
        ),
        // Minutes are kept for 15 days, and of the end of a bake longer than of its beginning.
        (hour * 12, day * 20, vec![(300, "Jan 1 11:00 - Jan 2 00:25")]),
        (
            day * 2,
            day * 14,
            vec![
                (300, "Jan 1 11:00 - Jan 1 13:00"),
                (300, "Jan 1 13:00 - Jan 3 12:00"),
                (60, "Jan 3 12:00 - Jan 3 12:25"),
            ],
        ),
        (hour * 12, day * 70, vec![(3_600, "Jan 1 11:00 - Jan 2 00:00")]),
        (hour * 12, day * 500, vec![]),
    ] {
        let expected: Vec<_> = expected.into_iter().map(|(period, text)| (period, text.to_owned())).collect();
        assert_eq!(asked_for(&steps(green), age), expected, "{green:?} {age:?}");
    }
    assert_eq!(stretches(&[], at("1T12:00:00")), []);
}

#[test]
fn what_is_too_short_for_the_periods_belongs_to_the_change_beside_it() {
    use By::{Moving, Share};
    let day = SignedDuration::from_hours(24);
    let told = |age: SignedDuration| -> Vec<By> {
        let stays = steps(day / 2);
        let stretches = stretches(&stays, stays[4].until + age);
        tellable(stays, &stretches).iter().map(|stay| stay.by).collect()
    };
    let all = [Share(0), Moving(0, 25), Share(25), Moving(25, 100), Share(100)];
    assert_eq!(told(day), all);
    assert_eq!(told(day * 20), all, "14 minutes have two periods of five");
    assert_eq!(told(day * 70), [Share(0), Moving(0, 100), Share(100)]);
    assert_eq!(told(day * 500), all, "nothing is asked, and each is missing by itself");
}

#[test]
fn a_period_belongs_to_who_served_in_all_of_it_or_to_the_change_in_it() {
    let stays = steps(SignedDuration::from_hours(12));
    for (time, period, expected) in [
        ("1T12:09:00", 60, Some(0)),
        ("1T12:10:00", 60, Some(1)),
        ("1T12:11:00", 60, Some(2)),
        ("1T12:24:00", 60, Some(2)),
        ("1T12:25:00", 60, Some(3)),
        ("1T12:26:00", 60, Some(4)),
        ("1T12:05:00", 300, Some(0)),
        ("1T12:00:00", 3_600, Some(1)),
        ("1T13:00:00", 3_600, Some(4)),
        ("1T10:00:00", 3_600, None),
        ("2T00:00:00", 3_600, None),
    ] {
        assert_eq!(stay_of(&stays, at(time), period), expected, "{time} {period}");
    }
}
