//! The data plane of Network Load Balancers: TCP relays on loopback, health checks on real sockets, metrics.
//!
//! AWS's load balancers forward packets in every zone. Here one relay for each listener accepts connections and opens
//! connections to targets. Zones, client addresses, security groups and idle time-outs are not simulated.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/network/introduction.html>

pub(crate) mod flow;
pub(crate) mod health;
pub(crate) mod health_check;
pub(crate) mod metrics;
pub(crate) mod relay;

use std::net::SocketAddr;

use crate::account::Account;

/// The address on which a listener accepts connections.
pub(crate) fn listener_address(account: &Account, load_balancer: &str, port: u16) -> Option<SocketAddr> {
    let state = account.state();
    let listener =
        state.listeners.values().find(|listener| listener.load_balancer == load_balancer && listener.port == port)?;
    state.load_balancers.get(load_balancer)?.data_plane.as_ref()?.address(&listener.arn)
}

/// The loopback address that accepts the connections of the listener with this ARN.
pub(crate) fn address_of_listener(account: &Account, listener: &str) -> Option<SocketAddr> {
    let state = account.state();
    let listener = state.listeners.get(listener)?;
    state.load_balancers.get(&listener.load_balancer)?.data_plane.as_ref()?.address(&listener.arn)
}
