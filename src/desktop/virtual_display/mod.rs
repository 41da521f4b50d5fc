//! A desktop where there is none: an X server, a window manager and a command.

pub(super) mod display;
pub(super) mod end_watch;
pub(super) mod error;
pub(super) mod options;
mod private_dir;
mod programs;
mod server;
mod session;
mod window_manager;
mod xauthority;
