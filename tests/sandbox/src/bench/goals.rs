//! What the benchmark must show.

use super::row::{Row, mebibytes};

/// The least part of the limit's rate.
const OF_LIMIT: f64 = 0.9;
/// The least number of times that kubectl takes longer, by the round trip in milliseconds.
const TIMES_KUBECTL: [(u64, f64); 2] = [(0, 2.0), (10, 7.0)];
/// The most of kubectl's time where there is nothing to do.
const OF_KUBECTL_AGAIN: f64 = 0.15;
/// The most memory, in bytes, by the number of objects.
const MEMORY: [(usize, u64); 2] = [(1_000, 24 << 20), (10_000, 64 << 20)];
/// Rates count from so many objects on: below it is the start that counts.
const RATED: usize = 1_000;
/// How many objects one message names.
const NAMED: usize = 5;
/// How many times longer ten times as many objects may take.
const TENFOLD: f64 = 12.0;

/// Every goal that is missed, in words.
#[must_use]
pub fn missed(rows: &[Row]) -> Vec<String> {
    let mut missed: Vec<String> = rows.iter().flat_map(of_row).collect();
    let first = |row: &&Row| !row.again && row.case == "generated";
    for small in rows.iter().filter(first).filter(|row| row.objects >= RATED) {
        let large =
            rows.iter().filter(first).find(|row| row.objects == small.objects * 10 && row.delay_ms == small.delay_ms);
        if let Some(large) = large
            && large.ours.seconds > small.ours.seconds * TENFOLD
        {
            missed.push(format!(
                "{}: {:.2} s are more than {TENFOLD} times the {:.2} s of a tenth of the objects",
                large.title(),
                large.ours.seconds,
                small.ours.seconds
            ));
        }
    }
    missed
}

fn of_row(row: &Row) -> Vec<String> {
    let mut missed = Vec::new();
    let title = row.title();
    if let Some(written) = row.written.as_ref().filter(|written| !written.is_empty()) {
        let some: Vec<&str> = written.iter().map(String::as_str).take(NAMED).collect();
        missed.push(format!("{title}: {} objects were written, none should be: {}", written.len(), some.join(", ")));
    }
    if row.case != "generated" || row.objects < RATED {
        return missed;
    }
    if row.again {
        let part = row.ours.seconds / row.kubectl.seconds;
        if part > OF_KUBECTL_AGAIN {
            missed.push(format!("{title}: {part:.2} of kubectl's time, at most {OF_KUBECTL_AGAIN} expected"));
        }
        return missed;
    }
    if let Some(limit) = row.limit {
        let part = limit.seconds / row.ours.seconds;
        if part < OF_LIMIT {
            missed.push(format!("{title}: {part:.2} of the limit's rate, at least {OF_LIMIT} expected"));
        }
    }
    let times = row.kubectl.seconds / row.ours.seconds;
    let expected = TIMES_KUBECTL.iter().find(|(delay, _)| *delay == row.delay_ms);
    if let Some((_, expected)) = expected.filter(|(_, expected)| times < *expected) {
        missed.push(format!("{title}: {times:.1} times as fast as kubectl, at least {expected} expected"));
    }
    let most = MEMORY.iter().find(|(objects, _)| row.objects <= *objects);
    if let Some((_, most)) = most.filter(|(_, most)| row.ours.max_rss_bytes > *most) {
        missed.push(format!(
            "{title}: {} MiB resident, at most {} expected",
            mebibytes(row.ours.max_rss_bytes),
            mebibytes(*most)
        ));
    }
    missed
}

#[cfg(test)]
mod tests {
    use super::super::row::Limit;
    use super::super::timed::Taken;
    use super::*;

    fn row(objects: usize, seconds: f64) -> Row {
        let taken = |seconds, mebibytes: u64| Taken { seconds, max_rss_bytes: mebibytes << 20 };
        Row {
            case: "generated".to_owned(),
            objects,
            delay_ms: 0,
            again: false,
            runs: 3,
            ours: taken(seconds, 20),
            kubectl: taken(seconds * 2.0, 100),
            limit: Some(Limit { seconds: seconds * 0.9 }),
            written: None,
        }
    }

    #[test]
    fn what_is_just_reached_is_not_missed() {
        assert_eq!(missed(&[row(1_000, 1.0), row(10_000, 12.0)]), Vec::<String>::new());
    }

    #[test]
    fn every_missed_goal_is_told() {
        let mut slow = row(1_000, 1.0);
        slow.limit = Some(Limit { seconds: 0.5 });
        slow.kubectl.seconds = 1.5;
        slow.ours.max_rss_bytes = 25 << 20;
        let mut again = row(1_000, 1.0);
        again.again = true;
        again.limit = None;
        again.written = Some(["a", "b", "c"].map(str::to_owned).to_vec());
        let found = missed(&[slow, row(10_000, 13.0), again]).join("\n");
        for part in [
            "0.50 of the limit's rate",
            "1.5 times as fast as kubectl",
            "25 MiB resident, at most 24",
            "3 objects were written, none should be: a, b, c",
            "0.50 of kubectl's time",
            "13.00 s are more than 12 times the 1.00 s",
        ] {
            assert!(found.contains(part), "{part} in {found}");
        }
    }
}
