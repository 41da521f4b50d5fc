//! An upload that is not complete yet.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::Instant;

use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use super::chunk::{Chunk, Received};
use super::error::UploadError;
use super::temporary;
use crate::files::name::{numbered, sanitised};
use crate::quota::Place;

/// The numbers that are tried for a name that is taken.
const MAX_NAMES: u32 = 1000;

/// An unfinished upload. Dropping it removes the temporary file.
#[derive(Debug)]
pub(super) struct Upload {
    folder: Arc<OwnedFd>,
    temporary: String,
    file: File,
    name: String,
    size: u64,
    /// The bytes that were received.
    pub(super) offset: u64,
    /// The time of the last chunk.
    pub(super) last_chunk: Instant,
    _place: Place,
}

impl Upload {
    /// Creates the temporary file for the upload that `chunk` begins.
    pub(super) fn begin(
        folder: &Arc<OwnedFd>,
        key: &str,
        chunk: &Chunk<'_>,
        place: Place,
    ) -> Result<Self, UploadError> {
        let temporary = temporary::name(key);
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::WRONLY | OFlags::CLOEXEC;
        let create = || rustix::fs::openat(folder, &temporary, flags, Mode::RUSR | Mode::WUSR);
        let file = match create() {
            // A host that was killed left it. The sender begins again.
            Err(Errno::EXIST) => {
                rustix::fs::unlinkat(folder, &temporary, AtFlags::empty())?;
                create()?
            }
            created => created?,
        };
        Ok(Self {
            folder: Arc::clone(folder),
            temporary,
            file: file.into(),
            name: sanitised(chunk.name),
            size: chunk.size,
            offset: 0,
            last_chunk: Instant::now(),
            _place: place,
        })
    }

    /// Writes a chunk, and completes the file with the last one.
    pub(super) fn take(&mut self, chunk: &Chunk<'_>) -> Result<Received, UploadError> {
        let length = chunk.bytes.len() as u64;
        if chunk.size != self.size || sanitised(chunk.name) != self.name {
            return Err(UploadError::Mismatch);
        }
        if chunk.offset != self.offset {
            return Err(UploadError::Offset(self.offset));
        }
        if length > self.size - self.offset {
            return Err(UploadError::Mismatch);
        }
        self.file.write_all_at(chunk.bytes, chunk.offset)?;
        self.offset += length;
        self.last_chunk = Instant::now();
        match self.offset == self.size {
            true => Ok(Received::Whole(self.finish()?)),
            false => Ok(Received::Part(self.offset)),
        }
    }

    /// Gives the file its name, or the first numbered one that is free.
    fn finish(&mut self) -> Result<String, UploadError> {
        for number in 0..MAX_NAMES {
            let name = numbered(&self.name, number);
            match temporary::rename(&self.folder, &self.temporary, &name) {
                Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
                Ok(()) => return Ok(name),
            }
        }
        Err(Errno::EXIST.into())
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        // A complete file has another name by now, or another one as well.
        let _ = rustix::fs::unlinkat(&self.folder, &self.temporary, AtFlags::empty());
    }
}
