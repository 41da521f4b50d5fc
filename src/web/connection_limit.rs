//! The limit of connections per address, so that one client cannot take them all.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::access::network;
use crate::descriptors;
use crate::sync::lock;

/// A counter of open connections per address. The addresses of an IPv6 /64 count as one. Clones share the counter.
#[derive(Debug, Clone)]
pub(super) struct ConnectionLimit {
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
    max: usize,
}

/// The slot of one connection, which is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Slot {
    limit: ConnectionLimit,
    address: IpAddr,
}

impl ConnectionLimit {
    /// Allows `max` connections from each address, and at most half as many as the process may have open files: others
    /// find room, too. 0 is unlimited.
    pub(super) fn new(max: usize) -> Self {
        Self {
            open: Arc::default(),
            max: max.min(descriptors::most() / 2),
        }
    }

    /// Takes a slot for a connection from `address`.
    ///
    /// # Errors
    /// If all slots are taken, or the process has too few file descriptors left.
    pub(super) fn acquire(&self, address: IpAddr) -> io::Result<Slot> {
        if descriptors::left() < descriptors::CONNECTION {
            tracing::warn!(%address, "too many open files: connection refused");
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        let address = network(address);
        let mut open = self.lock();
        let count = open.entry(address).or_default();
        if self.max > 0 && *count >= self.max {
            tracing::debug!(%address, "too many connections from this address: connection refused");
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        *count += 1;
        drop(open);
        Ok(Slot {
            limit: self.clone(),
            address,
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        lock(&self.open)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut open = self.limit.lock();
        if let Some(count) = open.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn each_address_has_so_many_slots_and_gets_them_back() {
        let limit = ConnectionLimit::new(2);
        let slots: Vec<_> = (0..2).map(|_| limit.acquire(ip("192.0.2.1")).unwrap()).collect();
        assert!(limit.acquire(ip("192.0.2.1")).is_err());
        let other = limit.acquire(ip("192.0.2.2"));
        assert!(other.is_ok());
        drop(slots);
        assert!(limit.acquire(ip("192.0.2.1")).is_ok());
        drop(other);
        assert!(limit.lock().is_empty(), "nothing is kept of who has gone");
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_and_none_is_no_limit() {
        let limit = ConnectionLimit::new(1);
        let _slot = limit.acquire(ip("2001:db8::1")).unwrap();
        assert!(limit.acquire(ip("2001:db8::2")).is_err());
        let any = ConnectionLimit::new(0);
        let slots: Vec<_> = (0..100).map(|_| any.acquire(ip("::1"))).collect();
        assert!(slots.iter().all(Result::is_ok));
    }
}
