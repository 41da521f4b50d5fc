//! Real parts for the tests: a host, the program, signaling clients, viewers with their own webrtcbin, and X
//! clients.

pub mod clipboard_desktop;
mod deadline;
pub mod host;
pub mod http;
pub mod https;
pub mod mouse_look;
pub mod player;
pub mod program;
pub mod raw;
pub mod rendezvous;
pub mod root;
pub mod set_clock;
pub mod signaling;
pub mod usage;
pub mod viewer;
pub mod x11;
pub mod xvfb;

pub use deadline::{DEADLINE, eventually, eventually_ok, soon};
