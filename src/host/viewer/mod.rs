//! One viewer: its task, its peers, and the way of its input to the desktop.

mod actions;
mod channel;
mod channel_reader;
mod feeds;
mod input_gate;
mod lifecycle;
mod news;
mod peer;
mod peers;
mod settings;
mod task;

pub(super) use lifecycle::{converse, serve};
