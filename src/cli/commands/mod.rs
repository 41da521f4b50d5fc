//! A file for each subcommand.

pub(super) mod passwd;
pub(super) mod pipelines;
pub(super) mod run;
pub(super) mod share;
pub(super) mod try_encoder;
