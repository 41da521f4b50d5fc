//! The right to use the relay, and the addresses for which it holds.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

use crate::hex::hex;
use crate::sync::lock;

/// The connections that one grant may have open. A browser opens one for each of its networks and peers.
const CONNECTIONS: usize = 8;
/// The candidates of the host that one grant remembers. Older ones are forgotten.
const CANDIDATES: usize = 64;
/// The addresses on which the relay listens for one grant that it remembers. Older ones are forgotten.
const RELAYED: usize = 64;

/// The relay: all grants that are valid. Clones are the same relay.
#[derive(Debug, Clone, Default)]
pub(crate) struct Relay {
    grants: Arc<Mutex<HashMap<String, Arc<Shared>>>>,
    head_start: Duration,
}

/// The right to reach the host's candidates by the relay. Its connections are closed when it is dropped.
#[derive(Debug)]
pub(crate) struct RelayGrant {
    relay: Relay,
    shared: Arc<Shared>,
}

/// The part of a grant that its connections share.
pub(super) struct Shared {
    username: String,
    password: String,
    /// The host's candidates that the client knows.
    candidates: watch::Sender<Vec<SocketAddr>>,
    /// The addresses on which the relay listens for the client.
    relayed: Mutex<Vec<SocketAddr>>,
    /// That of the direct ways, until the first allocation takes it.
    head_start: Mutex<Duration>,
    pub(super) connections: Arc<Semaphore>,
    pub(super) ended: CancellationToken,
}

impl Relay {
    /// Creates a relay that gives the direct ways `head_start`: it relays nothing of a client for that time after its
    /// first allocation. A browser that has just started may know its networks later than the relay, and stays with the
    /// first way that works.
    pub(crate) fn new(head_start: Duration) -> Self {
        Self {
            head_start,
            ..Self::default()
        }
    }

    /// Makes credentials for one client.
    ///
    /// # Errors
    /// If the system has no random numbers.
    pub(crate) fn grant(&self) -> Result<RelayGrant, getrandom::Error> {
        let shared = Arc::new(Shared {
            username: random::<8>()?,
            password: random::<16>()?,
            candidates: watch::Sender::new(Vec::new()),
            relayed: Mutex::default(),
            head_start: Mutex::new(self.head_start),
            connections: Arc::new(Semaphore::new(CONNECTIONS)),
            ended: CancellationToken::new(),
        });
        lock(&self.grants).insert(shared.username.clone(), shared.clone());
        Ok(RelayGrant {
            relay: self.clone(),
            shared,
        })
    }

    /// The grant of the user `username`.
    pub(super) fn find(&self, username: &str) -> Option<Arc<Shared>> {
        lock(&self.grants).get(username).cloned()
    }
}

impl RelayGrant {
    /// The user name for the client.
    pub(crate) fn username(&self) -> &str {
        &self.shared.username
    }

    /// The password for the client. A secret.
    pub(crate) fn password(&self) -> &str {
        &self.shared.password
    }

    /// Lets the client reach `candidate`, an address and UDP port of this host at which one of its peers listens.
    pub(crate) fn allow(&self, candidate: SocketAddr) {
        self.shared
            .candidates
            .send_modify(|known| remember(known, candidate, CANDIDATES));
    }

    /// True if the relay listens, or did, at `address` for the client. A peer that is told of it as a candidate would
    /// wait for pairs that cannot work: it learns the address from the first packet.
    pub(crate) fn is_relayed(&self, address: SocketAddr) -> bool {
        lock(&self.shared.relayed).contains(&address)
    }
}

#[cfg(test)]
impl RelayGrant {
    /// Notes that the relay listens at `address`, as a connection does.
    pub(crate) fn listens(&self, address: SocketAddr) {
        self.shared.listens(address);
    }
}

impl Drop for RelayGrant {
    fn drop(&mut self) {
        lock(&self.relay.grants).remove(&self.shared.username);
        self.shared.ended.cancel();
    }
}

impl Shared {
    pub(super) fn username(&self) -> &str {
        &self.username
    }

    pub(super) fn password(&self) -> &str {
        &self.password
    }

    pub(super) fn candidates(&self) -> watch::Receiver<Vec<SocketAddr>> {
        self.candidates.subscribe()
    }

    /// Takes the head start of the direct ways.
    pub(super) fn take_head_start(&self) -> Duration {
        std::mem::take(&mut *lock(&self.head_start))
    }

    /// Notes that the relay listens at `address` for this client.
    pub(super) fn listens(&self, address: SocketAddr) {
        remember(&mut lock(&self.relayed), address, RELAYED);
    }
}

/// Adds `address` at the end of `known`, once, and drops the oldest beyond `most`.
fn remember(known: &mut Vec<SocketAddr>, address: SocketAddr, most: usize) {
    if known.contains(&address) {
        return;
    }
    if known.len() == most {
        known.remove(0);
    }
    known.push(address);
}

fn random<const BYTES: usize>() -> Result<String, getrandom::Error> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(hex(&bytes))
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}
