//! References to VPC links.
//!
//! AWS refuses to delete a link that a method or a deployed stage refers to, and lists the references as
//! `RESTApiId:Method:Resource:Stage`. AWS does not publish the format for methods that are not deployed; here it is the
//! same without the stage. It does not publish either whether a stage variable that names the link counts; here it does.

use std::collections::{BTreeMap, BTreeSet};

use super::error::{ApiError, Result};
use super::resources::Resource;
use super::state::{Api, State};

/// `BadRequestException` if anything refers to the link.
pub(crate) fn refuse_referenced_link(state: &State, link: &str) -> Result<()> {
    let deployed: BTreeSet<String> = state.apis.iter().flat_map(|(id, api)| deployed(id, api, link)).collect();
    if !deployed.is_empty() {
        return Err(refusal(link, &deployed, "RESTApiId:Method:Resource:Stage"));
    }
    let none = BTreeMap::new();
    let edited: BTreeSet<String> = state
        .apis
        .iter()
        .flat_map(|(id, api)| {
            let users = users(&api.configuration.resources, link, &none);
            users.into_iter().map(move |(verb, resource)| format!("{id}:{verb}:{resource}"))
        })
        .collect();
    if edited.is_empty() { Ok(()) } else { Err(refusal(link, &edited, "RESTApiId:Method:Resource")) }
}

fn refusal(link: &str, references: &BTreeSet<String>, format: &str) -> ApiError {
    let references = references.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    ApiError::bad_request(format!(
        "Cannot delete vpc link. Vpc link '{link}', is referenced in [{references}] in format of [{format}]."
    ))
}

fn deployed(id: &str, api: &Api, link: &str) -> Vec<String> {
    let mut references = Vec::new();
    for stage in api.stages.values() {
        let variables = stage.variables.clone().unwrap_or_default();
        let mut served = vec![(stage.deployment_id.as_str(), variables.clone())];
        if let Some(canary) = &stage.canary_settings {
            let mut overridden = variables;
            overridden.extend(canary.stage_variable_overrides.clone().unwrap_or_default());
            served.push((canary.deployment_id.as_str(), overridden));
        }
        for (deployment, variables) in served {
            let Some(deployment) = api.deployments.get(deployment) else { continue };
            for (verb, resource) in users(&deployment.snapshot.configuration.resources, link, &variables) {
                references.push(format!("{id}:{verb}:{resource}:{}", stage.stage_name));
            }
        }
    }
    references
}

/// The methods (verb and resource id) whose connection is this link, directly or by a stage variable.
fn users(
    resources: &BTreeMap<String, Resource>,
    link: &str,
    variables: &BTreeMap<String, String>,
) -> Vec<(String, String)> {
    let uses =
        |connection: &str| match connection.strip_prefix("${stageVariables.").and_then(|name| name.strip_suffix('}')) {
            Some(name) => variables.get(name).is_some_and(|value| value == link),
            None => connection == link,
        };
    resources
        .values()
        .flat_map(|resource| resource.methods.iter().map(move |(verb, method)| (resource, verb, method)))
        .filter(|(_, _, method)| {
            let integration = method.method_integration.as_ref();
            integration.and_then(|integration| integration.connection_id.as_deref()).is_some_and(uses)
        })
        .map(|(resource, verb, _)| (verb.clone(), resource.id.clone()))
        .collect()
}
