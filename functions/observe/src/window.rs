//! Green against blue in the bake, in windows of an hour: a green that weakens late is not hidden by the hours before. Pure.

use domain::{
    Input,
    analysis::{Comparison, Span, Verdict},
};
use jiff::{SignedDuration, Timestamp};

/// How long a window lasts. The last one is up to twice as long.
const LENGTH: SignedDuration = SignedDuration::from_hours(1);

/// What the present window says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Its requests so far.
    pub seen: Comparison,
    /// What they say.
    pub verdict: Verdict,
    /// Whether it is judged as at its end.
    pub is_over: bool,
    /// Until when a bake whose time is over waits for missing samples.
    pub limit: Timestamp,
}

impl Window {
    /// Of a bake that lasts until `end`.
    #[must_use]
    pub fn of(seen: &Comparison, input: &Input, end: Timestamp, now: Timestamp) -> Self {
        let since = seen.since.unwrap_or(now);
        let hours =
            usize::try_from(input.bake.duration.as_secs() / LENGTH.as_secs().unsigned_abs()).unwrap_or(usize::MAX);
        // Another whole one must remain, so that a bake does not end in one that has hardly begun.
        let is_ripe = now.duration_since(since) >= LENGTH && end.duration_since(now) >= LENGTH;
        let is_over = is_ripe || now.as_second() >= end.as_second();
        let verdict = seen.judge(input.cutover.analysis.samples, Span::Window(hours.max(1)), is_over);
        // People may end a bake when a window has just begun: it gets its hour, and the patience after it.
        let whole = since.saturating_add(LENGTH).unwrap_or(end);
        let limit = input.cutover.analysis.patience.after(end.max(whole));
        Self { seen: seen.clone(), verdict, is_over, limit }
    }

    /// Whether it has just ended well, and is to be told of.
    #[must_use]
    pub fn has_passed(&self) -> bool {
        self.is_over && self.verdict == Verdict::Successful && !self.seen.passed
    }

    /// What is to be kept of it: the same with its end noted, or the window after it where the bake goes on.
    #[must_use]
    pub fn after(&self, end: Timestamp, now: Timestamp) -> Comparison {
        if now.as_second() < end.as_second() {
            self.seen.next(now)
        } else {
            Comparison { passed: true, ..self.seen.clone() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at(text: &str) -> Timestamp {
        format!("2026-01-01T{text}Z").parse().unwrap()
    }

    fn input() -> Input {
        Input::read(&json!({
            "blue": { "cluster": "blue" }, "green": { "cluster": "green" }, "gateway": { "restApiId": "a", "stage": "prod" },
            "workloads": { "manifests": ["s3://b/k"] }, "bake": { "duration": "4h" },
            "cutover": { "analysis": { "when": "always", "samples": 100, "patience": "10m" } },
        }))
        .unwrap()
    }

    fn seen(since: &str, samples: u32) -> Comparison {
        let mut seen = Comparison { guarded: 1, since: Some(at(since)), ..Comparison::default() };
        (0..samples).for_each(|_| {
            seen.blue.count(Some(20));
            seen.green.count(Some(20));
        });
        seen
    }

    #[test]
    fn a_window_ends_after_its_hour_with_enough_samples_while_another_one_remains() {
        let end = at("16:00:00");
        for (since, samples, now, passes) in [
            ("12:00:00", 1200, "12:59:00", false),
            ("12:00:00", 1200, "13:00:00", true),
            ("12:00:00", 99, "14:00:00", false),
            // The last one lasts to the end of the bake.
            ("14:30:00", 1200, "15:30:00", false),
            ("14:30:00", 1200, "16:00:00", true),
            ("15:59:00", 99, "16:00:00", false),
        ] {
            let window = Window::of(&seen(since, samples), &input(), end, at(now));
            assert_eq!(window.has_passed(), passes, "{since} {samples} {now}");
        }
        let window = Window::of(&seen("12:00:00", 1200), &input(), end, at("13:00:00"));
        let next = window.after(end, at("13:00:00"));
        assert_eq!((next.guarded, next.blue.samples, next.since), (2, 0, Some(at("13:00:00"))));
        let last = Window::of(&seen("14:30:00", 1200), &input(), end, end).after(end, end);
        assert!(last.passed && last.blue.samples == 1200);
        assert!(!Window::of(&last, &input(), end, at("16:01:00")).has_passed(), "told once");
    }

    #[test]
    fn a_bake_that_people_end_waits_for_the_samples_of_a_window_that_has_just_begun() {
        let window = Window::of(&seen("13:00:00", 20), &input(), at("13:01:00"), at("13:01:00"));
        assert!(matches!(window.verdict, Verdict::Inconclusive(_)));
        assert_eq!(window.limit, at("14:10:00"));
        assert_eq!(Window::of(&seen("12:00:00", 20), &input(), at("16:00:00"), at("16:00:00")).limit, at("16:10:00"));
    }
}
