//! The messages on the wire, in both directions. Pure: no I/O, no clock.
//!
//! Three dialects of signaling (`dialect`) lead to the same few things: a peer is wanted, descriptions and
//! candidates are exchanged, a viewer points and types. One decoder reads the data channels of a peer (`channel`).
//! `docs/protocol.md` is the description for the authors of clients.
//!
//! - native: JSON in WebSocket text frames, one object a frame, each in an `envelope`; `client` and `server`
//! - `selkies`: words and JSON on the socket, comma separated text on the data channel
//! - `gstwebrtc`: JSON with a `type`, several sessions on one socket
//! - `whep`: fragments of SDP over HTTP

pub mod base64;
pub(crate) mod candidate;
pub(crate) mod channel;
pub(crate) mod client;
pub(crate) mod description;
pub(crate) mod dialect;
pub(crate) mod envelope;
pub(crate) mod error;
mod fields;
pub(crate) mod gstwebrtc;
pub mod ice_server;
pub mod input;
pub(crate) mod json;
pub(crate) mod lease;
pub(crate) mod people;
pub(crate) mod rights;
pub mod role;
pub(crate) mod select;
pub(crate) mod selkies;
pub(crate) mod server;
pub(crate) mod stats;
pub(crate) mod text;
pub(crate) mod view;
pub(crate) mod whep;

/// The version in every envelope. A client may send any `1.x`, or none.
pub(crate) const VERSION: &str = "1.0";

/// The name of the native protocol, as clients list it in `supported_protocols`.
pub(crate) const NAME: &str = "gstreamer-1.0";
