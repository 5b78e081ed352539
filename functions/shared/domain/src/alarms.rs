//! Alarms that must be OK for a migration to go on.

use crate::{
    PhaseError,
    ports::{Alarms, alarms::AlarmState},
};

/// What stands against going on with an alarm in this state, as the predicate of a sentence about the alarm; nothing for `OK`.
#[must_use]
pub const fn complaint(state: AlarmState) -> Option<&'static str> {
    match state {
        AlarmState::Ok => None,
        AlarmState::Alarm => Some("is in ALARM"),
        AlarmState::InsufficientData => Some("has INSUFFICIENT_DATA, which does not count as healthy"),
        AlarmState::Missing => Some("does not exist in this account and Region"),
    }
}

/// What stands against going on, a text for each alarm that is not OK.
#[must_use]
pub fn complaints(arns: &[String], states: &[AlarmState]) -> Vec<String> {
    let found = |index: usize| states.get(index).copied().unwrap_or(AlarmState::Missing);
    arns.iter()
        .enumerate()
        .filter_map(|(i, arn)| complaint(found(i)).map(|complaint| format!("the alarm {arn} {complaint}")))
        .collect()
}

/// Reads the alarms: a text for each that is not OK.
///
/// # Errors
/// Only those of the calls.
pub async fn look<P: Alarms>(ports: &P, arns: &[String]) -> Result<Vec<String>, PhaseError> {
    if arns.is_empty() { Ok(Vec::new()) } else { Ok(complaints(arns, &ports.states(arns).await?)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ok_counts_as_healthy() {
        let arns: Vec<String> = ["a", "b", "c", "d", "e"].map(ToOwned::to_owned).to_vec();
        let states = [AlarmState::Ok, AlarmState::Alarm, AlarmState::InsufficientData, AlarmState::Missing];
        let expected = [
            "the alarm b is in ALARM",
            "the alarm c has INSUFFICIENT_DATA, which does not count as healthy",
            "the alarm d does not exist in this account and Region",
            "the alarm e does not exist in this account and Region",
        ];
        assert_eq!(complaints(&arns, &states), expected);
    }
}
