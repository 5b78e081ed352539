//! How far a step of the switch has reached: what requests to production's own stage say, whose answers tell the cluster. API Gateway
//! publishes no time after which every request meets the deployment that a stage was given.

use crate::{Migration, PhaseError, Progress, Side, input::Marker, ports::Ledger, shift::Shift};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fmt::Write as _;

/// The requests of one step: a progress in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reach {
    /// Steps of the switch that were guarded before this one.
    pub guarded: usize,
    /// When the first request was answered.
    pub asked_from: Option<Timestamp>,
    /// Answers of blue.
    pub blue: u32,
    /// Answers of green.
    pub green: u32,
    /// Answers that tell neither, such as refusals of API Gateway; requests without an answer too.
    pub unknown: u32,
    /// Green's answers since the last that was not green's.
    pub in_a_row: u32,
    /// When the first of these came.
    pub since: Option<Timestamp>,
    /// When it was shown that the step had reached the stage.
    pub shown_at: Option<Timestamp>,
    /// Those of the further APIs' stages, in the order of the input, where several are switched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Self>,
}

impl Reach {
    /// That of the step after `guarded` others; an empty one where it has none yet.
    ///
    /// # Errors
    /// `Conflict` where what the ledger has cannot be read.
    pub async fn saved<P: Ledger>(ports: &P, migration: &Migration, guarded: usize) -> Result<Self, PhaseError> {
        let saved: Option<Self> = ports.saved(migration, Progress::Reach).await?;
        let empty = || Self { guarded, ..Self::default() };
        let mut reach = saved.filter(|saved| saved.guarded == guarded).unwrap_or_else(empty);
        reach.others.resize_with(migration.plan.edge.others.len(), empty);
        Ok(reach)
    }

    /// What the stage of the API at this place of the input answered.
    pub fn of(&mut self, place: usize) -> Option<&mut Self> {
        match place.checked_sub(1) {
            None => Some(self),
            Some(other) => self.others.get_mut(other),
        }
    }

    /// Whether the step is shown to have reached every stage.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        self.shown_at.is_some() && self.others.iter().all(Self::is_shown)
    }

    /// What `tell` says of each stage, after its API's id where there are several.
    fn told(&self, apis: &[&str], tell: impl Fn(&Self) -> Option<String>) -> Vec<String> {
        let all = std::iter::once(self).chain(&self.others).zip(apis);
        let of = |(one, api): (&Self, &&str)| {
            let told = tell(one)?;
            Some(if self.others.is_empty() { told } else { format!("{api}: {told}") })
        };
        all.filter_map(of).collect()
    }

    /// Saves it in the ledger.
    ///
    /// # Errors
    /// `Conflict` where the migration has another owner or was turned back.
    pub async fn save<P: Ledger>(&self, ports: &P, migration: &Migration) -> Result<(), PhaseError> {
        ports.save_progress(migration, Progress::Reach, json!(self)).await
    }

    /// Counts the answer to one request, which came at this time, while green has this share. With everything on green the step is shown
    /// by enough of green's answers in a row; before, where every request is sent to a side at random, by the first of green's.
    pub fn count(&mut self, by: Option<Side>, share: u8, marker: &Marker, at: Timestamp) {
        self.asked_from.get_or_insert(at);
        match by {
            Some(Side::Green) => {
                self.green += 1;
                self.in_a_row += 1;
                self.since.get_or_insert(at);
                if self.in_a_row >= Self::wanted(share, marker) {
                    self.shown_at.get_or_insert(at);
                }
            }
            other => {
                if other == Some(Side::Blue) {
                    self.blue += 1;
                } else {
                    self.unknown += 1;
                }
                self.in_a_row = 0;
                self.since = None;
            }
        }
    }

    const fn wanted(share: u8, marker: &Marker) -> u32 {
        if share == 100 { marker.in_a_row } else { 1 }
    }

    /// What is missing until the step is shown to have reached the stages of these APIs; nothing once it is.
    #[must_use]
    pub fn missing(&self, share: u8, marker: &Marker, apis: &[&str]) -> Option<String> {
        let missing = self.told(apis, |one| one.misses(share, marker));
        (!missing.is_empty()).then(|| missing.join("; "))
    }

    fn misses(&self, share: u8, marker: &Marker) -> Option<String> {
        if self.shown_at.is_some() {
            return None;
        }
        let Self { blue, green, unknown, in_a_row, .. } = self;
        let wanted = Self::wanted(share, marker);
        Some(format!(
            "of {wanted} answers in a row that are to be green's {in_a_row} came: {green} were green's, {blue} blue's, and {unknown} neither's"
        ))
    }

    /// What was shown of these APIs, for people.
    #[must_use]
    pub fn findings(&self, shift: &Shift, apis: &[&str]) -> String {
        self.told(apis, |one| Some(one.finding(shift))).join("; ")
    }

    fn finding(&self, shift: &Shift) -> String {
        let after = |at: Option<Timestamp>| {
            let passed = at.map_or(0, |at| at.duration_since(shift.shifted_at).as_millis().max(0));
            format!("{}.{} s", passed / 1000, passed % 1000 / 100)
        };
        let mut text = match shift.share {
            100 => format!(
                "100 % on green: {} answers in a row were green's, the first {} and the last {} after the step was taken",
                self.in_a_row,
                after(self.since),
                after(self.shown_at)
            ),
            share => {
                format!("{share} % on green: green's first answer came {} after the step was taken", after(self.since))
            }
        };
        // Writing to a text cannot fail.
        let _ = write!(text, "; asked from {} on, blue gave {} answers", after(self.asked_from), self.blue);
        if self.unknown > 0 {
            let _ = write!(text, ", and {} told no side", self.unknown);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marker() -> Marker {
        serde_json::from_value(json!({ "path": "/", "blue": "shop-blue", "green": "shop-green", "inARow": 3 })).unwrap()
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(millis).unwrap()
    }

    fn counted(share: u8, answers: &[Option<Side>]) -> Reach {
        let mut reach = Reach::default();
        for (by, millis) in answers.iter().zip((0..).step_by(100)) {
            reach.count(*by, share, &marker(), at(1_000 + millis));
        }
        reach
    }

    const B: Option<Side> = Some(Side::Blue);
    const G: Option<Side> = Some(Side::Green);

    #[test]
    fn an_answer_is_of_the_side_whose_text_alone_it_has() {
        for (body, side) in [
            ("pod web-1 of shop-blue", B),
            ("shop-green", G),
            ("shop-blue, formerly shop-green", None),
            (r#"{"message":"Forbidden"}"#, None),
            ("", None),
        ] {
            assert_eq!(marker().side(body), side, "{body}");
        }
    }

    #[test]
    fn everything_is_on_green_once_enough_answers_in_a_row_are_greens() {
        for (answers, shown) in [
            (&[][..], None),
            (&[G, G], None),
            (&[G, G, G], Some(at(1_200))),
            // One of blue's, and one that tells nothing, begin the row anew.
            (&[G, G, B, G, G], None),
            (&[G, G, None, G, G, G], Some(at(1_500))),
            (&[B, B, B, B], None),
            (&[None, None, None], None),
        ] {
            let reach = counted(100, answers);
            assert_eq!(reach.shown_at, shown, "{answers:?}");
            assert_eq!(reach.missing(100, &marker(), &["a"]).is_none(), shown.is_some(), "{answers:?}");
        }
    }

    #[test]
    fn a_share_of_the_traffic_is_on_green_once_green_answers() {
        assert_eq!(counted(5, &[B, B, None]).shown_at, None);
        assert_eq!(counted(5, &[B, B, G, B]).shown_at, Some(at(1_200)));
    }

    #[test]
    fn what_was_shown_says_when() {
        let shift = |share| Shift { guarded: 0, share, started_at: at(0), shifted_at: at(0) };
        assert_eq!(
            counted(100, &[B, None, G, G, G]).findings(&shift(100), &["a"]),
            "100 % on green: 3 answers in a row were green's, the first 1.2 s and the last 1.4 s after the step was taken; \
             asked from 1.0 s on, blue gave 1 answers, and 1 told no side"
        );
        assert_eq!(
            counted(5, &[B, B, G]).findings(&shift(5), &["a"]),
            "5 % on green: green's first answer came 1.2 s after the step was taken; asked from 1.0 s on, blue gave 2 answers"
        );
    }

    #[test]
    fn of_several_apis_each_is_shown_and_told_by_its_id() {
        let mut reach = Reach { others: vec![Reach::default()], ..counted(100, &[G, G, G]) };
        let apis = ["a", "b"];
        assert!(!reach.is_shown());
        let missing = reach.missing(100, &marker(), &apis).unwrap();
        assert!(missing.starts_with("b: of 3 answers in a row that are to be green's 0 came"), "{missing}");
        for millis in [2_000, 2_100, 2_200] {
            reach.of(1).unwrap().count(G, 100, &marker(), at(millis));
        }
        assert!(reach.is_shown() && reach.missing(100, &marker(), &apis).is_none());
        let shift = Shift { guarded: 0, share: 100, started_at: at(0), shifted_at: at(0) };
        let told = reach.findings(&shift, &apis);
        assert!(told.starts_with("a: 100 % on green: 3 answers in a row were green's, the first 1.0 s"), "{told}");
        assert!(told.contains("; b: 100 % on green: 3 answers in a row were green's, the first 2.0 s"), "{told}");
    }
}
