//! How many requests are in flight at once: additive increase, multiplicative decrease, as TCP finds its rate.

use std::time::Duration;

/// As many as pay off: round trips bind an apply, not the server.
const WIDEST: f64 = 32.0;

/// The longest that one answer of 429 holds everything back.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// The window of one apply.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Window(f64);

impl Window {
    /// Wide open: an API server that nobody else uses takes it.
    pub(super) const fn new() -> Self {
        Self(WIDEST)
    }

    /// How many requests may be in flight.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 32")]
    pub(super) const fn size(self) -> usize {
        self.0 as usize
    }

    /// A request was answered: one more for each window full.
    pub(super) fn opened(&mut self) {
        self.0 = (self.0 + 1.0 / self.0).min(WIDEST);
    }

    /// The server said 429: half, and a pause as long as it asked.
    pub(super) fn throttled(&mut self, retry_after: Duration) -> Duration {
        self.0 = (self.0 / 2.0).max(1.0);
        retry_after.clamp(Duration::from_millis(100), LONGEST_PAUSE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_halves_when_throttled_and_grows_by_one_a_window() {
        let mut window = Window::new();
        assert_eq!(window.size(), 32);
        assert_eq!(window.throttled(Duration::from_secs(1)), Duration::from_secs(1));
        assert_eq!(window.size(), 16);
        (0..17).for_each(|_| window.opened());
        assert_eq!(window.size(), 17);
        (0..2_000).for_each(|_| window.opened());
        assert_eq!(window.size(), 32);
    }

    #[test]
    fn it_never_closes_and_never_waits_long() {
        let mut window = Window::new();
        (0..20).for_each(|_| {
            window.throttled(Duration::ZERO);
        });
        assert_eq!(window.size(), 1);
        assert_eq!(window.throttled(Duration::from_mins(1)), Duration::from_secs(2));
    }
}
