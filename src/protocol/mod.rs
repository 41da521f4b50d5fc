//! What is said on the wire, in both directions. Pure: no I/O, no clock, no state.

pub mod input;
