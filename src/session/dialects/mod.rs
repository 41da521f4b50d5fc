//! The conversations that clients hold, a file each.

pub(super) mod gstwebrtc_producer;
pub(super) mod gstwebrtc_server;
mod gstwebrtc_sessions;
pub(super) mod native;
pub(super) mod selkies_client;
mod selkies_peer;
pub(super) mod selkies_server;
