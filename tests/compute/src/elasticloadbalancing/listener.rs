//! Listeners: create, describe, delete.
//!
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-listeners.html>. Only TCP listeners
//! have a data plane.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::AtomicUsize},
};

use super::{Outcome, attribute, load_balancer, page, target_group};
use crate::{
    account::{Account, State},
    identifier,
    network_load_balancer::relay::DataPlane,
    query_protocol::{Fault, Parameters},
    xml::Element,
};

/// A listener of a Network Load Balancer.
#[derive(Clone, Debug)]
pub(crate) struct Listener {
    /// Its ARN.
    pub(crate) arn: String,
    /// The load balancer's ARN.
    pub(crate) load_balancer: String,
    /// The port that it accepts connections on.
    pub(crate) port: u16,
    /// The protocol: `TCP`, `TLS`, `UDP` or `TCP_UDP`.
    pub(crate) protocol: String,
    /// Target groups with their weights.
    pub(crate) forwards: Vec<(String, u32)>,
    /// Certificates of a TLS listener, the default one first.
    pub(crate) certificates: Vec<String>,
    /// Attributes by key.
    pub(crate) attributes: BTreeMap<String, String>,
    ssl_policy: Option<String>,
    alpn: Vec<String>,
    /// Tags.
    pub(crate) tags: BTreeMap<String, String>,
    /// Number of flows so far, to take targets in turn.
    pub(crate) turn: Arc<AtomicUsize>,
}

impl Listener {
    fn element(&self) -> Vec<Element> {
        let groups = self
            .forwards
            .iter()
            .map(|(arn, weight)| vec![Element::text("TargetGroupArn", arn), Element::text("Weight", weight)]);
        let mut action = vec![Element::text("Type", "forward"), Element::text("Order", 1)];
        if let [(arn, _)] = self.forwards.as_slice() {
            action.push(Element::text("TargetGroupArn", arn));
        }
        action.push(Element::new("ForwardConfig", vec![Element::members("TargetGroups", groups)]));
        let mut element = vec![
            Element::text("ListenerArn", &self.arn),
            Element::text("LoadBalancerArn", &self.load_balancer),
            Element::text("Port", self.port),
            Element::text("Protocol", &self.protocol),
            Element::members("DefaultActions", [action]),
        ];
        if let Some(default) = self.certificates.first() {
            element.push(Element::members("Certificates", [vec![Element::text("CertificateArn", default)]]));
        }
        if let Some(policy) = &self.ssl_policy {
            element.push(Element::text("SslPolicy", policy));
        }
        if !self.alpn.is_empty() {
            element.push(Element::texts("AlpnPolicy", &self.alpn));
        }
        element
    }
}

/// A listener by ARN.
pub(crate) fn find_mut<'a>(state: &'a mut State, arn: &str) -> Result<&'a mut Listener, Fault> {
    state.listeners.get_mut(arn).ok_or_else(|| absent(arn))
}

fn absent(arn: &str) -> Fault {
    Fault::new("ListenerNotFound", format!("Listener '{arn}' not found"))
}

/// The target groups of the default action.
fn forwards(sent: &Parameters) -> Result<Vec<(String, u32)>, Fault> {
    let actions = sent.structures("DefaultActions");
    let [action] = actions.as_slice() else {
        return Err(Fault::validation("A listener of a Network Load Balancer has exactly one default action"));
    };
    if action.required("Type")? != "forward" {
        return Err(Fault::new("InvalidLoadBalancerAction", "Network Load Balancers support only forward actions"));
    }
    let tuples = action.structure("ForwardConfig").structures("TargetGroups");
    if tuples.is_empty() {
        return Ok(vec![(action.required("TargetGroupArn")?.to_owned(), 1)]);
    }
    tuples
        .iter()
        .map(|tuple| {
            let weight = tuple.number("Weight", 0, 999)?.unwrap_or(1);
            Ok((tuple.required("TargetGroupArn")?.to_owned(), u32::try_from(weight).unwrap_or_default()))
        })
        .collect()
}

/// Refuses target groups with an incompatible protocol, in another VPC, or used by another load balancer.
fn check_forwards(
    state: &mut State,
    load_balancer: &str,
    protocol: &str,
    forwards: &[(String, u32)],
) -> Result<(), Fault> {
    let vpc = load_balancer::find_mut(state, load_balancer)?.vpc.clone();
    for (arn, _) in forwards {
        let group = target_group::find_mut(state, arn)?;
        let compatible = matches!(
            (protocol, group.protocol.as_str()),
            ("TCP", "TCP" | "TCP_UDP") | ("TLS", "TCP" | "TLS") | ("UDP", "UDP" | "TCP_UDP") | ("TCP_UDP", "TCP_UDP")
        );
        if !compatible {
            let message = format!(
                "Listener protocol '{protocol}' is not supported with a target group with protocol '{}'",
                group.protocol
            );
            return Err(Fault::new("IncompatibleProtocols", message));
        }
        if group.vpc.as_ref().is_some_and(|own| *own != vpc) {
            return Err(Fault::new(
                "InvalidConfigurationRequest",
                format!("The target group '{arn}' is not in the load balancer's VPC"),
            ));
        }
        let elsewhere = state.listeners.values().any(|listener| {
            listener.load_balancer != load_balancer && listener.forwards.iter().any(|(other, _)| other == arn)
        });
        if elsewhere {
            let message =
                format!("The following target groups cannot be associated with more than one load balancer: {arn}");
            return Err(Fault::new("TargetGroupAssociationLimit", message));
        }
    }
    Ok(())
}

/// `CreateListener`. Repeating it with the same settings succeeds; other settings on the same port are refused.
pub(crate) fn create(account: &Arc<Account>, sent: &Parameters) -> Outcome {
    let load_balancer = sent.required("LoadBalancerArn")?.to_owned();
    let mut state = account.state();
    let (name, id) = {
        let balancer = load_balancer::find_mut(&mut state, &load_balancer)?;
        (balancer.name.clone(), balancer.id.clone())
    };
    sent.required("Port")?;
    let port = port(sent)?.unwrap_or_default();
    let protocol = sent.required("Protocol")?.to_owned();
    let certificates = certificates(sent);
    check_protocol(&protocol, &certificates)?;
    let forwards = forwards(sent)?;
    check_forwards(&mut state, &load_balancer, &protocol, &forwards)?;
    if let Some(existing) =
        state.listeners.values().find(|listener| listener.load_balancer == load_balancer && listener.port == port)
    {
        return if existing.protocol == protocol && existing.forwards == forwards {
            Ok(vec![Element::members("Listeners", [existing.element()])])
        } else {
            Err(Fault::new(
                "DuplicateListener",
                format!("A listener already exists on port {port} for this load balancer '{load_balancer}'"),
            ))
        };
    }
    let listener = Listener {
        arn: account.arn("elasticloadbalancing", &format!("listener/net/{name}/{id}/{}", identifier::hexadecimal(16))),
        load_balancer,
        port,
        attributes: attribute::listener_defaults(&protocol),
        protocol,
        forwards,
        certificates,
        ssl_policy: sent.get("SslPolicy").map(str::to_owned),
        alpn: sent.list("AlpnPolicy"),
        tags: sent.tags("Tags"),
        turn: Arc::default(),
    };
    let (arn, answer) = (listener.arn.clone(), listener.element());
    state.listeners.insert(arn.clone(), listener);
    DataPlane::open(account, &mut state, &arn);
    Ok(vec![Element::members("Listeners", [answer])])
}

fn port(sent: &Parameters) -> Result<Option<u16>, Fault> {
    Ok(sent.number("Port", 1, 65535)?.and_then(|port| u16::try_from(port).ok()))
}

/// The ARNs of certificates in a request.
pub(crate) fn certificates(sent: &Parameters) -> Vec<String> {
    sent.structures("Certificates")
        .iter()
        .filter_map(|certificate| certificate.get("CertificateArn").map(str::to_owned))
        .collect()
}

fn check_protocol(protocol: &str, certificates: &[String]) -> Result<(), Fault> {
    match (protocol, certificates.is_empty()) {
        ("TCP" | "UDP" | "TCP_UDP", true) | ("TLS", false) => Ok(()),
        ("TLS", true) => Err(Fault::validation("A certificate must be specified for TLS listeners")),
        ("TCP" | "UDP" | "TCP_UDP", false) => {
            Err(Fault::validation(format!("Certificates cannot be specified for {protocol} listeners")))
        }
        (other, _) => Err(Fault::new(
            "UnsupportedProtocol",
            format!("Protocol '{other}' is not supported for Network Load Balancers"),
        )),
    }
}

/// `DescribeListeners`, of a load balancer or by ARN.
pub(crate) fn describe(account: &Account, sent: &Parameters) -> Outcome {
    let mut state = account.state();
    let arns = sent.list("ListenerArns");
    if let Some(missing) = arns.iter().find(|arn| !state.listeners.contains_key(*arn)) {
        return Err(absent(missing));
    }
    let load_balancer = sent.get("LoadBalancerArn");
    match load_balancer {
        Some(arn) => drop(load_balancer::find_mut(&mut state, arn)?),
        None if arns.is_empty() => {
            return Err(Fault::validation("You must specify either listener ARNs or a load balancer ARN"));
        }
        None => {}
    }
    let found = state
        .listeners
        .values()
        .filter(|listener| load_balancer.is_none_or(|arn| listener.load_balancer == arn))
        .filter(|listener| arns.is_empty() || arns.contains(&listener.arn));
    page(sent, "Listeners", found.map(Listener::element).collect())
}

/// `DeleteListener`
pub(crate) fn delete(account: &Account, sent: &Parameters) -> Outcome {
    let arn = sent.required("ListenerArn")?;
    let mut state = account.state();
    let listener = state.listeners.remove(arn).ok_or_else(|| absent(arn))?;
    DataPlane::close(&mut state, &listener.load_balancer, arn);
    Ok(Vec::new())
}
