//! Points integrations of an API's configuration at green, or at blue again.

use super::counterparts::Counterparts;
use crate::plan::edge::{Connection, LinkedMethod};
use crate::ports::gateway::Method;
use crate::ports::{Apis, Clock, Ledger};
use crate::{Condition, Migration, PhaseError, Side};
use std::collections::{BTreeMap, BTreeSet};

/// How many of many lines a message names.
const NAMED: usize = 20;

/// What is left of an invocation for its last call: the longest that a call may take with one more try. At most half of the
/// invocation's time, so that each invocation gets further.
const RESERVE: jiff::SignedDuration = jiff::SignedDuration::from_secs(25);

/// What is still to be changed, and what somebody else changed.
#[derive(Debug, PartialEq, Eq)]
pub struct Work<'a> {
    /// Methods that still go to the side that they are to leave, each with where they are to go.
    pub left: Vec<(&'a LinkedMethod, &'a Connection)>,
    /// A text for each method that goes to neither side or is gone.
    pub foreign: Vec<String>,
}

/// Compares the configuration with the methods of the plan, which are to go to this side.
#[must_use]
pub fn work<'a>(methods: &[Method], planned: &'a [LinkedMethod], counterparts: &'a Counterparts, to: Side) -> Work<'a> {
    let mut work = Work { left: Vec::new(), foreign: Vec::new() };
    let methods: BTreeMap<_, _> =
        methods.iter().map(|method| ((&method.resource_id, &method.path, &method.method), method)).collect();
    for planned in planned {
        let method = methods.get(&(&planned.resource_id, &planned.path, &planned.method));
        let blue = &planned.integration.connection;
        let Some(green) = counterparts.of(blue) else { continue };
        let (from, to) = if to == Side::Green { (blue, green) } else { (green, blue) };
        match method.and_then(|method| method.integration.as_ref()).map(|found| &found.connection) {
            Some(connection) if connection == from => work.left.push((planned, to)),
            Some(connection) if connection == to => {}
            Some(connection) => work.foreign.push(format!("{planned} goes through {connection}")),
            None => work.foreign.push(format!("{planned} is gone")),
        }
    }
    work
}

/// Points every planned integration of the public API that goes to the other side at this one, one call after the other until the
/// invocation's deadline: the port keeps to the quota. What somebody else changed is left alone and given back, for the caller to
/// judge. A try after an error goes on where the last one ended.
///
/// # Errors
/// `NotReady` at the deadline, and where API Gateway throttles after some were changed, with how far it is.
pub async fn point<P: Ledger + Apis + Clock>(
    ports: &P,
    migration: &Migration,
    to: Side,
) -> Result<Vec<String>, PhaseError> {
    let edge = &migration.plan.edge;
    let (api, planned) = (&edge.api.id, &edge.integrations);
    let counterparts = Counterparts::known(ports, migration).await?;
    let methods = ports.methods(api).await?;
    let work = work(&methods, planned, &counterparts, to);
    let reserve = RESERVE.min(migration.deadline.duration_since(ports.now()) / 2);
    let deadline = migration.deadline.checked_sub(reserve).unwrap_or(migration.deadline);
    let before = planned.len() - work.left.len();
    let is_http = !edge.api.protocol.is_rest();
    let mut shared = BTreeSet::new();
    for (changed, (method, to_connection)) in work.left.iter().enumerate() {
        // Routes of an HTTP API that share an integration are changed with it.
        if is_http && !shared.insert(&method.resource_id) {
            continue;
        }
        let so_far = || format!("{} of {} integrations point at {to}", before + changed, planned.len());
        if ports.now() >= deadline {
            return Err(PhaseError::not_ready(so_far()));
        }
        match ports.connect(api, &method.resource_id, &method.method, to_connection).await {
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
        let link = |id: &str| Connection::VpcLink(id.to_owned());
        let (blue, green) = (link("blue1"), link("green1"));
        let counterparts = Counterparts::new([(blue.clone(), green.clone())]);
        let planned = ["a", "b", "c", "d", "e"].map(|id| method(id, "blue1").linked().unwrap());
        let methods = [
            method("a", "blue1"),
            method("b", "green1"),
            method("c", "other"),
            method("e", "${stageVariables.link}"),
            method("x", "blue1"),
        ];
        let back = work(&methods, &planned, &counterparts, Side::Blue);
        assert_eq!(back.left, [(&planned[1], &blue)]);
        let work = work(&methods, &planned, &counterparts, Side::Green);
        assert_eq!(work.left, [(&planned[0], &green)]);
        assert_eq!(
            work.foreign,
            [
                "GET /c goes through the VPC link other",
                "GET /d is gone",
                "GET /e goes through the VPC link of ${stageVariables.link}",
            ]
        );
    }

    #[test]
    fn of_routes_that_share_an_integration_each_is_looked_at() {
        let link = |id: &str| Connection::VpcLink(id.to_owned());
        let counterparts = Counterparts::new([(link("blue1"), link("green1"))]);
        let route = |path: &str| Method { path: path.to_owned(), ..method("shared", "blue1") };
        let planned = ["/a", "/b"].map(|path| route(path).linked().unwrap());
        let both = [route("/a"), route("/b")];
        assert_eq!(work(&both, &planned, &counterparts, Side::Green).left.len(), 2);
        assert_eq!(work(&both[..1], &planned, &counterparts, Side::Green).foreign, ["GET /b is gone"]);
    }
}
