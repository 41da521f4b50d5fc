//! deskbeam shows a Linux desktop in a browser: start one binary on the desktop, open the printed URL, see and control
//! the screen.
//!
//! The modules, each below those that may depend on it:
//!
//! - [`protocol`]: the messages on the wire, in both directions. Pure.
//! - [`chord`]: key combinations. Pure.
//! - [`clock`]: the time of day.
//! - `hex`: bytes as hexadecimal digits. Pure.
//! - `descriptors`: the file descriptors that are left.
//! - `retry`: the delays between attempts to reconnect.
//! - `sync`: locking mutexes.
//! - [`x11`]: the connections to X servers.
//! - [`files`]: the folders for uploads and downloads.
//! - [`access`]: authentication and roles.
//! - [`session`]: the conversation with one viewer, as a state machine. Pure.
//! - [`capture`]: the X11 screen as a GStreamer element.
//! - [`media`]: pipelines, encoders and WebRTC peers. Only it and `capture` use GStreamer and glib.
//! - [`input`]: the injection of viewers' input into the desktop.
//! - [`desktop`]: the desktop itself: cursor, clipboard, size and load; a virtual display where there is none.
//! - [`web`]: HTTP, WebSockets and the embedded client. Only it uses axum.
//! - [`host`]: the composition of those, with one task per viewer.
//! - `shutdown`: the signals of the process.
//! - [`cli`]: the command line.
//! - `fuzzing`: the entry points of the fuzzer.

// Input from the network must not panic. The modules that may index and slice check their own bounds: of pixels,
// keycodes and texts.
#![deny(
    clippy::panic,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::unreachable,
    clippy::todo,
    clippy::indexing_slicing,
    clippy::string_slice
)]

pub mod access;
#[allow(clippy::indexing_slicing)]
pub mod capture;
pub mod chord;
#[allow(clippy::indexing_slicing)]
pub mod cli;
pub mod clock;
mod descriptors;
#[allow(clippy::indexing_slicing)]
pub mod desktop;
pub mod files;
#[doc(hidden)]
pub mod fuzzing;
mod hex;
pub mod host;
#[allow(clippy::indexing_slicing)]
pub mod input;
#[allow(clippy::expect_used, clippy::indexing_slicing, clippy::string_slice)]
pub mod media;
pub mod protocol;
mod quota;
mod relay;
mod retry;
pub mod session;
mod shutdown;
mod sync;
pub mod web;
pub mod x11;
