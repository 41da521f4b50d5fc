//! One running encoder, with its pad probes, its supervisor and its output, and the trial that chooses among encoders.

mod bitrate;
pub(super) mod output;
mod probes;
pub(super) mod running;
pub(super) mod sound;
mod supervisor;
pub(super) mod trial;
