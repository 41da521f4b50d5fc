//! Pipeline descriptions: files and command-line text, checked and combined into a plan.

pub mod codec;
pub mod description;
pub(super) mod display;
pub(super) mod encoder_spec;
pub mod library;
pub mod packages;
pub mod parse;
pub mod plan;
mod select;
pub(super) mod stream_options;
pub(super) mod validate;
