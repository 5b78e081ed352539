//! Applies prepared objects to a cluster in the order of their dependencies.

use super::{
    Done, ObjectId, Placed, Prepared,
    applied::was_applied,
    once,
    order::Step,
    readiness::{Readiness, readiness},
};
use crate::{Condition, PhaseError, ports::KubernetesApi};

/// How many faults one message names.
const NAMED: usize = 10;

/// Applies those of `objects` that are not `done`, which must be in the order of their steps. What is there already as it would be
/// made is not sent. A wave of steps is over before the next begins; within one, what waits or is refused holds up nothing else, and is all
/// that is tried again. `keep` is called once the Jobs are there, and before that once what deletes itself after its end is there and
/// waits to be let go.
///
/// With `again`, an earlier invocation may have applied objects without a mark. What it applied and a controller has taken over
/// since, such as the certificate in a webhook's configuration, is left to the controller, as it is after an undisturbed apply.
///
/// # Errors
/// The gravest of the errors with the others' names: a refusal before what is tried again. `NotReady` where `deadline` came first or a
/// definition is not established yet.
pub async fn apply<A: KubernetesApi>(
    api: &A,
    objects: &[Placed],
    done: &mut Done,
    again: bool,
    deadline: jiff::Timestamp,
    keep: impl AsyncFn(&Done) -> Result<(), PhaseError>,
) -> Result<(), PhaseError> {
    let pending: Vec<usize> = done.pending().collect();
    let asked: Vec<&Prepared> = pending.iter().map(|index| &objects[*index].object).collect();
    if !asked.is_empty() {
        let applied = api.applied(&asked).await?;
        pending.iter().zip(applied).filter(|(_, applied)| *applied).for_each(|(index, _)| done.mark(*index));
    }
    let all = |done: &Done| format!("applied {} of {} objects", done.count(), objects.len());
    let mut next = 0;
    while let Some(first) = objects.get(next) {
        let end = next + objects[next..].iter().take_while(|placed| placed.wave() == first.wave()).count();
        let mut pending: Vec<usize> = (next..end).filter(|index| !done.is(*index)).collect();
        next = end;
        let mut errors = Vec::new();
        if matches!(first.step, Step::Jobs | Step::CustomResources) {
            let made = done.clone();
            let failed = once::make(api, objects, &pending, done, deadline).await?;
            if *done != made {
                keep(done).await?;
            }
            pending.retain(|index| !done.is(*index) && failed.iter().all(|(failed, _)| failed != index));
            errors.extend(failed.into_iter().map(|(_, error)| error));
        }
        if pending.is_empty() && errors.is_empty() {
            continue;
        }
        let batch: Vec<&Prepared> = pending.iter().map(|index| &objects[*index].object).collect();
        for (index, answer) in pending.iter().zip(api.apply(&batch, deadline).await) {
            match answer {
                Ok(()) => done.mark(*index),
                Err(error) if again && error.condition == Condition::Conflict => {
                    if api.get(&objects[*index].object.id).await?.as_ref().is_some_and(was_applied) {
                        done.mark(*index);
                    } else {
                        errors.push(error);
                    }
                }
                Err(error) => errors.push(error),
            }
        }
        if let Some(error) = gravest(errors) {
            if error.condition == Condition::NotReady && first.step == Step::CustomResources {
                let definitions = objects.iter().filter(|placed| placed.step == Step::CustomResourceDefinitions);
                established(api, definitions.map(|placed| &placed.object.id))
                    .await
                    .map_err(|error| error.during(all(done)))?;
            }
            return Err(error.during(all(done)));
        }
        if first.step == Step::Jobs {
            keep(done).await?;
        }
    }
    Ok(())
}

/// The gravest of several errors, with the messages of those of its condition.
#[must_use]
pub fn gravest(errors: Vec<PhaseError>) -> Option<PhaseError> {
    let weight = |condition: Condition| match condition {
        Condition::NotReady => 0,
        Condition::Unavailable => 1,
        _ => 2,
    };
    let condition = errors.iter().map(|error| error.condition).max_by_key(|condition| weight(*condition))?;
    let mut messages: Vec<String> =
        errors.into_iter().filter(|error| error.condition == condition).map(|error| error.message).collect();
    messages.dedup();
    let more = messages.len().saturating_sub(NAMED);
    messages.truncate(NAMED);
    let rest = if more > 0 { format!("; and {more} more") } else { String::new() };
    Some(PhaseError::new(condition, format!("{}{rest}", messages.join("; "))))
}

async fn established<A: KubernetesApi>(
    api: &A,
    definitions: impl Iterator<Item = &ObjectId>,
) -> Result<(), PhaseError> {
    let mut waiting = Vec::new();
    for id in definitions {
        let live = api.get(id).await?.unwrap_or_default();
        match readiness(id, &live) {
            Readiness::Ready => {}
            Readiness::Waiting(_) => waiting.push(id.name.clone()),
            Readiness::Failed(why) => return Err(PhaseError::refused(format!("{id} is not accepted: {why}"))),
        }
    }
    if waiting.is_empty() {
        Ok(())
    } else {
        Err(PhaseError::not_ready(format!("not established yet: {}", waiting.join(", "))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_graver_than_what_is_tried_again() {
        let error = gravest(vec![
            PhaseError::not_ready("a"),
            PhaseError::refused("b"),
            PhaseError::unavailable("c"),
            PhaseError::refused("d"),
        ]);
        assert_eq!(error, Some(PhaseError::refused("b; d")));
        assert_eq!(
            gravest(vec![PhaseError::not_ready("a"), PhaseError::unavailable("b")]),
            Some(PhaseError::unavailable("b"))
        );
        assert_eq!(gravest(Vec::new()), None);
    }

    #[test]
    fn a_long_list_is_cut() {
        let error = gravest((0..12).map(|n| PhaseError::refused(n.to_string())).collect()).unwrap();
        assert!(error.message.ends_with("9; and 2 more"), "{error}");
    }
}
