//! How many connections there are at once from each address, so that nobody takes them all.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::access::network;
use crate::descriptors;
use crate::sync::lock;

/// Counts connections by the address that they come from; those of an IPv6 network count together. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct ConnectionLimit {
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
    most: usize,
}

/// One connection, which counts until this is dropped.
#[derive(Debug)]
pub(super) struct Slot {
    crowd: ConnectionLimit,
    address: IpAddr,
}

impl ConnectionLimit {
    /// Lets in `most` connections from each address; 0: any number.
    pub(super) fn new(most: usize) -> Self {
        Self {
            open: Arc::default(),
            most,
        }
    }

    /// Takes in one more from `address`.
    ///
    /// # Errors
    /// If that is too many, or the process has hardly any descriptors left.
    pub(super) fn enter(&self, address: IpAddr) -> io::Result<Slot> {
        if descriptors::left() < descriptors::CONNECTION {
            tracing::warn!(%address, "too many open files: a connection is turned away");
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        let address = network(address);
        let mut open = self.lock();
        let count = open.entry(address).or_default();
        if self.most > 0 && *count >= self.most {
            tracing::debug!(%address, "too many connections from one address");
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        *count += 1;
        drop(open);
        Ok(Slot {
            crowd: self.clone(),
            address,
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        lock(&self.open)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut open = self.crowd.lock();
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
    fn each_address_has_so_many_places_and_gets_them_back() {
        let crowd = ConnectionLimit::new(2);
        let places: Vec<_> = (0..2).map(|_| crowd.enter(ip("192.0.2.1")).unwrap()).collect();
        assert!(crowd.enter(ip("192.0.2.1")).is_err());
        let other = crowd.enter(ip("192.0.2.2"));
        assert!(other.is_ok());
        drop(places);
        assert!(crowd.enter(ip("192.0.2.1")).is_ok());
        drop(other);
        assert!(crowd.lock().is_empty(), "nothing is kept of who has gone");
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_and_none_is_no_limit() {
        let crowd = ConnectionLimit::new(1);
        let _place = crowd.enter(ip("2001:db8::1")).unwrap();
        assert!(crowd.enter(ip("2001:db8::2")).is_err());
        let any = ConnectionLimit::new(0);
        let places: Vec<_> = (0..100).map(|_| any.enter(ip("::1"))).collect();
        assert!(places.iter().all(Result::is_ok));
    }
}
