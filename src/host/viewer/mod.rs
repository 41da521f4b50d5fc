//! One viewer: its task, its peers, and the way of its input to the desktop.

mod actions;
mod channel;
mod channel_reader;
mod farewell;
mod feeds;
mod input_gate;
mod lifecycle;
mod peer;
mod peers;
mod settings;
mod task;
mod updates;

pub(super) use lifecycle::{converse, serve};
pub(super) use task::Visit;
