//! TCP relays, one for each listener.
//!
//! A load balancer picks a target by a hash over the flow's addresses and ports and keeps it for the flow's life; here
//! healthy targets are taken in turn, which spreads flows as evenly. If no target of the group is healthy, flows go to the
//! unhealthy ones (fail open):
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-target-groups.html>

use std::{
    collections::BTreeMap,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    task::AbortHandle,
};

use super::flow::{Counted, Flows};
use crate::{
    account::{Account, State},
    elasticloadbalancing::{target, target_group::TargetGroup},
    loopback::{self, Claim},
};

/// Time-out of connections to targets.
const CONNECT: Duration = Duration::from_secs(5);

/// The relays of a load balancer.
pub(crate) struct DataPlane {
    claim: Claim,
    /// The flows of the load balancer.
    pub(crate) flows: Arc<Flows>,
    relays: BTreeMap<String, (SocketAddr, AbortHandle)>,
}

impl Drop for DataPlane {
    fn drop(&mut self) {
        for (_, relay) in self.relays.values() {
            relay.abort();
        }
        self.flows.cut();
    }
}

/// The target of a flow and its settings.
struct Route {
    address: SocketAddrV4,
    flows: Arc<Flows>,
    proxy_protocol: bool,
}

impl DataPlane {
    /// Claims an address for a load balancer.
    pub(crate) fn claim() -> Option<Self> {
        let claim = loopback::claim(1..=254, loopback::load_balancer)?;
        Some(Self { claim, flows: Arc::default(), relays: BTreeMap::new() })
    }

    /// The address on which a listener accepts connections.
    pub(crate) fn address(&self, listener: &str) -> Option<SocketAddr> {
        self.relays.get(listener).map(|(address, _)| *address)
    }

    /// Starts the relay of a listener if its load balancer is active.
    pub(crate) fn open(account: &Arc<Account>, state: &mut State, listener: &str) {
        let Some((port, balancer)) = state
            .listeners
            .get(listener)
            .filter(|listener| matches!(listener.protocol.as_str(), "TCP" | "TCP_UDP"))
            .map(|listener| (listener.port, listener.load_balancer.clone()))
        else {
            return;
        };
        let Some(plane) = state.load_balancers.get_mut(&balancer).and_then(|balancer| balancer.data_plane.as_mut())
        else {
            return;
        };
        let socket = match bind(loopback::load_balancer(plane.claim.number), port) {
            Ok(socket) => socket,
            Err(error) => {
                tracing::error!(listener, port, %error, "the listener cannot accept connections");
                return;
            }
        };
        let Ok(address) = socket.local_addr() else { return };
        let (task, arn, flows) = (Arc::clone(account), listener.to_owned(), Arc::clone(&plane.flows));
        let relay = account.spawn(async move {
            loop {
                match socket.accept().await {
                    Ok((client, peer)) => accept(&task, &arn, &flows, client, peer),
                    // Such as too many open files, or a client that has closed the connection: accept the next one.
                    Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
                }
            }
        });
        plane.relays.insert(listener.to_owned(), (address, relay));
    }

    /// Ends the relay of a listener. Its flows continue.
    pub(crate) fn close(state: &mut State, balancer: &str, listener: &str) {
        let plane = state.load_balancers.get_mut(balancer).and_then(|balancer| balancer.data_plane.as_mut());
        if let Some((_, relay)) = plane.and_then(|plane| plane.relays.remove(listener)) {
            relay.abort();
        }
    }
}

/// Binds the listener's port, or any port if this process may not bind that one.
fn bind(address: Ipv4Addr, port: u16) -> io::Result<TcpListener> {
    let socket = std::net::TcpListener::bind((address, port)).or_else(|error| match error.kind() {
        io::ErrorKind::PermissionDenied => std::net::TcpListener::bind((address, 0)),
        _ => Err(error),
    })?;
    socket.set_nonblocking(true)?;
    TcpListener::from_std(socket)
}

fn accept(account: &Arc<Account>, listener: &str, flows: &Arc<Flows>, client: TcpStream, peer: SocketAddr) {
    let Some(route) = route(&account.state(), listener) else {
        // AWS resets connections if there is no target; here they are closed.
        return;
    };
    let flows = Arc::clone(flows);
    account.spawn(async move {
        let (mut of_balancer, mut of_target) = (flows.begin(), route.flows.begin());
        tokio::select! {
            () = of_balancer.is_cut() => {}
            () = of_target.is_cut() => {}
            outcome = forward(client, peer, &route, &flows) => {
                if let Err(error) = outcome {
                    tracing::debug!(target = %route.address, %error, "a flow ended");
                }
            }
        }
    });
}

async fn forward(client: TcpStream, peer: SocketAddr, route: &Route, flows: &Arc<Flows>) -> io::Result<()> {
    let mut target = tokio::time::timeout(CONNECT, TcpStream::connect(route.address)).await??;
    client.set_nodelay(true)?;
    target.set_nodelay(true)?;
    if route.proxy_protocol {
        target.write_all(&proxy_header(peer, client.local_addr()?)).await?;
    }
    let mut client = Counted::new(client, Arc::clone(flows));
    tokio::io::copy_bidirectional(&mut client, &mut target).await.map(drop)
}

/// The target of the next flow.
fn route(state: &State, listener: &str) -> Option<Route> {
    let listener = state.listeners.get(listener)?;
    let turn = listener.turn.fetch_add(1, Ordering::Relaxed);
    let group = state.target_groups.get(weighted(&listener.forwards, turn)?)?;
    let candidates = candidates(group);
    let key = candidates.get(turn % candidates.len().max(1))?;
    let chosen = group.targets.get(*key)?;
    let address = SocketAddrV4::new(target::address(state, &chosen.id)?, chosen.port);
    Some(Route { address, flows: Arc::clone(&chosen.flows), proxy_protocol: group.is_on("proxy_protocol_v2.enabled") })
}

/// The target group of the turn, by weight.
fn weighted(forwards: &[(String, u32)], turn: usize) -> Option<&str> {
    let all: usize = forwards.iter().map(|(_, weight)| *weight as usize).sum();
    let mut at = turn.checked_rem(all)?;
    forwards.iter().find_map(|(arn, weight)| {
        let share = *weight as usize;
        if at < share {
            return Some(arn.as_str());
        }
        at -= share;
        None
    })
}

/// The healthy targets, or the unhealthy ones if none is healthy.
fn candidates(group: &TargetGroup) -> Vec<&(String, u16)> {
    let keys = |fits: fn(&target::Target) -> bool| -> Vec<_> {
        group.targets.iter().filter(|(_, target)| fits(target)).map(|(key, _)| key).collect()
    };
    let healthy = keys(target::Target::is_healthy);
    if healthy.is_empty() { keys(target::Target::is_last_resort) } else { healthy }
}

/// Proxy protocol version 2 for TCP over IPv4: <https://www.haproxy.org/download/1.8/doc/proxy-protocol.txt>
fn proxy_header(client: SocketAddr, listener: SocketAddr) -> Vec<u8> {
    let mut header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c".to_vec();
    for address in [client, listener] {
        header.extend(match address.ip() {
            IpAddr::V4(address) => address.octets(),
            IpAddr::V6(_) => [0; 4],
        });
    }
    header.extend(client.port().to_be_bytes());
    header.extend(listener.port().to_be_bytes());
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_share_the_flows() {
        let forwards = [("a".to_owned(), 3), ("b".to_owned(), 1)];
        let taken: Vec<_> = (0..8).filter_map(|turn| weighted(&forwards, turn)).collect();
        assert_eq!(taken, ["a", "a", "a", "b", "a", "a", "a", "b"]);
        assert_eq!(weighted(&[("a".to_owned(), 0)], 1), None);
    }

    #[test]
    fn the_proxy_header_names_client_and_listener() {
        let header = proxy_header("127.0.0.1:258".parse().unwrap(), "127.200.1.1:80".parse().unwrap());
        assert_eq!(header.len(), 28);
        assert_eq!(header[16..], [127, 0, 0, 1, 127, 200, 1, 1, 1, 2, 0, 80]);
    }
}
