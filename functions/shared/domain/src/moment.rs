//! Times and spans as people write them. Pages and messages go to people in several time zones, so each says its own: UTC.

use jiff::{SignedDuration, Timestamp};

/// A time to the minute: "Friday, 2 January 2026, 09:05 UTC".
#[must_use]
pub fn written(time: Timestamp) -> String {
    time.strftime("%A, %-d %B %Y, %H:%M UTC").to_string()
}

/// A time to the minute, for subjects: "2 Jan 2026, 09:05 UTC".
#[must_use]
pub fn short(time: Timestamp) -> String {
    time.strftime("%-d %b %Y, %H:%M UTC").to_string()
}

/// A time to the second, for lists: "2 Jan 2026, 09:05:07 UTC".
#[must_use]
pub fn brief(time: Timestamp) -> String {
    time.strftime("%-d %b %Y, %H:%M:%S UTC").to_string()
}

/// A span in its two largest units: "1 day 23 hours", "4 minutes 12 seconds", "less than a second".
#[must_use]
pub fn span(span: SignedDuration) -> String {
    let seconds = span.unsigned_abs().as_secs();
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (length, name) in units {
        let count = rest / length;
        rest %= length;
        if count > 0 {
            parts.push(format!("{count} {name}{}", if count == 1 { "" } else { "s" }));
        } else if !parts.is_empty() {
            // "1 day 12 minutes" would be more exact than people are.
            break;
        }
    }
    parts.truncate(2);
    if parts.is_empty() { "less than a second".to_owned() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_its_day_and_its_zone() {
        let time: Timestamp = "2026-01-02T09:05:07.123456789Z".parse().unwrap();
        assert_eq!(written(time), "Friday, 2 January 2026, 09:05 UTC");
        assert_eq!(short(time), "2 Jan 2026, 09:05 UTC");
        assert_eq!(brief(time), "2 Jan 2026, 09:05:07 UTC");
    }

    #[test]
    fn a_span_has_its_two_largest_units() {
        for (seconds, expected) in [
            (0, "less than a second"),
            (1, "1 second"),
            (252, "4 minutes 12 seconds"),
            (3_600, "1 hour"),
            (86_400 + 23 * 3_600 + 59, "1 day 23 hours"),
            (86_400 + 59, "1 day"),
            (7 * 86_400, "7 days"),
        ] {
            assert_eq!(span(SignedDuration::from_secs(seconds)), expected);
        }
    }
}
