//! Pipeline descriptions: files and command-line text, checked and combined into a plan.

pub(crate) mod codec;
pub(crate) mod description;
pub(super) mod display;
pub(super) mod encoder_spec;
pub(crate) mod library;
pub(crate) mod packages;
pub(crate) mod parse;
pub(crate) mod plan;
pub(crate) mod restarts;
mod select;
pub(super) mod stream_options;
pub(super) mod validate;
