//! A token bucket, the way AWS throttles its control planes.

use std::time::{Duration, Instant};

/// A bucket that holds up to `capacity` requests and gets one back every `interval`.
#[derive(Debug, Clone)]
pub(crate) struct TokenBucket {
    capacity: f64,
    interval: Duration,
    tokens: f64,
    refilled: Instant,
}

impl TokenBucket {
    /// A full bucket; `interval` is the time that one token takes to come back.
    pub(crate) fn new(capacity: u32, interval: Duration, now: Instant) -> Self {
        Self { capacity: f64::from(capacity), interval, tokens: f64::from(capacity), refilled: now }
    }

    /// Time until the next token; zero if there is one now.
    pub(crate) fn wait(&mut self, now: Instant) -> Duration {
        if self.interval.is_zero() {
            return Duration::ZERO;
        }
        let gained = now.saturating_duration_since(self.refilled).as_secs_f64() / self.interval.as_secs_f64();
        self.tokens = (self.tokens + gained).min(self.capacity);
        self.refilled = now;
        if self.tokens >= 1.0 { Duration::ZERO } else { self.interval.mul_f64(1.0 - self.tokens) }
    }

    /// Takes one token. Call it only after [`Self::wait`] returned zero.
    pub(crate) fn take(&mut self) {
        if !self.interval.is_zero() {
            self.tokens -= 1.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_empties_the_bucket_and_time_fills_it() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(2, Duration::from_secs(1), start);
        for _ in 0..2 {
            assert_eq!(bucket.wait(start), Duration::ZERO);
            bucket.take();
        }
        assert_eq!(bucket.wait(start), Duration::from_secs(1));
        assert_eq!(bucket.wait(start + Duration::from_secs(1)), Duration::ZERO);
    }

    #[test]
    fn a_bucket_never_holds_more_than_its_capacity() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(1, Duration::from_secs(5), start);
        let late = start + Duration::from_hours(1);
        assert_eq!(bucket.wait(late), Duration::ZERO);
        bucket.take();
        assert_eq!(bucket.wait(late), Duration::from_secs(5));
    }
}
