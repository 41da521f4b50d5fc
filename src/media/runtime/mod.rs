//! The main loop and its bridges: bounded channels between tokio, glib and GStreamer's threads, calls that may block,
//! and pipelines that stop when dropped.

pub(super) mod blocking;
pub(super) mod mailbox;
pub(super) mod main_loop;
pub(super) mod peer_id;
pub(super) mod running_pipeline;
