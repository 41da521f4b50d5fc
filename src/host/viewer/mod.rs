//! One viewer: its task, its session, its peers, and the way of its input.

mod actions;
mod channel;
mod channel_reader;
mod input_gate;
mod lifecycle;
mod peer;
mod peers;
mod task;

pub(super) use lifecycle::{converse, serve};
