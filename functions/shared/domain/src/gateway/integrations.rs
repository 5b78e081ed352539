//! Points integrations of an API's configuration at another VPC link, a batch an invocation.

use crate::PhaseError;
use crate::plan::edge::Integration;
use crate::ports::Apis;
use crate::ports::gateway::Method;

/// How many integrations one invocation changes: the control plane lets a burst of 40 requests through, and then 10 a
/// second, for everybody in the account
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>).
pub const BATCH: usize = 30;

/// What has to be changed, and what somebody else changed.
#[derive(Debug, PartialEq, Eq)]
pub struct Work<'a> {
    /// Those that still point at the link they are to leave.
    pub left: Vec<&'a Integration>,
    /// Those that point at neither link or are gone, for people.
    pub foreign: Vec<String>,
}

/// Compares the configuration with the integrations of the plan.
#[must_use]
pub fn work<'a>(methods: &[Method], planned: &'a [Integration], from: &str, to: &str) -> Work<'a> {
    let mut work = Work { left: Vec::new(), foreign: Vec::new() };
    for integration in planned {
        let method = methods
            .iter()
            .find(|method| method.resource_id == integration.resource_id && method.method == integration.method);
        let link = method.and_then(|method| method.integration.as_ref()).map(|backend| backend.connection_id.as_str());
        match link {
            Some(link) if link == from => work.left.push(integration),
            Some(link) if link == to => {}
            Some(link) => work.foreign.push(format!("{} {} points at {link:?}", integration.method, integration.path)),
            None => work.foreign.push(format!("{} {} is gone", integration.method, integration.path)),
        }
    }
    work
}

/// Points every planned integration that is at `from` at `to`. What somebody else changed is left alone and given back, for
/// the caller to judge.
///
/// # Errors
/// `NotReady` after a batch, with how far it is; what API Gateway answers, a throttle included: the next try goes on
/// where this one ended.
pub async fn point<P: Apis>(
    ports: &P,
    api: &str,
    planned: &[Integration],
    from: &str,
    to: &str,
) -> Result<Vec<String>, PhaseError> {
    let methods = ports.methods(api).await?;
    let work = work(&methods, planned, from, to);
    for integration in work.left.iter().take(BATCH) {
        ports.connect(api, &integration.resource_id, &integration.method, to).await?;
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
    use crate::ports::gateway::Backend;

    fn method(id: &str, link: &str) -> Method {
        Method {
            resource_id: id.to_owned(),
            path: format!("/{id}"),
            method: "GET".to_owned(),
            integration: Some(Backend { connection_id: link.to_owned(), ..Backend::default() }),
            ..Method::default()
        }
    }

    #[test]
    fn only_integrations_at_the_old_link_are_left_and_foreign_edits_are_named() {
        let planned: Vec<Integration> = ["a", "b", "c", "d"]
            .map(|id| Integration {
                resource_id: id.to_owned(),
                path: format!("/{id}"),
                method: "GET".to_owned(),
                ..Integration::default()
            })
            .into();
        let methods = [method("a", "blue1"), method("b", "green1"), method("c", "other"), method("x", "blue1")];
        let work = work(&methods, &planned, "blue1", "green1");
        assert_eq!(work.left, [&planned[0]]);
        assert_eq!(work.foreign, ["GET /c points at \"other\"", "GET /d is gone"]);
    }
}
