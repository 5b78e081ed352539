//! Applies prepared objects to a cluster in the order of their dependencies.

use super::{
    Object, ObjectId,
    order::{Step, has_fixed_port, step},
    state::{Readiness, readiness},
};
use crate::{Condition, PhaseError, ports::KubernetesApi};

/// How many objects are handed over at once: few enough that a cursor between them saves work.
const BATCH: usize = 256;

/// How many faults one message names.
const NAMED: usize = 10;

/// Applies `objects`, which must be in the order of their steps, from the one at `from` on. A step is over before the next
/// begins, and CustomResourceDefinitions are established before custom resources: looked at as late as that, they nearly
/// always are. Resources of another bundle's definitions are `NotReady` by themselves.
///
/// # Errors
/// How far it came (the place to go on from), and the gravest of the errors with the others' names: a refusal before what is
/// tried again. `NotReady` where `deadline` came first or a definition is not established yet.
pub async fn apply<A: KubernetesApi>(
    api: &A,
    objects: &[Object],
    from: usize,
    deadline: jiff::Timestamp,
) -> Result<(), (usize, PhaseError)> {
    let mut next = from.min(objects.len());
    while let Some(first) = objects.get(next) {
        let current = step(&first.id);
        let most = if current == Step::Jobs { 1 } else { BATCH };
        let alike = |object: &&Object| step(&object.id) == current && has_fixed_port(object) == has_fixed_port(first);
        let size = objects[next..].iter().take(most).take_while(alike).count();
        let batch = &objects[next..next + size];
        if current == Step::CustomResources {
            let definitions = objects.iter().map(|object| &object.id);
            let definitions = definitions.filter(|id| step(id) == Step::CustomResourceDefinitions);
            established(api, definitions).await.map_err(|error| (next, error))?;
        }
        let values: Vec<_> = batch.iter().map(|object| object.value.clone()).collect();
        let answers = api.apply(&values, deadline).await;
        let errors: Vec<PhaseError> = answers.into_iter().filter_map(Result::err).collect();
        if let Some(error) = gravest(errors) {
            let done = format!("applied {next} of {} objects", objects.len());
            return Err((next, error.during(done)));
        }
        next += size;
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
    let same: Vec<String> =
        errors.into_iter().filter(|error| error.condition == condition).map(|error| error.message).collect();
    let mut messages = same.clone();
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
        match readiness("CustomResourceDefinition", &live) {
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
