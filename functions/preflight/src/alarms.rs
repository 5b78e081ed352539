//! The alarms that will guard the migration must exist here and be OK before it begins.

use crate::Place;
use domain::{Input, PhaseError, Problem, alarms::complaint, ports::Alarms};

/// Every problem with the alarms of the input, with its path.
///
/// # Errors
/// Only those of the calls.
pub async fn problems<P: Alarms>(ports: &P, input: &Input, place: &Place) -> Result<Vec<Problem>, PhaseError> {
    let lists = [("$.cutover.alarms", &input.cutover.alarms), ("$.bake.alarms", &input.bake.alarms)];
    let (mut problems, mut paths, mut arns) = (Vec::new(), Vec::new(), Vec::new());
    for (path, list) in lists {
        for (index, arn) in list.iter().enumerate() {
            let path = format!("{path}[{index}]");
            if let Some(message) = foreign(arn, place) {
                problems.push(Problem::new(path, message));
            } else {
                paths.push(path);
                arns.push(arn.clone());
            }
        }
    }
    let states = if arns.is_empty() { Vec::new() } else { ports.states(&arns).await? };
    problems.extend(paths.iter().zip(states).filter_map(|(path, state)| {
        let complaint = complaint(state)?;
        Some(Problem::new(path, format!("the alarm {complaint}; it must be OK before the migration begins")))
    }));
    Ok(problems)
}

fn foreign(arn: &str, place: &Place) -> Option<String> {
    let prefix = format!(":cloudwatch:{}:{}:alarm:", place.region, place.account);
    (!arn.starts_with("arn:") || !arn.contains(&prefix)).then(|| {
        format!("found {arn:?}, expected the ARN of an alarm in this account and Region (…{prefix}name): others send their events elsewhere")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alarms_of_other_accounts_and_regions_are_refused() {
        let place = Place { region: "eu-central-1".to_owned(), account: "123456789012".to_owned() };
        for (arn, refused) in [
            ("arn:aws:cloudwatch:eu-central-1:123456789012:alarm:a", false),
            ("arn:aws:cloudwatch:eu-west-1:123456789012:alarm:a", true),
            ("arn:aws:cloudwatch:eu-central-1:999999999999:alarm:a", true),
            ("a", true),
        ] {
            assert_eq!(foreign(arn, &place).is_some(), refused, "{arn}");
        }
    }
}
