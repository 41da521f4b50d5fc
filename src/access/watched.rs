//! Files that others change while the host runs.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// By which a file is known to be still the same: which file it is, how long, and when it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    inode: u64,
    size: u64,
    written_s: i64,
    written_ns: i64,
}

impl Stamp {
    /// That of the file as it is now; `None` if there is none.
    pub fn of(path: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(path).ok()?;
        Some(Self {
            inode: metadata.ino(),
            size: metadata.size(),
            written_s: metadata.mtime(),
            written_ns: metadata.mtime_nsec(),
        })
    }
}
