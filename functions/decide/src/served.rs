//! Which side served production's stages when, as the audit has it, and in which periods CloudWatch is asked about it.

use crate::sight::Sight;
use domain::{
    Direction,
    approval::Question,
    audit::Event,
    ports::{
        migrations::Life,
        stage_metrics::{MOST_PERIODS, Stretch},
    },
    resources::stage_shift,
    shift::Shift,
};
use jiff::{SignedDuration, Timestamp};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// Seconds of a period, and for how many days CloudWatch keeps such periods
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html>).
const KEPT: [(i32, i64); 3] = [(60, 15), (300, 63), (3_600, 455)];

/// Who served, by green's share of the requests in percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Blue with 0, green with 100, and both in between.
    Share(u8),
    /// The stages were moved from one share to another: which request met which is not known.
    Moving(u8, u8),
}

/// A time in which the same side served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stay {
    /// Its begin.
    pub from: Timestamp,
    /// Its end.
    pub until: Timestamp,
    /// Who served.
    pub by: By,
}

/// A change of who serves: the calls, as far as the audit tells, and their end.
#[derive(Debug, Clone, Copy)]
struct Change {
    begin: Timestamp,
    /// Nothing where the audit does not say that it has ended.
    end: Option<Timestamp>,
    to: u8,
}

/// Who served from at least an hour before the switch to the end of the bake, or to an hour after blue served again; nothing where no
/// traffic was moved. One follows the other without a gap.
#[must_use]
pub fn stays(sight: &Sight) -> Vec<Stay> {
    let (mut share, changes) = changes(sight);
    let end = down(end(sight, changes.last()), 60);
    let Some(first) = changes.first() else {
        // Where the audit is cut after the last step, what was before it is not known.
        let last = sight.shift.iter().map(|shift| (shift.shifted_at, By::Share(shift.share)));
        return last.filter(|(from, _)| *from < end).map(|(from, by)| Stay { from, until: end, by }).collect();
    };
    let is_cut = (sight.events.len() as u64) < sight.meta.events;
    // Where the beginning of the audit was left out, a change before the first one here is too.
    let known = sight.events.first().filter(|_| is_cut && share > 0).map(|event| event.at);
    let mut at = known.unwrap_or_else(|| down(first.begin - HOUR, 3_600));
    let mut stays = Vec::new();
    let mut stay = |from: Timestamp, until: Timestamp, by| {
        let until = until.min(end);
        if from < until {
            stays.push(Stay { from, until, by });
        }
    };
    for change in &changes {
        stay(at, change.begin, By::Share(share));
        // However short it was, the period in which it was is its own.
        at = change.end.unwrap_or(end).max(change.begin + SignedDuration::from_secs(1));
        stay(change.begin, at, By::Moving(share, change.to));
        share = change.to;
    }
    stay(at, end, By::Share(share));
    stays
}

/// Green's share before the first change, and the changes in order.
fn changes(sight: &Sight) -> (u8, Vec<Change>) {
    let keys: Vec<String> =
        sight.migration.per_api().iter().map(|migration| stage_shift::key(migration).to_string()).collect();
    let is_shift = |event: &Event| event.evidence["key"].as_str().is_some_and(|key| keys.iter().any(|own| own == key));
    let percent =
        |event: &Event, field: &str| event.evidence[field].as_u64().and_then(|share| u8::try_from(share).ok());
    let moved = sight.events.iter().find(|event| event.what == "traffic moved");
    let before = moved.and_then(|event| percent(event, "from")).unwrap_or(0);
    let mut share = before;
    let mut begun = None;
    let mut is_back = false;
    let mut changes = Vec::<Change>::new();
    for event in &sight.events {
        let at = event.at;
        let to = match event.what.as_str() {
            // Each call is after an intent, and only the first step has one of its own. Later steps are known by when they were
            // written down, which is after their calls.
            "intended" if is_shift(event) => {
                begun = begun.or(Some(at));
                continue;
            }
            "turned back" => {
                is_back = true;
                begun = begun.or_else(|| (share > 0).then_some(at));
                continue;
            }
            "traffic moved" => percent(event, "share"),
            // One for each API.
            "blue serves again" => Some(0),
            // Where a function was killed between the call and its entry.
            "absent" if is_back && begun.is_some() && is_shift(event) => Some(0),
            _ => continue,
        };
        let Some(to) = to else { continue };
        match changes.last_mut() {
            Some(last) if last.to == to => last.end = Some(at),
            _ => changes.push(Change { begin: begun.unwrap_or(at), end: Some(at), to }),
        }
        (share, begun) = (to, None);
    }
    if let Some(begin) = begun {
        let next = Shift::next(&sight.migration.input, sight.shift.as_ref()).unwrap_or(share);
        let to = if sight.meta.direction == Direction::Undo { 0 } else { next };
        changes.push(Change { begin, end: None, to });
    }
    (before, changes)
}

/// Until when it matters who served.
fn end(sight: &Sight, last: Option<&Change>) -> Timestamp {
    let back = last.filter(|last| last.to == 0 || last.end.is_none());
    let bake = sight.question(Question::Bake).and_then(|asked| asked.answer.as_ref()).map(|answer| answer.at);
    let over = sight.events.last().filter(|_| sight.meta.life == Life::Ended).map(|event| event.at);
    let end = back.map(|last| last.end.unwrap_or(last.begin) + HOUR).or(bake).or(over);
    end.unwrap_or(sight.now).min(sight.now)
}

/// What CloudWatch is asked about: all of it where no part of it can have shorter periods, else the longest stay, what is before it and
/// what is after it, each in the shortest that it can have. What CloudWatch keeps no more is left out. At most three.
#[must_use]
pub fn stretches(stays: &[Stay], now: Timestamp) -> Vec<Stretch> {
    let (Some(first), Some(last)) = (stays.first(), stays.last()) else { return Vec::new() };
    let (from, until) = (down(first.from, 3_600), last.until);
    let whole = stretch(from, until, now);
    let length = |stay: &&Stay| stay.until.duration_since(stay.from);
    let longest = stays.iter().filter(|stay| matches!(stay.by, By::Share(_))).max_by_key(length);
    // By whole hours, which every period divides.
    let middle =
        longest.map(|stay| (up(stay.from, 3_600), down(stay.until, 3_600))).filter(|(from, until)| from < until);
    let Some((begin, end)) = middle else { return whole.into_iter().collect() };
    let parts = [(from, begin), (begin, end), (end, until)];
    let parts: Vec<_> = parts.into_iter().filter_map(|(from, until)| stretch(from, until, now)).collect();
    match whole {
        Some(whole) if parts.iter().all(|part| part.period >= whole.period) => vec![whole],
        _ => parts,
    }
}

/// In the shortest periods that CloudWatch still has, and tells at once; nothing where there are none.
fn stretch(from: Timestamp, until: Timestamp, now: Timestamp) -> Option<Stretch> {
    let age = now.duration_since(from);
    KEPT.into_iter().find_map(|(period, days)| {
        let until = down(until, period.into());
        // CloudWatch reckons from when it is asked, a little later than now.
        let is_kept = age < SignedDuration::from_hours(24 * days) - SignedDuration::from_mins(5);
        let count = until.duration_since(from).as_secs() / i64::from(period);
        (is_kept && (1..=MOST_PERIODS).contains(&count)).then_some(Stretch { from, until, period })
    })
}

/// The same times, where those that are too short for the periods that they are asked about in belong to the changes beside them.
#[must_use]
pub fn tellable(stays: Vec<Stay>, stretches: &[Stretch]) -> Vec<Stay> {
    let mut told = Vec::<Stay>::new();
    for stay in stays {
        let mut asked =
            stretches.iter().filter(|stretch| stay.from < stretch.until && stretch.from < stay.until).peekable();
        let is_lost = asked.peek().is_some() && !asked.any(|stretch| holds(&stay, stretch));
        match (told.last_mut(), stay.by) {
            (None, By::Share(_)) if is_lost => {}
            (Some(before), By::Share(_)) if is_lost => before.until = stay.until,
            (Some(Stay { until, by: By::Moving(_, last), .. }), By::Moving(_, to)) => {
                (*until, *last) = (stay.until, to);
            }
            _ => told.push(stay),
        }
    }
    told
}

/// Whether a whole period of the stretch is in it.
fn holds(stay: &Stay, stretch: &Stretch) -> bool {
    let period = i64::from(stretch.period);
    let from = up(stay.from.max(stretch.from), period);
    from + SignedDuration::from_secs(period) <= stay.until.min(stretch.until)
}

/// The one of these that a period belongs to: who served in all of it, or the change in it.
#[must_use]
pub fn stay_of(stays: &[Stay], at: Timestamp, period: i32) -> Option<usize> {
    let until = at + SignedDuration::from_secs(period.into());
    let is_in = |stay: &Stay| stay.from <= at && until <= stay.until;
    let meets = |stay: &Stay| matches!(stay.by, By::Moving(..)) && stay.from < until && at < stay.until;
    stays.iter().position(is_in).or_else(|| stays.iter().position(meets))
}

/// The last multiple of these seconds that is not later.
fn down(at: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_second(at.as_second() - at.as_second().rem_euclid(seconds)).unwrap_or(at)
}

/// The first multiple of these seconds that is not earlier.
fn up(at: Timestamp, seconds: i64) -> Timestamp {
    let below = down(at, seconds);
    if below < at { below + SignedDuration::from_secs(seconds) } else { below }
}

#[cfg(test)]
mod tests;
