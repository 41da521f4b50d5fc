//! One running encoder, with its pad probes and its supervisor, and the trial that chooses among encoders.

pub(super) mod probes;
pub(super) mod running;
mod supervisor;
pub(super) mod trial;
