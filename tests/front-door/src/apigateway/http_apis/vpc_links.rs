//! VPC links V2: network interfaces in subnets, from which requests reach the load balancers of a VPC. Several APIs share one, and
//! neither subnets nor security groups change (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-vpc-links.html>).
//!
//! A link is PENDING at first, as those of V1 are, and takes the same time here. That a link is INACTIVE after 60 days without traffic is
//! not simulated; nor is a link looked for that REST APIs name beside an `integrationTarget`.

use std::collections::BTreeMap;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::page::page;
use super::{now, unknown};
use crate::apigateway::error::{ApiError, Result};
use crate::apigateway::id;
use crate::apigateway::request::{Answer, Request};
use crate::apigateway::state::State;

/// "VPC links per account per Region" (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>).
const LINKS: usize = 10;

/// A link and its state.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VpcLink {
    pub(crate) created_date: String,
    pub(crate) name: String,
    pub(crate) security_group_ids: Vec<String>,
    pub(crate) subnet_ids: Vec<String>,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) vpc_link_id: String,
    vpc_link_status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    vpc_link_status_message: Option<&'static str>,
    vpc_link_version: &'static str,
    /// End of the current state, PENDING or DELETING.
    #[serde(skip)]
    until: Instant,
}

/// The states of a link that are simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Status {
    Pending,
    Available,
    Deleting,
}

impl VpcLink {
    /// Applies the transition that is due. `false` means that the link is deleted.
    pub(super) fn settle(&mut self, now: Instant) -> bool {
        if now >= self.until && self.vpc_link_status == Status::Pending {
            self.vpc_link_status = Status::Available;
            self.vpc_link_status_message = Some("VPC link is ready to route traffic");
        }
        now < self.until || self.vpc_link_status != Status::Deleting
    }

    /// From when it carries requests.
    pub(crate) fn available_from(&self) -> Option<Instant> {
        (self.vpc_link_status != Status::Deleting).then_some(self.until)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Create {
    #[serde(default)]
    name: String,
    #[serde(default)]
    security_group_ids: Vec<String>,
    #[serde(default)]
    subnet_ids: Vec<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

pub(super) fn create(state: &mut State, request: &Request) -> Result<Answer> {
    let input: Create = request.json()?;
    if input.name.is_empty() || input.subnet_ids.is_empty() {
        return Err(ApiError::bad_request("A VPC link needs a name and at least one subnet"));
    }
    if state.http.vpc_links.len() >= LINKS {
        return Err(ApiError::limit_exceeded_v2(format!("Maximum number of VPC links has been reached: {LINKS}")));
    }
    let link = VpcLink {
        created_date: now(),
        name: input.name,
        security_group_ids: input.security_group_ids,
        subnet_ids: input.subnet_ids,
        tags: input.tags,
        vpc_link_id: id::random(6),
        vpc_link_status: Status::Pending,
        vpc_link_status_message: Some("VPC link is provisioning ENIs"),
        vpc_link_version: "V2",
        until: Instant::now() + state.context.vpc_link_creation,
    };
    let answer = Answer::created(&link);
    state.http.vpc_links.insert(link.vpc_link_id.clone(), link);
    answer
}

pub(super) fn get(state: &State, request: &Request) -> Result<Answer> {
    let id = request.label(0);
    Answer::ok(state.http.vpc_links.get(id).ok_or_else(|| unknown("VpcLink", id))?)
}

pub(super) fn list(state: &State, request: &Request) -> Result<Answer> {
    page(request, state.http.vpc_links.values())
}

/// Deletes a link, used or not: the API reference knows no refusal.
pub(super) fn delete(state: &mut State, request: &Request) -> Result<Answer> {
    let id = request.label(0);
    let deletion = state.context.vpc_link_deletion;
    let link = state.http.vpc_links.get_mut(id).ok_or_else(|| unknown("VpcLink", id))?;
    if link.vpc_link_status != Status::Deleting {
        link.vpc_link_status = Status::Deleting;
        link.vpc_link_status_message = Some("VPC link is deleting ENIs");
        link.until = Instant::now() + deletion;
    }
    Answer::accepted(&serde_json::json!({}))
}
