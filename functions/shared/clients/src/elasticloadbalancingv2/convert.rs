//! From the SDK's types to the domain's.

use aws_sdk_elasticloadbalancingv2::types::{self, EnablePrefixForIpv6SourceNatEnum, TargetGroupTuple};
use domain::plan::edge::{HealthCheck, Listener, LoadBalancer, TargetGroup};
use std::collections::BTreeSet;

fn text(value: Option<&str>) -> String {
    value.unwrap_or_default().to_owned()
}

fn port(value: Option<i32>) -> u16 {
    value.and_then(|port| port.try_into().ok()).unwrap_or_default()
}

pub(super) fn balancer(balancer: &types::LoadBalancer) -> LoadBalancer {
    let zones = balancer.availability_zones();
    // An address here is one that somebody chose: AWS leaves the list empty for those that it assigns itself.
    let fixed = zones.iter().flat_map(|zone| zone.load_balancer_addresses()).any(|address| {
        address.allocation_id().is_some()
            || address.private_ipv4_address().is_some()
            || address.ipv6_address().is_some()
    });
    LoadBalancer {
        arn: text(balancer.load_balancer_arn()),
        name: text(balancer.load_balancer_name()),
        dns_name: text(balancer.dns_name()),
        kind: balancer.r#type().map_or("", types::LoadBalancerTypeEnum::as_str).to_owned(),
        scheme: balancer.scheme().map_or("", types::LoadBalancerSchemeEnum::as_str).to_owned(),
        ip_address_type: balancer.ip_address_type().map_or("ipv4", types::IpAddressType::as_str).to_owned(),
        vpc_id: text(balancer.vpc_id()),
        subnet_ids: zones.iter().filter_map(|zone| zone.subnet_id().map(ToOwned::to_owned)).collect(),
        security_group_ids: balancer.security_groups().to_vec(),
        private_link_enforcement: balancer
            .enforce_security_group_inbound_rules_on_private_link_traffic()
            .map(ToOwned::to_owned),
        ipv6_source_nat: balancer.enable_prefix_for_ipv6_source_nat() == Some(&EnablePrefixForIpv6SourceNatEnum::On),
        fixed_addresses: fixed,
        state: balancer
            .state()
            .and_then(|state| state.code())
            .map_or("", types::LoadBalancerStateEnum::as_str)
            .to_owned(),
        ..LoadBalancer::default()
    }
}

pub(super) fn target_group(group: &types::TargetGroup) -> TargetGroup {
    TargetGroup {
        arn: text(group.target_group_arn()),
        name: text(group.target_group_name()),
        protocol: group.protocol().map_or("", types::ProtocolEnum::as_str).to_owned(),
        port: port(group.port()),
        vpc_id: text(group.vpc_id()),
        target_type: group.target_type().map_or("instance", types::TargetTypeEnum::as_str).to_owned(),
        ip_address_type: group.ip_address_type().map_or("ipv4", types::TargetGroupIpAddressTypeEnum::as_str).to_owned(),
        health_check: HealthCheck {
            protocol: group.health_check_protocol().map_or("TCP", types::ProtocolEnum::as_str).to_owned(),
            port: group.health_check_port().unwrap_or("traffic-port").to_owned(),
            path: group.health_check_path().map(ToOwned::to_owned),
            matcher: group.matcher().and_then(|matcher| matcher.http_code()).map(ToOwned::to_owned),
            interval_seconds: group.health_check_interval_seconds().unwrap_or_default(),
            timeout_seconds: group.health_check_timeout_seconds().unwrap_or_default(),
            healthy_threshold: group.healthy_threshold_count().unwrap_or_default(),
            unhealthy_threshold: group.unhealthy_threshold_count().unwrap_or_default(),
        },
        ..TargetGroup::default()
    }
}

/// Without the certificates that are not in the listener itself, and without attributes.
pub(super) fn listener(listener: &types::Listener) -> Listener {
    let mut forwards_to = BTreeSet::new();
    for action in listener.default_actions() {
        forwards_to.extend(action.target_group_arn().map(ToOwned::to_owned));
        let groups = action.forward_config().map(|forward| forward.target_groups()).unwrap_or_default();
        forwards_to.extend(groups.iter().filter_map(TargetGroupTuple::target_group_arn).map(ToOwned::to_owned));
    }
    Listener {
        arn: text(listener.listener_arn()),
        port: port(listener.port()),
        protocol: listener.protocol().map_or("", types::ProtocolEnum::as_str).to_owned(),
        certificates: listener
            .certificates()
            .iter()
            .filter_map(|certificate| certificate.certificate_arn().map(ToOwned::to_owned))
            .collect(),
        ssl_policy: listener.ssl_policy().map(ToOwned::to_owned),
        alpn_policy: listener.alpn_policy().first().cloned(),
        target_group_arns: forwards_to.into_iter().collect(),
        ..Listener::default()
    }
}
