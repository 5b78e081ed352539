//! Pod addresses: `127.<64 + subnet>.<16 to 255>.<1 to 250>`. Every Pod has its own address, on which it binds its container
//! ports.

use std::{
    collections::BTreeSet,
    net::Ipv4Addr,
    sync::{Mutex, PoisonError},
};

/// Number of addresses in a block (last byte).
const PER_BLOCK: u16 = 250;
/// Number of blocks (third byte, 16 to 255).
const BLOCKS: u16 = 240;

/// The Pod addresses of one cluster.
pub(crate) struct Addresses {
    network: u8,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    next: u16,
    used: BTreeSet<Ipv4Addr>,
}

impl Addresses {
    pub(crate) fn new(subnet: u8) -> Self {
        Self { network: 64_u8.wrapping_add(subnet), state: Mutex::default() }
    }

    /// Allocates a free address. Freed addresses are reused last, so that clients do not confuse a new Pod with an old one.
    pub(crate) fn take(&self) -> Option<Ipv4Addr> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..BLOCKS * PER_BLOCK {
            let number = state.next;
            state.next = (state.next + 1) % (BLOCKS * PER_BLOCK);
            let block = u8::try_from(16 + number / PER_BLOCK).unwrap_or(u8::MAX);
            let host = u8::try_from(1 + number % PER_BLOCK).unwrap_or(u8::MAX);
            let address = Ipv4Addr::new(127, self.network, block, host);
            if state.used.insert(address) {
                return Some(address);
            }
        }
        None
    }

    /// Frees an address.
    pub(crate) fn free(&self, address: Ipv4Addr) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).used.remove(&address);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_handed_out_one_by_one_and_freed_ones_come_last() {
        let addresses = Addresses::new(1);
        assert_eq!(addresses.take(), Some(Ipv4Addr::new(127, 65, 16, 1)));
        addresses.free(Ipv4Addr::new(127, 65, 16, 1));
        assert_eq!(addresses.take(), Some(Ipv4Addr::new(127, 65, 16, 2)));
        for _ in 0..250 {
            addresses.take();
        }
        assert_eq!(addresses.take(), Some(Ipv4Addr::new(127, 65, 17, 3)));
    }
}
