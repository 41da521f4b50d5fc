//! The messages on the wire, in both directions. Pure: no I/O, no clock.
//!
//! Three dialects of signaling ([`dialect`]) lead to the same few things: a peer is wanted, descriptions and
//! candidates are exchanged, a viewer points and types. One decoder reads the data channels of a peer ([`channel`]).
//! `docs/protocol.md` is the description for the authors of clients.
//!
//! - native: JSON in WebSocket text frames, one object a frame, each in an [`envelope`]; [`client`] and [`server`]
//! - [`selkies`]: words and JSON on the socket, comma separated text on the data channel
//! - [`gstwebrtc`]: JSON with a `type`, several sessions on one socket
//! - [`whep`]: fragments of SDP over HTTP

pub mod base64;
pub mod candidate;
pub mod channel;
pub mod client;
pub mod description;
pub mod dialect;
pub mod envelope;
pub mod error;
mod fields;
pub mod gstwebrtc;
pub mod ice_server;
pub mod input;
pub mod json;
pub mod lease;
pub mod people;
pub mod rights;
pub mod role;
pub mod select;
pub mod selkies;
pub mod server;
pub mod stats;
pub mod text;
pub mod view;
pub mod whep;

/// The version in every envelope. A client may send any `1.x`, or none.
pub const VERSION: &str = "1.0";

/// The name of the native protocol, as clients list it in `supported_protocols`.
pub const NAME: &str = "gstreamer-1.0";
