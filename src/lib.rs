//! deskbeam puts a Linux desktop into a browser: start one binary on the desktop, open the printed URL, see the
//! screen and control it.
//!
//! In the order in which they may depend on each other:
//!
//! - [`protocol`]: what is said on the wire, both directions. Pure.
//! - [`chord`]: combinations of keys. Pure.
//! - [`clock`]: the time of day.
//! - `hex`: bytes as hexadecimal digits. Pure.
//! - `descriptors`: how many files may still be opened.
//! - `retry`: when to try again what was lost.
//! - [`files`]: the folders that viewers send files to and fetch them from.
//! - [`access`]: who may come in, and as what.
//! - [`session`]: one viewer's negotiation, as a state machine. Pure.
//! - [`capture`]: the X11 screen as a GStreamer element.
//! - [`media`]: encoding, webrtcbin. It and `capture` alone know GStreamer and glib.
//! - [`input`]: acts on the desktop for the viewers.
//! - [`desktop`]: the desktop itself: a virtual display where there is none; cursor, clipboard, size, load.
//! - [`web`]: HTTP, WebSockets and the embedded client. The only module that knows axum.
//! - [`host`]: where those meet; one task per viewer.
//! - [`mod@shutdown`]: SIGINT and SIGTERM.
//! - [`cli`]: the command line.
//! - `fuzzing`: what the fuzzer calls. Not for others.

// What comes from the network never ends the host. The modules that are allowed more have bounds of their own: of
// pixels, keycodes and texts.
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
mod retry;
pub mod session;
pub mod shutdown;
mod sync;
pub mod web;
