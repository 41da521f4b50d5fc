//! Files between viewers and the host: a folder for uploads, and one for downloads.
//!
//! No file is ever overwritten, and none outside of the two folders is reached: each folder is opened once, and every
//! name is one path component, opened relative to it, without following symbolic links.

mod downloads;
mod name;
mod uploads;

pub(crate) use downloads::Download;
pub use downloads::Downloads;
pub use uploads::Uploads;
pub(crate) use uploads::{Chunk, Received, UploadError};
