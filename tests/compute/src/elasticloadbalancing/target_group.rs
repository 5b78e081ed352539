//! Target groups: create, describe, delete.
//!
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html>

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{Outcome, attribute, checked_name, health_check::HealthCheck, page, target::Target};
use crate::{
    account::{Account, State},
    identifier,
    query_protocol::{Fault, Parameters},
    xml::Element,
};

/// A target group.
pub(crate) struct TargetGroup {
    /// Its ARN.
    pub(crate) arn: String,
    /// Its name.
    pub(crate) name: String,
    /// The last part of its ARN.
    pub(crate) id: String,
    /// The protocol: `TCP`, `TLS`, `UDP` or `TCP_UDP`.
    pub(crate) protocol: String,
    /// The default port of targets.
    pub(crate) port: u16,
    /// The VPC of its targets.
    pub(crate) vpc: Option<String>,
    /// The target type, `instance` or `ip`.
    pub(crate) target_type: String,
    /// The health check settings.
    pub(crate) health_check: HealthCheck,
    /// Attributes by key.
    pub(crate) attributes: BTreeMap<String, String>,
    /// Tags.
    pub(crate) tags: BTreeMap<String, String>,
    /// Targets by id and port.
    pub(crate) targets: BTreeMap<(String, u16), Target>,
}

impl TargetGroup {
    /// `targetgroup/<name>/<id>`: the value of CloudWatch's `TargetGroup` dimension.
    pub(crate) fn dimension(&self) -> String {
        format!("targetgroup/{}/{}", self.name, self.id)
    }

    /// Whether an attribute is `true`.
    pub(crate) fn is_on(&self, attribute: &str) -> bool {
        self.attributes.get(attribute).is_some_and(|value| value == "true")
    }

    /// The deregistration delay, before [`crate::Delays::target_scale`].
    pub(crate) fn deregistration_delay(&self) -> Duration {
        let seconds = self.attributes.get("deregistration_delay.timeout_seconds").and_then(|value| value.parse().ok());
        Duration::from_secs(seconds.unwrap_or(300))
    }

    fn element(&self, state: &State) -> Vec<Element> {
        let balancers = balancers_of(state, &self.arn);
        let mut element = vec![
            Element::text("TargetGroupArn", &self.arn),
            Element::text("TargetGroupName", &self.name),
            Element::text("Protocol", &self.protocol),
            Element::text("Port", self.port),
            Element::text("HealthCheckProtocol", &self.health_check.protocol),
            Element::text("HealthCheckPort", &self.health_check.port),
            Element::text("HealthCheckEnabled", true),
            Element::text("HealthCheckIntervalSeconds", self.health_check.interval),
            Element::text("HealthCheckTimeoutSeconds", self.health_check.timeout),
            Element::text("HealthyThresholdCount", self.health_check.healthy),
            Element::text("UnhealthyThresholdCount", self.health_check.unhealthy),
            Element::texts("LoadBalancerArns", balancers),
            Element::text("TargetType", &self.target_type),
            Element::text("IpAddressType", "ipv4"),
        ];
        if let Some(vpc) = &self.vpc {
            element.push(Element::text("VpcId", vpc));
        }
        if let Some(path) = &self.health_check.path {
            element.push(Element::text("HealthCheckPath", path));
        }
        if let Some(matcher) = &self.health_check.matcher {
            element.push(Element::new("Matcher", vec![Element::text("HttpCode", matcher)]));
        }
        element
    }
}

/// The load balancers with a listener that forwards to a target group.
pub(crate) fn balancers_of<'a>(state: &'a State, target_group: &str) -> BTreeSet<&'a str> {
    state
        .listeners
        .values()
        .filter(|listener| listener.forwards.iter().any(|(arn, _)| arn == target_group))
        .map(|listener| listener.load_balancer.as_str())
        .collect()
}

/// A target group by ARN.
pub(crate) fn find_mut<'a>(state: &'a mut State, arn: &str) -> Result<&'a mut TargetGroup, Fault> {
    state
        .target_groups
        .get_mut(arn)
        .ok_or_else(|| Fault::new("TargetGroupNotFound", format!("Target groups '{arn}' not found")))
}

/// `CreateTargetGroup`. Repeating it with the same settings succeeds; other settings under the same name are refused.
pub(crate) fn create(account: &Account, sent: &Parameters) -> Outcome {
    let name = checked_name("Target group", sent.required("Name")?)?.to_owned();
    let target_type = sent.get("TargetType").unwrap_or("instance").to_owned();
    if !matches!(target_type.as_str(), "instance" | "ip") {
        return Err(Fault::validation(format!("Target type '{target_type}' is not simulated")));
    }
    let protocol = sent.required("Protocol")?.to_owned();
    if !matches!(protocol.as_str(), "TCP" | "TLS" | "UDP" | "TCP_UDP") {
        return Err(Fault::validation(format!("Protocol '{protocol}' is none of a Network Load Balancer")));
    }
    sent.required("Port")?;
    let port = sent.number("Port", 1, 65535)?.and_then(|port| u16::try_from(port).ok()).unwrap_or_default();
    let vpc = sent.required("VpcId")?.to_owned();
    let id = identifier::hexadecimal(16);
    let group = TargetGroup {
        arn: account.arn("elasticloadbalancing", &format!("targetgroup/{name}/{id}")),
        id,
        protocol,
        port,
        vpc: Some(vpc),
        health_check: HealthCheck::read(sent)?,
        attributes: attribute::target_group_defaults(&target_type),
        tags: sent.tags("Tags"),
        targets: BTreeMap::new(),
        target_type,
        name,
    };
    let mut state = account.state();
    if let Some(existing) = state.target_groups.values().find(|existing| existing.name == group.name) {
        let same = existing.protocol == group.protocol
            && existing.port == group.port
            && existing.vpc == group.vpc
            && existing.target_type == group.target_type
            && existing.health_check == group.health_check;
        return if same {
            Ok(vec![Element::members("TargetGroups", [existing.element(&state)])])
        } else {
            let message =
                format!("A target group with the same name '{}' exists, but with different settings", group.name);
            Err(Fault::new("DuplicateTargetGroupName", message))
        };
    }
    let answer = group.element(&state);
    state.target_groups.insert(group.arn.clone(), group);
    Ok(vec![Element::members("TargetGroups", [answer])])
}

/// `DescribeTargetGroups`: all, by ARN, by name or of one load balancer.
pub(crate) fn describe(account: &Account, sent: &Parameters) -> Outcome {
    let (arns, names) = (sent.list("TargetGroupArns"), sent.list("Names"));
    let state = account.state();
    let all = || state.target_groups.values();
    let missing = arns
        .iter()
        .find(|arn| !state.target_groups.contains_key(*arn))
        .or_else(|| names.iter().find(|name| !all().any(|group| group.name == **name)));
    if let Some(missing) = missing {
        return Err(Fault::new("TargetGroupNotFound", format!("Target groups '[{missing}]' not found")));
    }
    let balancer = sent.get("LoadBalancerArn");
    if let Some(arn) = balancer.filter(|arn| !state.load_balancers.contains_key(*arn)) {
        return Err(super::load_balancer::absent(arn));
    }
    let found = all()
        .filter(|group| arns.is_empty() || arns.contains(&group.arn))
        .filter(|group| names.is_empty() || names.contains(&group.name))
        .filter(|group| balancer.is_none_or(|arn| balancers_of(&state, &group.arn).contains(arn)));
    page(sent, "TargetGroups", found.map(|group| group.element(&state)).collect())
}

/// `DeleteTargetGroup`. One that does not exist is not an error; one that a listener uses is refused.
pub(crate) fn delete(account: &Account, sent: &Parameters) -> Outcome {
    let arn = sent.required("TargetGroupArn")?;
    let mut state = account.state();
    if !balancers_of(&state, arn).is_empty() {
        return Err(Fault::new(
            "ResourceInUse",
            format!("Target group '{arn}' is currently in use by a listener or a rule"),
        ));
    }
    state.target_groups.remove(arn);
    Ok(Vec::new())
}
