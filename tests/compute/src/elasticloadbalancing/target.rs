//! Targets: register, deregister, health.
//!
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/network/target-group-register-targets.html>

use std::{net::Ipv4Addr, sync::Arc};

use tokio::task::AbortHandle;

use super::{Outcome, target_group};
use crate::{
    account::{Account, State},
    network_load_balancer::{
        flow::Flows,
        health::{Health, Standing},
        health_check,
    },
    query_protocol::{Fault, Parameters},
    xml::Element,
};

/// A registered target.
pub(crate) struct Target {
    /// The instance id or IP address.
    pub(crate) id: String,
    /// Its port.
    pub(crate) port: u16,
    zone: Option<String>,
    /// The health from its checks.
    pub(crate) health: Health,
    /// Whether it is deregistering.
    pub(crate) draining: bool,
    /// Its flows.
    pub(crate) flows: Arc<Flows>,
    checks: AbortHandle,
}

impl Drop for Target {
    fn drop(&mut self) {
        self.checks.abort();
    }
}

impl Target {
    /// Whether it is healthy and receives new flows.
    pub(crate) fn is_healthy(&self) -> bool {
        !self.draining && self.health.standing() == Standing::Healthy
    }

    /// Whether it receives new flows if no target is healthy.
    pub(crate) fn is_last_resort(&self) -> bool {
        !self.draining && self.health.standing() == Standing::Unhealthy
    }

    fn health_element(&self, used: bool) -> Vec<Element> {
        // https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html
        let (state, reason, description) = match (self.draining, used, self.health.standing()) {
            (true, ..) => ("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress"),
            (_, false, _) => (
                "unused",
                "Target.NotInUse",
                "Target group is not configured to receive traffic from the load balancer",
            ),
            (_, _, Standing::Registering) => {
                ("initial", "Elb.RegistrationInProgress", "Target registration is in progress")
            }
            (_, _, Standing::Initial) => ("initial", "Elb.InitialHealthChecking", "Initial health checks in progress"),
            (_, _, Standing::Healthy) => return vec![Element::text("State", "healthy")],
            (_, _, Standing::Unhealthy) => ("unhealthy", "Target.FailedHealthChecks", "Health checks failed"),
        };
        vec![Element::text("State", state), Element::text("Reason", reason), Element::text("Description", description)]
    }
}

/// The address behind a target.
pub(crate) fn address(state: &State, id: &str) -> Option<Ipv4Addr> {
    match id.parse() {
        Ok(address) => Some(address),
        Err(_) => state.addresses.get(id).copied(),
    }
}

fn asked(sent: &Parameters, default_port: u16) -> Result<Vec<(String, u16, Option<String>)>, Fault> {
    let targets = sent.structures("Targets");
    targets
        .iter()
        .map(|target| {
            let port =
                target.number("Port", 1, 65535)?.and_then(|port| u16::try_from(port).ok()).unwrap_or(default_port);
            Ok((target.required("Id")?.to_owned(), port, target.get("AvailabilityZone").map(str::to_owned)))
        })
        .collect()
}

/// `RegisterTargets`. Registering a draining target ends its draining.
pub(crate) fn register(account: &Arc<Account>, sent: &Parameters) -> Outcome {
    let arn = sent.required("TargetGroupArn")?;
    let mut state = account.state();
    let group = target_group::find_mut(&mut state, arn)?;
    let (kind, port) = (group.target_type.clone(), group.port);
    let targets = asked(sent, port)?;
    if targets.is_empty() {
        return Err(Fault::validation("At least one target must be specified"));
    }
    for (id, ..) in &targets {
        let known = if kind == "ip" { id.parse::<Ipv4Addr>().is_ok() } else { state.addresses.contains_key(id) };
        if !known {
            let message = if kind == "ip" {
                format!("The IP address '{id}' is not a valid IPv4 address")
            } else {
                format!("The following targets are not in a running state and cannot be registered: '{id}'")
            };
            return Err(Fault::new("InvalidTarget", message));
        }
    }
    for (id, port, zone) in targets {
        insert(account, &mut state, arn, &id, port, zone);
    }
    Ok(Vec::new())
}

fn insert(account: &Arc<Account>, state: &mut State, arn: &str, id: &str, port: u16, zone: Option<String>) {
    let Some(group) = state.target_groups.get_mut(arn) else { return };
    let key = (id.to_owned(), port);
    if let Some(present) = group.targets.get_mut(&key) {
        if present.draining {
            present.draining = false;
            present.health = Health::default();
        }
        return;
    }
    let checks = health_check::start(account, arn, &key);
    let flows = Arc::default();
    group.targets.insert(
        key,
        Target { id: id.to_owned(), port, zone, health: Health::default(), draining: false, flows, checks },
    );
}

/// Registers an instance of an attached Auto Scaling group.
pub(crate) fn register_instance(account: &Arc<Account>, state: &mut State, arn: &str, instance: &str) {
    if let Some(port) = state.target_groups.get(arn).map(|group| group.port) {
        insert(account, state, arn, instance, port, None);
    }
}

/// Deregisters an instance of an attached Auto Scaling group.
pub(crate) fn deregister_instance(account: &Arc<Account>, state: &mut State, arn: &str, instance: &str) {
    let Some(group) = state.target_groups.get(arn) else { return };
    let keys: Vec<_> = group.targets.keys().filter(|(id, _)| id == instance).cloned().collect();
    for key in keys {
        drain(account, state, arn, &key);
    }
}

/// Removes a terminated instance from all target groups without draining.
pub(crate) fn forget_instance(state: &mut State, instance: &str) {
    for group in state.target_groups.values_mut() {
        group.targets.retain(|(id, _), target| {
            let stays = id != instance;
            if !stays {
                target.flows.cut();
            }
            stays
        });
    }
}

/// Drains a target. It receives no new flows; with connection termination, its flows end after the deregistration delay,
/// otherwise they continue.
fn drain(account: &Arc<Account>, state: &mut State, arn: &str, key: &(String, u16)) {
    let Some(group) = state.target_groups.get_mut(arn) else { return };
    let (delay, terminate) =
        (group.deregistration_delay(), group.is_on("deregistration_delay.connection_termination.enabled"));
    let Some(target) = group.targets.get_mut(key).filter(|target| !target.draining) else { return };
    target.draining = true;
    let (arn, key) = (arn.to_owned(), key.clone());
    account.later(delay.mul_f64(account.delays().target_scale), move |account| async move {
        let mut state = account.state();
        let Some(group) = state.target_groups.get_mut(&arn) else { return };
        if let Some(target) = group.targets.get(&key).filter(|target| target.draining) {
            if terminate {
                target.flows.cut();
            }
            group.targets.remove(&key);
        }
    });
}

/// `DeregisterTargets`. A target without a port means all ports.
pub(crate) fn deregister(account: &Arc<Account>, sent: &Parameters) -> Outcome {
    let arn = sent.required("TargetGroupArn")?;
    let mut state = account.state();
    target_group::find_mut(&mut state, arn)?;
    for target in sent.structures("Targets") {
        let (id, port) = (target.required("Id")?.to_owned(), target.number("Port", 1, 65535)?);
        let Some(group) = state.target_groups.get(arn) else { continue };
        let keys: Vec<_> = group
            .targets
            .keys()
            .filter(|(own, own_port)| *own == id && port.is_none_or(|port| i64::from(*own_port) == port))
            .cloned()
            .collect();
        for key in keys {
            drain(account, &mut state, arn, &key);
        }
    }
    Ok(Vec::new())
}

/// `DescribeTargetHealth` of all targets or of those in the request.
pub(crate) fn describe_health(account: &Account, sent: &Parameters) -> Outcome {
    let arn = sent.required("TargetGroupArn")?;
    let mut state = account.state();
    let default_port = target_group::find_mut(&mut state, arn)?.port;
    let wanted = asked(sent, default_port)?;
    let used = !target_group::balancers_of(&state, arn).is_empty();
    let Some(group) = state.target_groups.get(arn) else { return Ok(Vec::new()) };
    let describe = |id: &str, port: u16, zone: Option<&String>, health: Vec<Element>| {
        let mut target = vec![Element::text("Id", id), Element::text("Port", port)];
        target.extend(zone.map(|zone| Element::text("AvailabilityZone", zone)));
        let check_port =
            if group.health_check.port == "traffic-port" { port.to_string() } else { group.health_check.port.clone() };
        vec![
            Element::new("Target", target),
            Element::text("HealthCheckPort", check_port),
            Element::new("TargetHealth", health),
        ]
    };
    let described: Vec<_> = if wanted.is_empty() {
        group
            .targets
            .values()
            .map(|target| describe(&target.id, target.port, target.zone.as_ref(), target.health_element(used)))
            .collect()
    } else {
        wanted
            .iter()
            .map(|(id, port, _)| match group.targets.get(&(id.clone(), *port)) {
                Some(target) => describe(id, *port, target.zone.as_ref(), target.health_element(used)),
                None => describe(
                    id,
                    *port,
                    None,
                    vec![
                        Element::text("State", "unused"),
                        Element::text("Reason", "Target.NotRegistered"),
                        Element::text("Description", "Target is not registered to the target group"),
                    ],
                ),
            })
            .collect()
    };
    Ok(vec![Element::members("TargetHealthDescriptions", described)])
}
