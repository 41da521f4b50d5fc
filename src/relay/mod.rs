//! A TURN server (RFC 8656) for clients that reach this host by one TCP port alone.
//!
//! It takes connections that another layer has accepted, and relays to the ICE candidates of this host that were given
//! to the client, to no other address. The protocol is that of `turn-server-proto`; this layer frames it for TCP, holds
//! the credentials, and refuses what a client may not reach. It knows neither HTTP nor GStreamer.

mod connection;
mod frame;
pub(crate) mod fuzzing;
mod grant;
mod permission;
#[cfg(test)]
mod tests;

pub(crate) use connection::serve;
pub(crate) use frame::is_turn;
pub(crate) use grant::{Relay, RelayGrant};

/// The realm of the credentials (RFC 8489, section 9.2).
const REALM: &str = "deskbeam";
