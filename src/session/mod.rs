//! One signaling socket, as a state machine without I/O and without a clock.
//!
//! The owner feeds it events (`Event`) and does the actions that come out (`Action`), in order. The same
//! `Session` speaks every dialect, also those in which the host is not called but calls. It keeps these rules: the
//! welcome comes first and once; a response carries its request's id; the offer goes before the host's candidates;
//! the client's candidates wait until its description has been applied; a new request replaces the peer.

mod auto_release;
mod config;
mod context;
mod dialects;
mod event;
mod excerpt;
mod machine;
mod negotiation;
mod rate_limit;

pub use config::SessionConfig;
pub(crate) use event::{
    Action, Event, FailureKind, PeerEvent, PeerFailure, PeerKey, PeerRequest, StatsRequest,
};
pub(crate) use machine::Session;
pub(crate) use rate_limit::Bucket;

#[cfg(test)]
mod tests;
