//! What is said on the wire, in both directions. Pure: no I/O, no clock, no state.
//!
//! The native protocol is JSON in WebSocket text frames, one object a frame, all of them in one
//! [`envelope`]. `docs/protocol.md` is its description for the authors of clients.

pub mod candidate;
pub mod client;
pub mod envelope;
pub mod error;
mod fields;
pub mod input;
pub mod server;

/// The version in every envelope. A client may send any `1.x`, or none.
pub const VERSION: &str = "1.0";

/// The name of the native protocol, as clients list it in `supported_protocols`.
pub const NAME: &str = "gstreamer-1.0";
