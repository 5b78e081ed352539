//! Points integrations of an API's configuration at another VPC link V1.

use crate::plan::edge::{Connection, LinkedMethod};
use crate::ports::gateway::Method;
use crate::ports::{Apis, Clock};
use crate::{Condition, Migration, PhaseError};
use std::collections::BTreeMap;

/// How many of many lines a message names.
const NAMED: usize = 20;

/// What is left of an invocation for its last call: the longest that a call may take with one more try. At most half of the
/// invocation's time, so that each invocation gets further.
const RESERVE: jiff::SignedDuration = jiff::SignedDuration::from_secs(25);

/// What is still to be changed, and what somebody else changed.
#[derive(Debug, PartialEq, Eq)]
pub struct Work<'a> {
    /// Methods that still go through the VPC link that they are to leave.
    pub left: Vec<&'a LinkedMethod>,
    /// A text for each method that goes through neither VPC link or is gone.
    pub foreign: Vec<String>,
}

/// Compares the configuration with the methods of the plan, which are to leave the VPC link `from` for `to`.
#[must_use]
pub fn work<'a>(methods: &[Method], planned: &'a [LinkedMethod], from: &str, to: &str) -> Work<'a> {
    let mut work = Work { left: Vec::new(), foreign: Vec::new() };
    let methods: BTreeMap<_, _> =
        methods.iter().map(|method| ((&method.resource_id, &method.method), method)).collect();
    for planned in planned {
        let method = methods.get(&(&planned.resource_id, &planned.method));
        match method.and_then(|method| method.integration.as_ref()).map(|found| &found.connection) {
            Some(Connection::VpcLink(link)) if link == from => work.left.push(planned),
            Some(Connection::VpcLink(link)) if link == to => {}
            Some(connection) => work.foreign.push(format!("{planned} goes through {connection}")),
            None => work.foreign.push(format!("{planned} is gone")),
        }
    }
    work
}

/// Points every planned integration of the public API that is at the VPC link `from` at `to`, one call after the other until the
/// invocation's deadline: the port keeps to the quota. What somebody else changed is left alone and given back, for the caller to
/// judge. A try after an error goes on where the last one ended.
///
/// # Errors
/// `NotReady` at the deadline, and where API Gateway throttles after some were changed, with how far it is.
pub async fn point<P: Apis + Clock>(
    ports: &P,
    migration: &Migration,
    from: &str,
    to: &str,
) -> Result<Vec<String>, PhaseError> {
    let edge = &migration.plan.edge;
    let (api, planned) = (&edge.api.id, &edge.integrations);
    let methods = ports.methods(api).await?;
    let work = work(&methods, planned, from, to);
    let reserve = RESERVE.min(migration.deadline.duration_since(ports.now()) / 2);
    let deadline = migration.deadline.checked_sub(reserve).unwrap_or(migration.deadline);
    let before = planned.len() - work.left.len();
    for (changed, method) in work.left.iter().enumerate() {
        let so_far = || format!("{} of {} integrations point at {to}", before + changed, planned.len());
        if ports.now() >= deadline {
            return Err(PhaseError::not_ready(so_far()));
        }
        match ports.connect(api, &method.resource_id, &method.method, to).await {
            Err(error) if error.condition == Condition::Unavailable && changed > 0 => {
                return Err(PhaseError::not_ready(format!("{}, and then {}", so_far(), error.message)));
            }
            answer => answer?,
        }
    }
    Ok(work.foreign)
}

/// The first few of many lines, for a message, and how many more there are.
#[must_use]
pub fn few(lines: &[String]) -> String {
    let more = lines.len().saturating_sub(NAMED);
    let first = lines.iter().take(NAMED).cloned().collect::<Vec<_>>().join("; ");
    if more > 0 { format!("{first}; and {more} more") } else { first }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::edge::Integration;

    fn method(id: &str, link: &str) -> Method {
        Method {
            resource_id: id.to_owned(),
            path: format!("/{id}"),
            method: "GET".to_owned(),
            integration: Some(Integration {
                connection: Connection::of("VPC_LINK", link, ""),
                ..Integration::default()
            }),
            ..Method::default()
        }
    }

    #[test]
    fn only_integrations_at_the_link_to_be_left_are_changed_and_foreign_edits_are_named() {
        let planned = ["a", "b", "c", "d", "e"].map(|id| method(id, "blue1").linked().unwrap());
        let methods = [
            method("a", "blue1"),
            method("b", "green1"),
            method("c", "other"),
            method("e", "${stageVariables.link}"),
            method("x", "blue1"),
        ];
        let work = work(&methods, &planned, "blue1", "green1");
        assert_eq!(work.left, [&planned[0]]);
        assert_eq!(
            work.foreign,
            [
                "GET /c goes through the VPC link other",
                "GET /d is gone",
                "GET /e goes through the VPC link of ${stageVariables.link}",
            ]
        );
    }
}
