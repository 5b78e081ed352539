//! What a Network Load Balancer does with traffic: TCP relays on loopback, health checks on real sockets, metrics.
//!
//! AWS's load balancer works on packets, in every zone; here one relay a listener accepts connections and opens others to
//! the targets. Zones, client addresses and security groups play no part. Flows are never idled out.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/network/introduction.html>

pub(crate) mod flow;
pub(crate) mod health;
pub(crate) mod health_check;
pub(crate) mod metrics;
pub(crate) mod relay;

use std::net::SocketAddr;

use crate::account::Account;

/// Where a listener accepts connections.
pub(crate) fn listener_address(account: &Account, load_balancer: &str, port: u16) -> Option<SocketAddr> {
    let state = account.state();
    let listener =
        state.listeners.values().find(|listener| listener.load_balancer == load_balancer && listener.port == port)?;
    state.load_balancers.get(load_balancer)?.data_plane.as_ref()?.address(&listener.arn)
}
