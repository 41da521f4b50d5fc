//! One running encoder, with its pad probes and its supervisor, and the trial that chooses among encoders.

pub(super) mod encoder;
pub(super) mod probes;
mod supervisor;
pub(super) mod trial;
