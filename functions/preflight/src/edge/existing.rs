//! A load balancer and a VPC link that the user built for green, held against blue's.

use super::Ports;
use crate::compute::Differences;
use domain::gateway::link::Lead;
use domain::plan::edge::{Edge, Listener, LoadBalancer, TargetGroup};
use domain::plan::{ExistingEdge, Found};
use domain::ports::load_balancers::Named;
use domain::{Input, PhaseError, Problem};

const BALANCER: &str = "$.green.loadBalancer";
const LINK: &str = "$.green.vpcLink";

/// Members that say which load balancer, target group or listener it is, and what is compared on its own.
const OF_A_BALANCER: [&str; 10] =
    ["arn", "name", "dnsName", "kind", "scheme", "vpcId", "state", "fixedAddresses", "tags", "ipAddressType"];
const OF_A_GROUP: [&str; 10] =
    ["arn", "name", "protocol", "port", "vpcId", "targetType", "ipAddressType", "attributes", "attached", "tags"];
const OF_A_LISTENER: [&str; 4] = ["arn", "port", "protocol", "targetGroupArns"];

/// How Pods are told a client's address: both sides of a connection must mean the same
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html#proxy-protocol>).
const PROXY_PROTOCOL: &str = "proxy_protocol_v2.enabled";

/// Reads what the input names, compares it, and has the facts keep it.
pub(super) async fn read<P: Ports>(
    ports: &P,
    input: &Input,
    lead: Option<&Lead>,
    found: &mut Found<Edge>,
) -> Result<(), PhaseError> {
    let Some(arn) = &input.green.load_balancer else { return Ok(()) };
    if found.facts.load_balancer.arn.is_empty() {
        // Blue's own is told already.
        return Ok(());
    }
    let Some(balancer) = ports.load_balancer(Named::Arn(arn)).await? else {
        let message = format!(
            "there is no load balancer {arn} in this account and Region; see `aws elbv2 describe-load-balancers`"
        );
        found.problems.push(Problem::new(BALANCER, message));
        return Ok(());
    };
    let listeners = ports.listeners(arn).await?;
    let mut differences = Differences::default();
    of_the_balancer(&found.facts.load_balancer, &balancer, &mut differences);
    let mut existing = ExistingEdge { load_balancer_arn: arn.clone(), ..ExistingEdge::default() };
    for like in &found.facts.listeners {
        let Some((listener, group_arn)) = counterpart(like, &listeners, &mut differences) else { continue };
        let blues = found.facts.target_groups.iter().find(|group| like.target_group_arns.contains(&group.arn));
        let (Some(blues), Some(group)) = (blues, ports.target_group(Named::Arn(group_arn)).await?) else { continue };
        of_the_group(blues, &group, &mut differences);
        for foreign in
            ports.attached_to(group_arn).await?.iter().filter(|scaling| scaling.cluster != input.green.cluster)
        {
            differences.breaks(format!(
                "its target group {} has the Auto Scaling group {} in it, which is none of {}: requests to green would reach it. Detach it",
                group.name, foreign.name, input.green.cluster
            ));
        }
        existing.listeners.push((listener.port, listener.arn.clone()));
        if !existing.target_groups.iter().any(|(of, _)| *of == blues.name) {
            existing.target_groups.push((blues.name.clone(), group.arn.clone()));
        }
    }
    let (problems, told) = differences.finish(BALANCER);
    found.problems.extend(problems);
    found.advice.extend(told);
    existing.vpc_link_id = link(ports, input, lead, found).await?;
    found.facts.existing = Some(existing);
    Ok(())
}

fn of_the_balancer(blue: &LoadBalancer, green: &LoadBalancer, differences: &mut Differences) {
    let name = &green.name;
    if green.arn == blue.arn {
        differences.breaks("it is blue's own load balancer, expected another: green is tried beside blue".to_owned());
    }
    for (what, found, expected) in [
        ("type", &green.kind, &blue.kind),
        ("scheme", &green.scheme, &blue.scheme),
        ("VPC", &green.vpc_id, &blue.vpc_id),
        ("address type", &green.ip_address_type, &blue.ip_address_type),
    ] {
        if found != expected {
            differences.breaks(format!(
                "the {what} of the load balancer {name} is {found}, expected {expected} as blue's has it"
            ));
        }
    }
    if green.state != "active" {
        differences.breaks(format!("the load balancer {name} is {}, expected active", green.state));
    }
    differences.members("load balancer:", blue, green, &OF_A_BALANCER);
}

/// The listener in place of one of blue's, and the target group that it forwards to.
fn counterpart<'a>(
    like: &Listener,
    listeners: &'a [Listener],
    differences: &mut Differences,
) -> Option<(&'a Listener, &'a String)> {
    let port = like.port;
    let Some(listener) = listeners.iter().find(|listener| listener.port == port) else {
        differences.breaks(format!(
            "it has no listener on the port {port}, on which blue's has one of {}; add it",
            like.protocol
        ));
        return None;
    };
    if listener.protocol != like.protocol {
        differences
            .breaks(format!("its listener {port} is of {}, expected {} as blue's", listener.protocol, like.protocol));
    }
    differences.members(&format!("listener {port}:"), like, listener, &OF_A_LISTENER);
    let [group] = &listener.target_group_arns[..] else {
        let count = listener.target_group_arns.len();
        differences.breaks(format!("its listener {port} forwards to {count} target groups, expected one"));
        return None;
    };
    Some((listener, group))
}

fn of_the_group(blue: &TargetGroup, green: &TargetGroup, differences: &mut Differences) {
    let name = &green.name;
    if green.arn == blue.arn {
        differences.breaks(format!("its target group {name} is blue's own, expected another"));
    }
    let port = |group: &TargetGroup| group.port.to_string();
    for (what, found, expected) in [
        ("protocol", green.protocol.clone(), blue.protocol.clone()),
        ("port of the nodes", port(green), port(blue)),
        ("target type", green.target_type.clone(), blue.target_type.clone()),
        ("address type", green.ip_address_type.clone(), blue.ip_address_type.clone()),
        ("VPC", green.vpc_id.clone(), blue.vpc_id.clone()),
    ] {
        if found != expected {
            differences.breaks(format!(
                "the {what} of its target group {name} is {found}, expected {expected} as blue's has it"
            ));
        }
    }
    let proxy = |group: &TargetGroup| group.attributes.get(PROXY_PROTOCOL).is_some_and(|value| value == "true");
    if proxy(blue) != proxy(green) {
        differences.breaks(format!(
            "{PROXY_PROTOCOL} of its target group {name} is {}, expected {} as blue's: the same ingress controller answers behind both",
            proxy(green),
            proxy(blue)
        ));
    }
    let of = format!("target group {name}:");
    differences.members(&of, blue, green, &OF_A_GROUP);
    differences.members(&of, &blue.attributes, &green.attributes, &[PROXY_PROTOCOL]);
}

/// The id of the VPC link that the input names, where it can take the place of blue's.
async fn link<P: Ports>(
    ports: &P,
    input: &Input,
    lead: Option<&Lead>,
    found: &mut Found<Edge>,
) -> Result<Option<String>, PhaseError> {
    let (Some(id), Some(balancer)) = (&input.green.vpc_link, &input.green.load_balancer) else { return Ok(None) };
    let mut differences = Differences::default();
    match ports.vpc_link(id).await? {
        _ if matches!(lead, Some(Lead::LoadBalancer(_))) => differences.breaks(
            "the API goes through a VPC link V2, which stays and leads to green's load balancer too; leave $.green.vpcLink out".to_owned(),
        ),
        None => differences.breaks(format!("there is no VPC link {id} (V1) in this account and Region; see `aws apigateway get-vpc-links`")),
        Some(link) => {
            if link.status != "AVAILABLE" {
                differences.breaks(format!("the VPC link {id} is {}, expected AVAILABLE", link.status));
            }
            if link.target_arns != [balancer.clone()] {
                differences.breaks(format!("the VPC link {id} leads to {}, expected {balancer}", link.target_arns.join(", ")));
            }
        }
    }
    let (problems, _) = differences.finish(LINK);
    found.problems.extend(problems);
    Ok(Some(id.clone()))
}
