//! The main loop and the ways across: bounded channels between tokio, glib and GStreamer's threads.

pub(super) mod mailbox;
pub(super) mod main_loop;
