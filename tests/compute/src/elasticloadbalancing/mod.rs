//! The control plane of Network Load Balancers (Elastic Load Balancing version 2), simulated.
//!
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Operations.html>; each kind of
//! resource has a file. Health checks and traffic are in [`crate::network_load_balancer`].

mod attribute;
mod authorization;
mod certificate;
pub(crate) mod health_check;
pub(crate) mod listener;
pub(crate) mod load_balancer;
mod security_group;
mod tag;
pub(crate) mod target;
pub(crate) mod target_group;

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use iam::Access;

use crate::{
    account::Account,
    query_protocol::{Fault, Parameters, respond},
    xml::Element,
};

const NAMESPACE: &str = "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/";

/// The result of an operation: the members of its result element, or an error.
type Outcome = Result<Vec<Element>, Fault>;

/// Answers one HTTP request.
pub(crate) async fn handle(account: Arc<Account>, request: Request<Bytes>) -> Response<Bytes> {
    let sent = Parameters::parse(&String::from_utf8_lossy(request.body()));
    let action = sent.get("Action").unwrap_or_default().to_owned();
    let outcome = match action.as_str() {
        "CreateLoadBalancer" => load_balancer::create(&account, &sent).await,
        "DescribeLoadBalancers" => load_balancer::describe(&account, &sent),
        "DeleteLoadBalancer" => load_balancer::delete(&account, &sent),
        "SetSecurityGroups" => security_group::set(&account, &sent).await,
        "DescribeLoadBalancerAttributes" => attribute::describe_load_balancer(&account, &sent),
        "ModifyLoadBalancerAttributes" => attribute::modify_load_balancer(&account, &sent),
        "CreateTargetGroup" => target_group::create(&account, &sent),
        "DescribeTargetGroups" => target_group::describe(&account, &sent),
        "DeleteTargetGroup" => target_group::delete(&account, &sent),
        "DescribeTargetGroupAttributes" => attribute::describe_target_group(&account, &sent),
        "ModifyTargetGroupAttributes" => attribute::modify_target_group(&account, &sent),
        "CreateListener" => listener::create(&account, &sent),
        "DescribeListeners" => listener::describe(&account, &sent),
        "DeleteListener" => listener::delete(&account, &sent),
        "DescribeListenerAttributes" => attribute::describe_listener(&account, &sent),
        "ModifyListenerAttributes" => attribute::modify_listener(&account, &sent),
        "DescribeListenerCertificates" => certificate::describe(&account, &sent),
        "AddListenerCertificates" => certificate::add(&account, &sent),
        "RegisterTargets" => target::register(&account, &sent),
        "DeregisterTargets" => target::deregister(&account, &sent),
        "DescribeTargetHealth" => target::describe_health(&account, &sent),
        "DescribeTags" => tag::describe(&account, &sent),
        other => Err(Fault { status: 501, code: "InvalidAction".into(), message: format!("{other} is not simulated") }),
    };
    respond(&action, NAMESPACE, outcome)
}

/// What IAM checks for a request.
pub(crate) async fn accesses(account: Arc<Account>, request: Request<Bytes>) -> Vec<Access> {
    authorization::accesses(&account, &Parameters::parse(&String::from_utf8_lossy(request.body())))
}

/// A page of a list by `PageSize` and `Marker`.
fn page(sent: &Parameters, member: &str, all: Vec<Vec<Element>>) -> Outcome {
    let size = usize::try_from(sent.number("PageSize", 1, 400)?.unwrap_or(400)).unwrap_or(400);
    let start = match sent.get("Marker") {
        None | Some("") => 0,
        Some(marker) => marker.parse::<usize>().map_err(|_| Fault::validation("Invalid marker"))?,
    };
    let next = start.saturating_add(size);
    let more = next < all.len();
    let mut result = vec![Element::members(member, all.into_iter().skip(start).take(size))];
    if more {
        result.push(Element::text("NextMarker", next));
    }
    Ok(result)
}

/// Checks a name: up to 32 alphanumeric characters and hyphens, no hyphen at either end.
fn checked_name<'a>(kind: &str, name: &'a str) -> Result<&'a str, Fault> {
    if name.len() > 32 {
        return Err(Fault::validation(format!("{kind} name '{name}' cannot be longer than '32' characters")));
    }
    if !name.chars().all(|character| character.is_ascii_alphanumeric() || character == '-') {
        return Err(Fault::validation(format!(
            "{kind} name '{name}' can only contain characters that are alphanumeric characters and hyphens(-)"
        )));
    }
    if name.starts_with('-') || name.ends_with('-') {
        return Err(Fault::validation(format!("{kind} name '{name}' cannot begin or end with a hyphen(-)")));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_at_most_32_characters_and_no_hyphen_at_an_end() {
        assert!(checked_name("Load balancer", &"a".repeat(32)).is_ok());
        assert!(checked_name("Load balancer", &"a".repeat(33)).is_err());
        assert!(checked_name("Load balancer", "-a").is_err());
        assert!(checked_name("Load balancer", "a_b").is_err());
    }
}
