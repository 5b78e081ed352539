//! Green at blue's scale: the numbers of a manifest are those of a quiet day.
//!
//! Both clusters share databases and queues, and each Pod of green opens connections of its own. So green grows in steps, and
//! each one waits until the one before is up and every alarm is still OK.

use domain::{
    PhaseError, alarms,
    manifest::{Live, workload},
    plan::workloads::Workloads,
    ports::{Alarms, KubernetesApi},
};
use serde_json::json;

/// Replicas that a workload gets in one step at least; a larger one doubles.
const STEP: i64 = 5;

/// How many replicas green gets next, on the way from what it has to what blue has.
pub(crate) fn next(found: i64, wanted: i64) -> i64 {
    wanted.min(found + found.max(STEP))
}

/// Asks green for one step more of the replicas that blue has, where they differ. What an autoscaler decides is left to it.
/// Answers what was changed.
///
/// # Errors
/// `GuardBreached` where one of these alarms is not OK: green is not scaled any further.
pub(crate) async fn converge<A: KubernetesApi, P: Alarms>(
    ports: &P,
    guards: &[String],
    green: &A,
    plan: &Workloads,
    on_blue: &Live,
    on_green: &Live,
) -> Result<Vec<String>, PhaseError> {
    let mut steps = Vec::new();
    for workload in plan.runs().filter(|workload| !workload.autoscaled && workload.replicas.is_some()) {
        let id = &workload.id;
        let replicas = |side: &Live| side.get(id).and_then(|live| workload::replicas(&id.kind, live));
        if let (Some(wanted), Some(found)) = (replicas(on_blue), replicas(on_green))
            && wanted != found
        {
            steps.push((id, found, next(found, wanted)));
        }
    }
    if steps.is_empty() {
        return Ok(Vec::new());
    }
    let complaints = alarms::look(ports, guards).await?;
    if !complaints.is_empty() {
        return Err(PhaseError::guard_breached(format!(
            "while green was scaled as blue is {}; {} of green's workloads are still smaller than blue's",
            complaints.join("; "),
            steps.len()
        )));
    }
    let mut scaled = Vec::new();
    for (id, found, next) in steps {
        green.patch(id, &json!({ "spec": { "replicas": next } })).await?;
        scaled.push(format!("{id} from {found} to {next}"));
    }
    Ok(scaled)
}

#[cfg(test)]
mod tests {
    use super::next;

    #[test]
    fn green_doubles_until_it_is_as_blue_is() {
        for (found, wanted, expected) in
            [(0, 3, 3), (1, 40, 6), (6, 40, 12), (12, 40, 24), (24, 40, 40), (40, 40, 40), (9, 2, 2)]
        {
            assert_eq!(next(found, wanted), expected, "{found} of {wanted}");
        }
    }
}
