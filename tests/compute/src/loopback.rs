//! Loopback addresses that stand for load balancers and nodes.
//!
//! All of 127.0.0.0/8 is local, so everything that has an address in AWS gets one of its own here and can listen on
//! the ports that it has there. Two sandboxes on one machine must not take the same ones: who uses a range holds a
//! socket in it.

use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};

/// The port whose socket marks a range as taken.
const MARK: u16 = 65_533;

/// A range of loopback addresses held by this process until it is dropped.
#[derive(Debug)]
pub(crate) struct Claim {
    /// Which of the ranges it is.
    pub(crate) number: u8,
    _mark: TcpListener,
}

/// Takes the first range that nobody holds.
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
