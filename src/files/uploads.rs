//! The folder for files from viewers.

mod chunk;
mod error;
mod temporary;
mod unfinished;

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use rustix::fs::{AtFlags, Mode, OFlags};

use crate::quota::{Holder, Places};
use crate::sync::lock;

pub(crate) use chunk::{Chunk, Received};
pub(crate) use error::UploadError;
use unfinished::Upload;

/// The most unfinished uploads at a time.
const MAX_UNFINISHED: usize = 32;
/// The most of them that come by one link or from one address.
const MAX_UNFINISHED_PER_GUEST: usize = 8;
/// The time without a chunk after which an upload is dropped.
const TIMEOUT: Duration = Duration::from_secs(600);

/// The folder and its unfinished uploads. Until it is complete, a file is a hidden temporary one in the folder.
#[derive(Debug)]
pub struct Uploads {
    folder: Arc<OwnedFd>,
    limit: u64,
    places: Places,
    unfinished: Mutex<HashMap<String, Arc<Mutex<Upload>>>>,
}

impl Uploads {
    /// Opens the folder, for files of at most `limit` bytes. Removes temporary files that are older than a day, which a
    /// host left there that was killed; younger ones may belong to another running host.
    ///
    /// # Errors
    /// If it does not exist, or cannot be written.
    pub fn open(path: &Path, limit: u64) -> std::io::Result<Self> {
        let folder = rustix::fs::open(path, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        rustix::fs::accessat(&folder, c".", rustix::fs::Access::WRITE_OK, AtFlags::EACCESS)?;
        if let Err(error) = temporary::remove_leftovers(&folder, SystemTime::now()) {
            tracing::warn!(%error, "cannot remove old temporary files of uploads");
        }
        Ok(Self {
            folder: Arc::new(folder),
            limit,
            places: Places::new(MAX_UNFINISHED, MAX_UNFINISHED_PER_GUEST),
            unfinished: Mutex::default(),
        })
    }

    /// True if this can be the key of an upload: 32 hexadecimal digits, which the sender chooses.
    pub(crate) fn is_key(key: &str) -> bool {
        temporary::is_key(key)
    }

    /// The bytes of the file that were received; `None` if there is no such upload.
    pub(crate) fn offset(&self, key: &str) -> Option<u64> {
        let upload = self.lock().get(key).cloned()?;
        let upload = lock(&upload);
        Some(upload.offset)
    }

    /// Writes the next chunk of the upload with this key, for which the first chunk takes a place of `holder`. Blocks.
    ///
    /// # Errors
    /// See [`UploadError`]. The upload can go on afterwards, except when the disk is full.
    pub(crate) fn take(
        &self,
        key: &str,
        chunk: &Chunk<'_>,
        holder: &Holder,
    ) -> Result<Received, UploadError> {
        if chunk.size > self.limit {
            return Err(UploadError::TooLarge(self.limit));
        }
        let upload = self.find_or_begin(key, chunk, holder)?;
        let mut upload = lock(&upload);
        let received = upload.take(chunk);
        // An incomplete file must not keep the disk full.
        if matches!(received, Ok(Received::Whole(_)) | Err(UploadError::Full)) {
            self.lock().remove(key);
        }
        received
    }

    /// Cancels an upload and removes its temporary file. False if there is no such upload.
    pub(crate) fn cancel(&self, key: &str) -> bool {
        self.lock().remove(key).is_some()
    }

    fn find_or_begin(
        &self,
        key: &str,
        chunk: &Chunk<'_>,
        holder: &Holder,
    ) -> Result<Arc<Mutex<Upload>>, UploadError> {
        let mut unfinished = self.lock();
        let is_abandoned = |upload: &Arc<Mutex<Upload>>| {
            // An upload that is locked is being written.
            upload
                .try_lock()
                .is_ok_and(|upload| upload.last_chunk.elapsed() > TIMEOUT)
        };
        unfinished.retain(|_, upload| !is_abandoned(upload));
        if let Some(upload) = unfinished.get(key) {
            return Ok(Arc::clone(upload));
        }
        if chunk.offset != 0 {
            return Err(UploadError::Offset(0));
        }
        let place = self.places.take(holder).ok_or(UploadError::Busy)?;
        let upload = Arc::new(Mutex::new(Upload::begin(&self.folder, key, chunk, place)?));
        unfinished.insert(key.to_owned(), Arc::clone(&upload));
        Ok(upload)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Mutex<Upload>>>> {
        lock(&self.unfinished)
    }
}

#[cfg(test)]
mod tests;
