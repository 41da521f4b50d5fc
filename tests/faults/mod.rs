//! What the host survives: its viewers, the network, the desktop and the system fail, and it goes on.
//! docs/reliability.md lists each fault with its test.

mod display;
mod peers;
mod process;
mod web;
