//! A running encoder with its pad probes, supervisor and output, and the trial that chooses among encoders.

mod bitrate;
pub(super) mod output;
mod probes;
mod restart;
pub(super) mod running;
pub(super) mod running_sound;
mod supervisor;
pub(crate) mod trial;
