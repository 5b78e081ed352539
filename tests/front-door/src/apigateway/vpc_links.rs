//! VPC links (V1): the private way from API Gateway to a Network Load Balancer.
//!
//! AWS creates an endpoint service for the load balancer and connects to it, which takes two to four minutes: the link is
//! PENDING, then AVAILABLE, or FAILED if there is no such Network Load Balancer. The target cannot be changed, and a link
//! cannot be deleted while an API refers to it. The times are configurable here; the endpoint service does not appear in
//! EC2. See "Set up API Gateway private integrations using VPC links (legacy)".

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::error::{ApiError, Result};
use super::id;
use super::page::page;
use super::references;
use super::request::{Answer, Request};
use super::state::State;

/// A link and its state.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VpcLink {
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    pub(crate) target_arns: Vec<String>,
    pub(crate) status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status_message: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) tags: BTreeMap<String, String>,
    /// End of the current state, PENDING or DELETING.
    #[serde(skip)]
    pub(crate) until: Instant,
}

/// The states of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Status {
    /// Being created; carries no requests.
    Pending,
    /// Carries requests.
    Available,
    /// Being deleted; carries no requests.
    Deleting,
    /// Creation failed.
    Failed,
}

impl VpcLink {
    /// Whether its time in PENDING is over.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.status == Status::Pending && now >= self.until
    }

    /// Applies the transition that is due. `false` means that the link is deleted.
    pub(crate) fn settle(&mut self, now: Instant, existing: &BTreeSet<String>) -> bool {
        if now < self.until {
            return true;
        }
        match self.status {
            Status::Deleting => return false,
            Status::Available | Status::Failed => {}
            Status::Pending => match self.target_arns.iter().find(|arn| !existing.contains(*arn)) {
                None => {
                    self.status = Status::Available;
                    self.status_message = Some("Your vpc link is ready for use".into());
                }
                Some(arn) => {
                    self.status = Status::Failed;
                    self.status_message = Some(format!("NLB ARN {arn} does not name an active Network Load Balancer"));
                }
            },
        }
        true
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Create {
    #[serde(default)]
    name: String,
    description: Option<String>,
    #[serde(default)]
    target_arns: Vec<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

pub(crate) fn create(state: &mut State, request: &Request) -> Result<Answer> {
    let input: Create = request.json()?;
    if input.name.is_empty() {
        return Err(ApiError::bad_request("Name cannot be empty"));
    }
    match input.target_arns.as_slice() {
        [] => return Err(ApiError::bad_request("No target arn specified for vpc link.")),
        [arn] if arn.starts_with("arn:") && arn.contains(":elasticloadbalancing:") => {}
        [arn] => return Err(ApiError::bad_request(format!("Invalid ARN. ARN is not well formed {arn}"))),
        _ => return Err(ApiError::bad_request("More than one target arn specified for vpc link.")),
    }
    let link = VpcLink {
        id: id::random(6),
        name: input.name,
        description: input.description,
        target_arns: input.target_arns,
        status: Status::Pending,
        status_message: None,
        tags: input.tags,
        until: Instant::now() + state.context.vpc_link_creation,
    };
    let answer = Answer::accepted(&link);
    state.vpc_links.insert(link.id.clone(), link);
    answer
}

fn unknown() -> ApiError {
    ApiError::not_found("Invalid Vpc Link identifier specified")
}

pub(crate) fn get(state: &State, request: &Request) -> Result<Answer> {
    Answer::ok(state.vpc_links.get(request.label(0)).ok_or_else(unknown)?)
}

pub(crate) fn list(state: &State, request: &Request) -> Result<Answer> {
    page(request, state.vpc_links.values())
}

pub(crate) fn delete(state: &mut State, request: &Request) -> Result<Answer> {
    let id = request.label(0);
    let deletion: Duration = state.context.vpc_link_deletion;
    if !state.vpc_links.contains_key(id) {
        return Err(unknown());
    }
    references::refuse_referenced_link(state, id)?;
    let link = state.vpc_links.get_mut(id).ok_or_else(unknown)?;
    if link.status != Status::Deleting {
        link.status = Status::Deleting;
        link.status_message = Some("Your vpc link is being deleted".into());
        link.until = Instant::now() + deletion;
    }
    Ok(Answer::deleted())
}
