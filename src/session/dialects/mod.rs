//! The dialects, a file each: the messages of one signaling protocol, in one role of the host.
//!
//! A further dialect is a type that implements [`Dialect`], and a constructor of [`super::Session`] that makes it.

mod dialect;
mod gstwebrtc_producer;
mod gstwebrtc_server;
mod gstwebrtc_sessions;
mod native;
mod selkies_client;
mod selkies_peer;
mod selkies_server;

pub(super) use dialect::Dialect;
pub(super) use gstwebrtc_producer::GstWebrtcProducer;
pub(super) use gstwebrtc_server::GstWebrtcServer;
pub(super) use native::Native;
pub(super) use selkies_client::SelkiesClient;
pub(super) use selkies_server::SelkiesServer;
