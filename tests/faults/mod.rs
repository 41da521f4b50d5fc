//! Faults that the host survives: failures of its viewers, the network, the desktop and the system.
//! docs/reliability.md lists each fault with its test.

mod display;
mod peers;
mod process;
mod web;
