//! The signaling of gst-plugins-rs (webrtcsink, webrtcsrc) and gstwebrtc-api: JSON with a `type`. Several sessions
//! with several peers run over one socket, each with its session id.

mod control;
mod messages;
mod navigation;

pub(crate) use control::{decode_control, is_control};
pub(crate) use messages::{FromPeer, FromServer, PeerContent, PeerInfo, PeerMessage, Role};
pub(crate) use navigation::TouchState;

use serde_json::Value;

use super::json;

/// True if `frame` is of this protocol and of no other.
pub(crate) fn looks_like(frame: &str) -> bool {
    frame.starts_with('{')
        && json::parse(frame).is_ok_and(|value| {
            let kind = value.get("type").and_then(Value::as_str);
            kind.is_some_and(|kind| OWN_TYPES.contains(&kind))
        })
}

/// The types that a peer may send first, and that no other dialect has.
const OWN_TYPES: [&str; 5] = [
    "setProtocolVersion",
    "setPeerStatus",
    "startSession",
    "list",
    "listConsumers",
];
