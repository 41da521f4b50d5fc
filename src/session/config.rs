//! The settings of sessions.

use serde_json::{Map, Value};

use crate::protocol::NAME;
use crate::protocol::dialect::Dialect;
use crate::protocol::ice_server::{IceServer, RelayAccess};
use crate::protocol::role::{Policy, Role};

/// The same for all viewers of a host, but for `role`, `relay` and short-lived credentials in `ice_servers`.
#[derive(Debug, Clone)]
pub struct SessionConfig {
    /// The interval in which a client should ping, in milliseconds. Sent in the welcome.
    pub heartbeat_interval_ms: u64,
    /// The time without a sign of life after which a client is given up, in milliseconds. The socket asks for one every 2 s.
    /// 0: never.
    pub connection_timeout_ms: u64,
    /// The longest frame that is read, in bytes. Sent in the welcome.
    pub max_message_size: usize,
    /// The ICE servers for clients. Sent in the welcome and with each offer.
    pub ice_servers: Vec<IceServer>,
    /// The client's credentials for the host's own relay. Sent in the welcome.
    pub relay: Option<RelayAccess>,
    /// The names of the dialects that may be spoken.
    pub supported_protocols: Vec<String>,
    /// The name of the dialect for a client that knows none of them.
    pub default_protocol: String,
    /// The most messages that a client may send at once.
    pub rate_burst: u32,
    /// The sustained limit of a client's messages, per second.
    pub rate_per_second: u32,
    /// The client's role. Sent in the welcome.
    pub role: Role,
    /// The policy of the host, which holds whatever the role. Its outcome is sent in the welcome.
    pub policy: Policy,
    /// The settings of the page that the host decides, by the page's names. Sent in the welcome.
    pub client: Map<String, Value>,
}

impl SessionConfig {
    /// True if `dialect` may be spoken.
    pub fn supports(&self, dialect: Dialect) -> bool {
        self.supported_protocols.iter().any(|name| name == dialect.name())
    }
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self {
            heartbeat_interval_ms: 30_000,
            connection_timeout_ms: 6_000,
            max_message_size: 64 * 1024,
            ice_servers: Vec::new(),
            relay: None,
            supported_protocols: [Dialect::Native, Dialect::Selkies, Dialect::GstWebrtc]
                .map(|dialect| dialect.name().to_owned())
                .to_vec(),
            default_protocol: NAME.to_owned(),
            rate_burst: 2_000,
            rate_per_second: 1_000,
            role: Role::Control,
            policy: Policy::default(),
            client: Map::new(),
        }
    }
}
