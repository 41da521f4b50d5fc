//! One viewer's webrtcbin: its pipeline, negotiation, data channels and teardown.

pub(super) mod build;
mod fingerprint;
pub(super) mod messages;
pub(super) mod offer;
pub(super) mod peer;
mod promise;
pub(super) mod sdp;
mod signals;
pub(super) mod stats;
pub(super) mod teardown;
