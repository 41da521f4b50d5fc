//! A peer: webrtcbin with its pipeline, negotiation, data channels and teardown.

mod consumer;
mod fingerprint;
mod frame_meter;
mod media_gate;
pub(super) mod messages;
pub(super) mod offer;
mod outbox;
pub(super) mod peer;
mod pipeline;
mod profile;
mod promise;
pub(super) mod sdp;
mod selection;
mod signals;
pub(super) mod stats;
mod streams;
mod teardown;
