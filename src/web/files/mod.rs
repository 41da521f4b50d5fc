//! Files over HTTP: uploads in chunks, and downloads.

mod download;
mod folders;
mod range;
mod upload;

pub(super) use download::{download, list};
pub use folders::Folders;
pub(super) use upload::{cancel, offset, upload};
