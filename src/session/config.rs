//! How sessions present themselves, and what they allow.

use serde_json::{Map, Value};

use crate::protocol::NAME;
use crate::protocol::dialect::Dialect;
use crate::protocol::ice_server::IceServer;
use crate::protocol::role::{Policy, Role};

/// The same for all viewers of a host, but for `role` and short-lived credentials in `ice_servers`.
#[derive(Debug, Clone)]
pub struct SessionConfig {
    /// How often a client should ping, in milliseconds. Told in the welcome.
    pub heartbeat_interval_ms: u64,
    /// After how long without a sign of life a client is given up, in milliseconds. 0: never.
    pub connection_timeout_ms: u64,
    /// The longest frame that is read, in bytes. Told in the welcome.
    pub max_message_size: usize,
    /// What clients should use for ICE. Told in the welcome and with each offer.
    pub ice_servers: Vec<IceServer>,
    /// The names of the dialects that may be spoken.
    pub supported_protocols: Vec<String>,
    /// What is spoken with a client that knows none of them.
    pub default_protocol: String,
    /// How many messages a client may send at once.
    pub rate_burst: u32,
    /// How many messages a client may send per second, lastingly.
    pub rate_per_second: u32,
    /// What the client may do. Told in the welcome.
    pub role: Role,
    /// What the host allows, whatever the role. Told in the welcome.
    pub policy: Policy,
    /// The settings of the page that the host decides, by the page's names. Told in the welcome.
    pub client: Map<String, Value>,
}

impl SessionConfig {
    /// Whether `dialect` may be spoken.
    pub fn supports(&self, dialect: Dialect) -> bool {
        self.supported_protocols.iter().any(|name| name == dialect.name())
    }
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self {
            heartbeat_interval_ms: 30_000,
            connection_timeout_ms: 300_000,
            max_message_size: 64 * 1024,
            ice_servers: Vec::new(),
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
