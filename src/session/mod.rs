//! One viewer's negotiation, as a state machine without I/O and without a clock.
//!
//! The owner feeds it what happened ([`Event`]) and does what comes out ([`Action`]), in order.
//! The rules it keeps: one welcome, first; a response carries its request's id; the offer goes before the
//! host's candidates; the client's candidates wait until its answer has been applied; a new request replaces
//! the peer.

mod negotiation;

pub use negotiation::{Action, Event, PeerRequest, Session};

/// How a session presents itself; the same for all viewers of a host.
#[derive(Debug, Clone)]
pub struct SessionConfig {
    /// How often a client should ping, in milliseconds. Told in the welcome.
    pub heartbeat_interval_ms: u64,
    /// The longest frame that is read, in bytes. Told in the welcome.
    pub max_message_size: usize,
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self {
            heartbeat_interval_ms: 30_000,
            max_message_size: 64 * 1024,
        }
    }
}
