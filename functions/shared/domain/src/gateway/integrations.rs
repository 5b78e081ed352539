//! Points integrations of an API's configuration at another VPC link V1, a batch in each invocation.

use crate::PhaseError;
use crate::plan::edge::{Connection, LinkedMethod};
use crate::ports::Apis;
use crate::ports::gateway::Method;

/// How many integrations one invocation changes: the control plane lets a burst of 40 requests through, and then 10 a
/// second, for everybody in the account
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>).
pub const BATCH: usize = 30;

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
    for planned in planned {
        let method =
            methods.iter().find(|method| method.resource_id == planned.resource_id && method.method == planned.method);
        match method.and_then(|method| method.integration.as_ref()).map(|found| &found.connection) {
            Some(Connection::VpcLink(link)) if link == from => work.left.push(planned),
            Some(Connection::VpcLink(link)) if link == to => {}
            Some(connection) => work.foreign.push(format!("{planned} goes through {connection}")),
            None => work.foreign.push(format!("{planned} is gone")),
        }
    }
    work
}

/// Points every planned integration that is at the VPC link `from` at `to`. What somebody else changed is left alone and given
/// back, for the caller to judge. A try after an error goes on where the last one ended.
///
/// # Errors
/// `NotReady` after a batch, with how far it is.
pub async fn point<P: Apis>(
    ports: &P,
    api: &str,
    planned: &[LinkedMethod],
    from: &str,
    to: &str,
) -> Result<Vec<String>, PhaseError> {
    let methods = ports.methods(api).await?;
    let work = work(&methods, planned, from, to);
    for method in work.left.iter().take(BATCH) {
        ports.connect(api, &method.resource_id, &method.method, to).await?;
    }
    let later = work.left.len().saturating_sub(BATCH);
    if later > 0 {
        return Err(PhaseError::not_ready(format!(
            "{} of {} integrations point at {to}",
            planned.len() - later,
            planned.len()
        )));
    }
    Ok(work.foreign)
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
