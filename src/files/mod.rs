//! Files between viewers and the host: one folder that takes what they send, one whose files they may fetch.
//!
//! Nothing is ever overwritten, and nothing outside of the two folders is reached: each is opened once, and every name
//! in it is one component, opened relative to it, without following links.

mod downloads;
mod name;
mod uploads;

pub use downloads::{Download, DownloadInfo, Downloads};
pub use uploads::{Chunk, Received, UploadError, Uploads};
