//! Alarms that must be OK for a migration to go on.

use crate::{
    PhaseError,
    ports::{Alarms, approvals::AlarmState},
};

/// What stands against going on, a text each; empty where every alarm is OK. Alarms without data, or that are gone, never
/// count as healthy.
#[must_use]
pub fn complaints(arns: &[String], states: &[AlarmState]) -> Vec<String> {
    let found = |index: usize| states.get(index).copied().unwrap_or(AlarmState::Missing);
    let word = |state| match state {
        AlarmState::Ok => None,
        AlarmState::Alarm => Some("is in ALARM"),
        AlarmState::InsufficientData => Some("has INSUFFICIENT_DATA, which does not count as healthy"),
        AlarmState::Missing => Some("does not exist in this account and Region"),
    };
    arns.iter()
        .enumerate()
        .filter_map(|(i, arn)| word(found(i)).map(|word| format!("the alarm {arn} {word}")))
        .collect()
}

/// The complaints of alarms as they stand.
///
/// # Errors
/// Whatever CloudWatch answers.
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
        let found = complaints(&arns, &states);
        assert_eq!(found.len(), 4);
        assert!(found[0].contains("the alarm b"));
    }
}
