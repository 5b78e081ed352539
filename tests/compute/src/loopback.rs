//! Loopback addresses of load balancers and nodes.
//!
//! All of 127.0.0.0/8 is local, so each load balancer and node gets an address of its own and can listen on the ports
//! that it has on AWS. A process that uses a range of addresses holds a socket in it, so that two sandboxes on one machine
//! use different ranges.

use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};

/// The port on which a bound socket marks a range as taken.
const MARK: u16 = 65_533;

/// A range of loopback addresses held by this process until it is dropped.
#[derive(Debug)]
pub(crate) struct Claim {
    /// The number of the range.
    pub(crate) number: u8,
    _mark: TcpListener,
}

/// Claims the first free range.
pub(crate) fn claim(numbers: impl IntoIterator<Item = u8>, address: impl Fn(u8) -> Ipv4Addr) -> Option<Claim> {
    numbers.into_iter().find_map(|number| {
        let mark = TcpListener::bind(SocketAddrV4::new(address(number), MARK)).ok()?;
        Some(Claim { number, _mark: mark })
    })
}

/// The address of the load balancer with that number.
pub(crate) fn load_balancer(number: u8) -> Ipv4Addr {
    Ipv4Addr::new(127, 200, number, 1)
}

/// The address of the n-th node in a cluster's range.
pub(crate) fn node(subnet: u8, number: u8) -> Ipv4Addr {
    Ipv4Addr::new(127, 64 + subnet, 0, number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_that_is_held_is_not_given_again() {
        let address = |number| Ipv4Addr::new(127, 250, number, 1);
        let first = claim(1..9, address).unwrap();
        let second = claim(1..9, address).unwrap();
        assert_ne!(first.number, second.number);
        let freed = first.number;
        drop(first);
        assert!(claim([freed], address).is_some());
    }
}
