//! Attributes of load balancers and target groups.
//!
//! Keys and defaults: <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html> and
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html>.

use std::collections::BTreeMap;

use super::{Outcome, listener, load_balancer, target_group};
use crate::{
    account::Account,
    query_protocol::{Fault, Parameters},
    xml::Element,
};

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// Default attributes of a Network Load Balancer.
pub(crate) fn load_balancer_defaults() -> BTreeMap<String, String> {
    map(&[
        ("access_logs.s3.bucket", ""),
        ("access_logs.s3.enabled", "false"),
        ("access_logs.s3.prefix", ""),
        ("deletion_protection.enabled", "false"),
        ("dns_record.client_routing_policy", "any_availability_zone"),
        ("ipv6.deny_all_igw_traffic", "false"),
        ("load_balancing.cross_zone.enabled", "false"),
        ("secondary_ips.auto_assigned.per_subnet", "0"),
        ("zonal_shift.config.enabled", "false"),
    ])
}

/// Default attributes of a target group. Client IP addresses are preserved for `instance` targets and not for `ip` targets.
pub(crate) fn target_group_defaults(target_type: &str) -> BTreeMap<String, String> {
    let mut defaults = map(&[
        ("deregistration_delay.connection_termination.enabled", "false"),
        ("deregistration_delay.timeout_seconds", "300"),
        ("load_balancing.cross_zone.enabled", "use_load_balancer_configuration"),
        ("proxy_protocol_v2.enabled", "false"),
        ("stickiness.enabled", "false"),
        ("stickiness.type", "source_ip"),
        ("target_group_health.dns_failover.minimum_healthy_targets.count", "1"),
        ("target_group_health.dns_failover.minimum_healthy_targets.percentage", "off"),
        ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "1"),
        ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "off"),
        ("target_health_state.unhealthy.connection_termination.enabled", "true"),
        ("target_health_state.unhealthy.draining_interval_seconds", "0"),
    ]);
    defaults.insert("preserve_client_ip.enabled".to_owned(), (target_type == "instance").to_string());
    defaults
}

/// Default attributes of a listener: <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ListenerAttribute.html>
pub(crate) fn listener_defaults(protocol: &str) -> BTreeMap<String, String> {
    if protocol == "TCP" { map(&[("tcp.idle_timeout.seconds", "350")]) } else { BTreeMap::new() }
}

fn element(attributes: &BTreeMap<String, String>) -> Vec<Element> {
    let members = attributes.iter().map(|(key, value)| vec![Element::text("Key", key), Element::text("Value", value)]);
    vec![Element::members("Attributes", members)]
}

/// Applies all changes or none. Keys that the resource does not have are refused.
fn modify(attributes: &mut BTreeMap<String, String>, sent: &Parameters) -> Outcome {
    let changes = sent.tags("Attributes");
    for (key, value) in &changes {
        let Some(present) = attributes.get(key) else {
            return Err(Fault::validation(format!("Attribute key '{key}' is not recognized")));
        };
        let boolean = matches!(present.as_str(), "true" | "false");
        if boolean && !matches!(value.as_str(), "true" | "false") {
            return Err(Fault::validation(format!("Attribute value '{value}' for '{key}' must be true or false")));
        }
        let seconds = key == "deregistration_delay.timeout_seconds";
        if seconds && !value.parse::<u32>().is_ok_and(|seconds| seconds <= 3600) {
            return Err(Fault::validation("deregistration_delay.timeout_seconds must be between 0 and 3600"));
        }
        let idle = key == "tcp.idle_timeout.seconds";
        if idle && !value.parse::<u32>().is_ok_and(|seconds| (60..=6000).contains(&seconds)) {
            return Err(Fault::validation("tcp.idle_timeout.seconds must be between 60 and 6000"));
        }
    }
    attributes.extend(changes);
    Ok(element(attributes))
}

/// `DescribeLoadBalancerAttributes`
pub(crate) fn describe_load_balancer(account: &Account, sent: &Parameters) -> Outcome {
    let mut state = account.state();
    Ok(element(&load_balancer::find_mut(&mut state, sent.required("LoadBalancerArn")?)?.attributes))
}

/// `ModifyLoadBalancerAttributes`
pub(crate) fn modify_load_balancer(account: &Account, sent: &Parameters) -> Outcome {
    let mut state = account.state();
    modify(&mut load_balancer::find_mut(&mut state, sent.required("LoadBalancerArn")?)?.attributes, sent)
}

/// `DescribeListenerAttributes`
pub(crate) fn describe_listener(account: &Account, sent: &Parameters) -> Outcome {
    let mut state = account.state();
    Ok(element(&listener::find_mut(&mut state, sent.required("ListenerArn")?)?.attributes))
}

/// `ModifyListenerAttributes`. The idle time-out is stored and has no effect.
pub(crate) fn modify_listener(account: &Account, sent: &Parameters) -> Outcome {
    let mut state = account.state();
    modify(&mut listener::find_mut(&mut state, sent.required("ListenerArn")?)?.attributes, sent)
}

/// `DescribeTargetGroupAttributes`
pub(crate) fn describe_target_group(account: &Account, sent: &Parameters) -> Outcome {
    let mut state = account.state();
    Ok(element(&target_group::find_mut(&mut state, sent.required("TargetGroupArn")?)?.attributes))
}

/// `ModifyTargetGroupAttributes`
pub(crate) fn modify_target_group(account: &Account, sent: &Parameters) -> Outcome {
    let mut state = account.state();
    modify(&mut target_group::find_mut(&mut state, sent.required("TargetGroupArn")?)?.attributes, sent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_unknown_key_refuses_the_whole_change() {
        let mut attributes = load_balancer_defaults();
        let sent = Parameters::parse(
            "Attributes.member.1.Key=deletion_protection.enabled&Attributes.member.1.Value=true\
             &Attributes.member.2.Key=no.such&Attributes.member.2.Value=1",
        );
        assert!(modify(&mut attributes, &sent).is_err());
        assert_eq!(attributes, load_balancer_defaults());
    }
}
