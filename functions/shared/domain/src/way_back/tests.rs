use super::*;

fn weak(what: &str) -> Weakness {
    Weakness { what: what.to_owned(), gone: false, finding: format!("{what} is small") }
}

fn gone(what: &str) -> Weakness {
    Weakness { gone: true, ..weak(what) }
}

fn at(minute: i64) -> Timestamp {
    let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    start + SignedDuration::from_mins(minute)
}

/// Looks every minute, and gives what people were told and when.
fn told(looks: &[(i64, &[Weakness])]) -> Vec<(i64, Vec<String>)> {
    let (mut known, mut messages) = (None, Vec::new());
    for (minute, found) in looks {
        let seen = Seen { weak: found.to_vec(), healthy: BTreeMap::new() };
        match Watched::after(known.as_ref(), seen, at(*minute)) {
            Change::Same => {}
            Change::Noted(watched) => known = Some(watched),
            Change::Told(watched) => {
                messages.push((*minute, watched.told.iter().map(|weakness| weakness.what.clone()).collect()));
                known = Some(watched);
            }
        }
    }
    messages
}

#[test]
fn people_are_told_once_for_each_change_and_of_what_is_gone_at_once() {
    let (a, b) = (weak("a"), weak("b"));
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    for (name, looks, expected) in [
        ("nothing", vec![(0, &[][..]), (1, &[]), (99, &[])], vec![]),
        ("gone", vec![(0, &[][..]), (1, &[gone("a")]), (2, &[gone("a")])], vec![(1, names(&["a"]))]),
        ("gone at the first look", vec![(0, &[gone("a")][..]), (1, &[gone("a")])], vec![(0, names(&["a"]))]),
        (
            "weak in two looks",
            vec![
                (0, &[][..]),
                (1, std::slice::from_ref(&a)),
                (2, std::slice::from_ref(&a)),
                (3, std::slice::from_ref(&a)),
            ],
            vec![(2, names(&["a"]))],
        ),
        (
            "weak in one look",
            vec![(0, &[][..]), (1, std::slice::from_ref(&a)), (2, &[]), (3, std::slice::from_ref(&a)), (4, &[])],
            vec![],
        ),
        (
            "one after the other",
            vec![
                (0, &[a.clone()][..]),
                (1, std::slice::from_ref(&a)),
                (2, &[a.clone(), b.clone()]),
                (3, &[a.clone(), b.clone()]),
            ],
            vec![(1, names(&["a"])), (3, names(&["a", "b"]))],
        ),
        (
            "worse",
            vec![(0, &[a.clone()][..]), (1, std::slice::from_ref(&a)), (2, &[gone("a")])],
            vec![(1, names(&["a"])), (2, names(&["a"]))],
        ),
        (
            "well again after ten calm minutes",
            vec![(0, &[gone("a")][..]), (1, &[]), (10, &[]), (11, &[]), (12, &[])],
            vec![(0, names(&["a"])), (11, vec![])],
        ),
        (
            "not calm",
            vec![(0, &[gone("a")][..]), (1, &[]), (9, &[gone("a")]), (10, &[]), (19, &[]), (20, &[])],
            vec![(0, names(&["a"])), (20, vec![])],
        ),
    ] {
        assert_eq!(told(&looks), expected, "{name}");
    }
}

#[test]
fn numbers_alone_are_no_change() {
    let first = Seen { weak: vec![weak("a")], healthy: BTreeMap::new() };
    let Change::Noted(known) = Watched::after(None, first, at(0)) else { panic!("told of one look") };
    let again = Weakness { finding: "2 of 3".to_owned(), ..weak("a") };
    let Change::Told(known) =
        Watched::after(Some(&known), Seen { weak: vec![again.clone()], healthy: BTreeMap::new() }, at(1))
    else {
        panic!("not told of two looks")
    };
    assert_eq!(known.findings(), "2 of 3");
    let more = Weakness { finding: "1 of 3".to_owned(), ..again };
    let change = Watched::after(Some(&known), Seen { weak: vec![more], healthy: BTreeMap::new() }, at(2));
    assert_eq!(change, Change::Same);
}

#[test]
fn fewer_healthy_targets_than_at_first_are_a_weakness_and_rightly_unhealthy_ones_are_none() {
    let seen = |count| Seen { weak: Vec::new(), healthy: [("shop".to_owned(), count)].into() };
    let Change::Noted(known) = Watched::after(None, seen(2), at(0)) else { panic!("two targets are healthy") };
    assert_eq!(Watched::after(Some(&known), seen(2), at(1)), Change::Same);
    assert_eq!(Watched::after(Some(&known), seen(3), at(1)), Change::Same);
    let Change::Noted(fewer) = Watched::after(Some(&known), seen(1), at(1)) else { panic!("one look") };
    let Change::Told(fewer) = Watched::after(Some(&fewer), seen(1), at(2)) else { panic!("two looks") };
    assert_eq!(fewer.findings(), "1 targets of the target group shop are healthy, where 2 were at first");
    let Change::Told(none) = Watched::after(Some(&known), seen(0), at(1)) else { panic!("none is left") };
    assert!(none.told[0].gone);
    // What could not be read at first has its measure later.
    let Change::Noted(blind) = Watched::after(None, Seen { weak: vec![weak("sight")], ..Seen::default() }, at(0))
    else {
        panic!("one look")
    };
    let Change::Noted(seeing) = Watched::after(Some(&blind), seen(2), at(1)) else { panic!("well again") };
    assert_eq!(Watched::after(Some(&seeing), seen(2), at(2)), Change::Same);
    let Change::Noted(_) = Watched::after(Some(&seeing), seen(1), at(2)) else { panic!("fewer") };
}
