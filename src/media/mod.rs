//! media
pub mod codec;
pub mod description;
pub mod library;
pub mod packages;
pub mod parse;
pub mod plan;
