//! What the load generator saw, and the figures that follow from it.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use jiff::{SignedDuration, Timestamp};

use crate::world::{BLUE, GREEN};

/// The longest latency that is told apart, in microseconds: a minute, twice a customer's patience.
const LONGEST_MICROSECONDS: u64 = 60_000_000;

/// Which cluster served a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Server {
    /// `shop-blue`.
    Blue,
    /// `shop-green`.
    Green,
    /// Something else: what a migration leaves as it is, or a cluster that should not exist.
    Other,
}

impl Server {
    /// By the cluster's name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        match name {
            BLUE => Self::Blue,
            GREEN => Self::Green,
            _ => Self::Other,
        }
    }

    /// The cluster's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Blue => BLUE,
            Self::Green => GREEN,
            Self::Other => "other",
        }
    }
}

/// One request.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    /// When it was due, counted from the generator's start.
    pub start: Duration,
    /// From then until its answer was complete.
    pub latency: Duration,
    /// Who served it; nobody, when it failed.
    pub server: Option<Server>,
}

/// A failed request, in words.
#[derive(Clone, Debug)]
pub struct Failure {
    /// When it was due, counted from the generator's start.
    pub start: Duration,
    /// Method, path and host.
    pub request: String,
    /// The status and the beginning of the answer, or what went wrong.
    pub reason: String,
}

/// All requests, in the order of their answers.
#[derive(Clone, Debug)]
pub struct Records {
    /// When the generator started.
    pub started: Timestamp,
    /// Every request.
    pub all: Vec<Record>,
    /// The first failures.
    pub failures: Vec<Failure>,
}

/// The shares of the clusters in a span of time, in percent of what was answered well.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Share {
    /// Requests in the span, failed ones too.
    pub requests: usize,
    /// Percent that green served; nothing where neither cluster answered any.
    pub green: Option<f64>,
}

impl Records {
    /// Nothing yet.
    #[must_use]
    pub fn new(started: Timestamp) -> Self {
        Self { started, all: Vec::new(), failures: Vec::new() }
    }

    /// How many requests failed: any other answer than the expected one, and none at all.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.all.iter().filter(|record| record.server.is_none()).count()
    }

    /// How many requests were due by then, counted from the generator's start.
    #[must_use]
    pub fn due_before(&self, moment: Duration) -> usize {
        self.all.iter().filter(|record| record.start < moment).count()
    }

    /// How many requests had their answer by then.
    #[must_use]
    pub fn answered_before(&self, moment: Duration) -> usize {
        self.all.iter().filter(|record| record.start + record.latency < moment).count()
    }

    /// Requests by the cluster that served them.
    #[must_use]
    pub fn by_cluster(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for server in self.all.iter().filter_map(|record| record.server) {
            *counts.entry(server.name()).or_default() += 1;
        }
        counts
    }

    /// The latency that this share (0 to 1) of all requests stayed below, in milliseconds.
    #[must_use]
    pub fn latency(&self, quantile: f64) -> f64 {
        let bounds = Histogram::<u64>::new_with_bounds(1, LONGEST_MICROSECONDS, 3);
        let mut histogram = bounds.unwrap_or_else(|_| unreachable!("the bounds are valid"));
        for record in &self.all {
            histogram.saturating_record(u64::try_from(record.latency.as_micros()).unwrap_or(u64::MAX));
        }
        Duration::from_micros(histogram.value_at_quantile(quantile)).as_secs_f64() * 1e3
    }

    /// The shares among the latest requests, as far back as `span`.
    #[must_use]
    pub fn share(&self, span: Duration) -> Share {
        let Some(last) = self.all.iter().rev().take(50).map(|record| record.start).max() else {
            return Share::default();
        };
        let recent = self.recent(span, last);
        let of = |wanted| recent.iter().filter(|record| record.server == Some(wanted)).count();
        let (blue, green) = (of(Server::Blue), of(Server::Green));
        let served = blue + green;
        Share { requests: recent.len(), green: (served > 0).then(|| percent(green, served)) }
    }

    /// Who served most of the last second in which a cluster answered; nobody where none ever did.
    #[must_use]
    pub fn served_last(&self) -> Option<Server> {
        let answered = |record: &&Record| matches!(record.server, Some(Server::Blue | Server::Green));
        let last = self.all.iter().filter(answered).map(|record| record.start).max()?;
        let recent = self.all.iter().filter(answered).filter(|record| record.start + Duration::from_secs(1) > last);
        let (mut blue, mut green) = (0, 0);
        for record in recent {
            *(if record.server == Some(Server::Green) { &mut green } else { &mut blue }) += 1;
        }
        Some(if green > blue { Server::Green } else { Server::Blue })
    }

    /// The requests that were due within `span` before `last`.
    fn recent(&self, span: Duration, last: Duration) -> Vec<&Record> {
        let late = self.all.iter().rev().take_while(|record| record.start + span * 2 > last);
        late.filter(|record| record.start + span > last).collect()
    }

    /// The latency that this share (0 to 1) of a server's latest answers, as far back as `span`, stayed below, in milliseconds; nothing
    /// where it gave none.
    #[must_use]
    pub fn within(&self, server: Server, span: Duration, share: f64) -> Option<f64> {
        let last = self.all.iter().rev().take(50).map(|record| record.start).max()?;
        let recent = self.recent(span, last).into_iter().filter(|record| record.server == Some(server));
        let mut latencies: Vec<Duration> = recent.map(|record| record.latency).collect();
        latencies.sort_unstable();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "some hundred answers"
        )]
        let rank = (share * latencies.len() as f64).ceil() as usize;
        latencies.get(rank.saturating_sub(1)).map(|latency| latency.as_secs_f64() * 1e3)
    }

    /// Served requests in the order in which they were due, as time and server.
    fn served(&self) -> Vec<(Duration, Server)> {
        let mut served: Vec<(Duration, Server)> =
            self.all.iter().filter_map(|record| Some((record.start, record.server?))).collect();
        served.sort();
        served
    }

    /// Milliseconds between the last request that blue served before green's first one, and that one.
    #[must_use]
    pub fn last_blue_to_first_green(&self) -> Option<f64> {
        let served = self.served();
        let first = served.iter().position(|(_, server)| *server == Server::Green)?;
        let last = served[..first].iter().rev().find(|(_, server)| *server == Server::Blue)?;
        Some(served[first].0.saturating_sub(last.0).as_secs_f64() * 1e3)
    }

    /// Milliseconds from `begin`, when traffic began to be moved, until the last request that any other cluster than
    /// `winner` served; zero when none did after `begin`.
    #[must_use]
    pub fn complete(&self, begin: Timestamp, winner: Server) -> f64 {
        let begin = self.since_start(begin);
        let last = self
            .all
            .iter()
            .filter(|record| record.server.is_some_and(|server| server != winner))
            .map(|record| record.start)
            .max();
        last.map_or(0.0, |last| last.saturating_sub(begin).as_secs_f64() * 1e3)
    }

    /// A moment as a distance from the generator's start.
    #[must_use]
    pub fn since_start(&self, moment: Timestamp) -> Duration {
        let distance: SignedDuration = moment.duration_since(self.started);
        Duration::try_from(distance).unwrap_or_default()
    }
}

/// Counts of requests are far below the 2^52 that a float holds exactly.
#[allow(clippy::cast_precision_loss)]
fn percent(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(served: &[(u64, Option<Server>)]) -> Records {
        let mut records = Records::new(Timestamp::UNIX_EPOCH);
        for (milliseconds, server) in served {
            let start = Duration::from_millis(*milliseconds);
            records.all.push(Record { start, latency: Duration::from_millis(2), server: *server });
        }
        records
    }

    #[test]
    fn the_gap_of_a_straight_switch_is_between_neighbours_whatever_the_order_of_the_answers() {
        let records = records(&[
            (0, Some(Server::Blue)),
            (15, Some(Server::Green)),
            (10, Some(Server::Blue)),
            (20, Some(Server::Green)),
        ]);
        assert_eq!(records.last_blue_to_first_green(), Some(5.0));
    }

    #[test]
    fn a_switch_is_complete_with_the_last_request_of_the_other_cluster() {
        let records = records(&[
            (10, Some(Server::Blue)),
            (15, Some(Server::Green)),
            (40, Some(Server::Blue)),
            (45, Some(Server::Green)),
        ]);
        let begin = Timestamp::from_millisecond(12).unwrap();
        assert!((records.complete(begin, Server::Green) - 28.0).abs() < 1e-6);
    }

    #[test]
    fn latencies_are_those_of_one_servers_latest_answers() {
        let mut records = Records::new(Timestamp::UNIX_EPOCH);
        let record = |start, latency, server| Record {
            start: Duration::from_millis(start),
            latency: Duration::from_millis(latency),
            server,
        };
        records.all = vec![record(0, 900, Some(Server::Blue))];
        records.all.extend((1..=20).map(|number| record(5_000 + number, number, Some(Server::Blue))));
        records.all.push(record(5_030, 500, None));
        let within = |server| records.within(server, Duration::from_secs(1), 0.95);
        assert_eq!((within(Server::Blue), within(Server::Green)), (Some(19.0), None));
    }

    #[test]
    fn what_nobody_served_has_failed() {
        let records = records(&[(0, Some(Server::Blue)), (5, None)]);
        assert_eq!((records.failed(), records.by_cluster()[BLUE]), (1, 1));
    }

    #[test]
    fn the_share_counts_only_the_latest_requests() {
        let records = records(&[(0, Some(Server::Blue)), (5000, Some(Server::Green)), (5100, Some(Server::Blue))]);
        assert_eq!(records.share(Duration::from_secs(1)).green, Some(50.0));
    }

    #[test]
    fn of_requests_that_nobody_answered_no_side_has_a_share() {
        let share = |served: &[(u64, Option<Server>)]| records(served).share(Duration::from_secs(1)).green;
        assert_eq!(share(&[]), None);
        assert_eq!(share(&[(0, Some(Server::Blue)), (5000, None), (5001, Some(Server::Other))]), None);
        assert_eq!(share(&[(5000, None), (5001, Some(Server::Blue))]), Some(0.0));
    }

    #[test]
    fn who_served_last_is_who_had_most_of_the_latest_answers_whatever_failed_since() {
        let (blue, green) = (Some(Server::Blue), Some(Server::Green));
        for (served, wanted) in [
            (vec![], None),
            (vec![(0, None)], None),
            (vec![(0, blue), (5000, green), (5001, green), (5002, blue)], green),
            (vec![(0, blue), (5000, green), (9000, None)], green),
            (vec![(0, green), (5000, blue), (9000, None)], blue),
        ] {
            assert_eq!(records(&served).served_last(), wanted, "{served:?}");
        }
    }
}
