//! Connections to X servers, for capture, input and desktop.

mod connect;
mod presence;
mod reconnect;

pub(crate) use connect::DisplayAddress;
pub use connect::DisplayError;
pub(crate) use presence::Presence;
pub(crate) use reconnect::{Attempt, Reconnect};
