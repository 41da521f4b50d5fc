//! The folder that takes what viewers send.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use super::name::{numbered, sanitised};

/// How many files may be under way at once.
const MOST: usize = 32;
/// How long one may take until its next chunk.
const PATIENCE: Duration = Duration::from_secs(600);
/// So many names are tried for a file.
const MOST_NAMES: u32 = 1000;

/// The folder, and what is on its way into it. Until a file is whole, it is a hidden one beside it.
#[derive(Debug)]
pub struct Uploads {
    folder: Arc<OwnedFd>,
    limit: u64,
    under_way: Mutex<HashMap<String, Arc<Mutex<Upload>>>>,
}

/// A part of a file.
#[derive(Debug, Clone, Copy)]
pub struct Chunk<'a> {
    /// What the sender calls the file.
    pub name: &'a str,
    /// The length of the whole file.
    pub size: u64,
    /// Where in it the part belongs.
    pub offset: u64,
    /// The part.
    pub bytes: &'a [u8],
}

/// What has come of a chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// So many bytes of the file are here.
    Part(u64),
    /// The file is whole, and has this name.
    Whole(String),
}

/// Why a chunk was not taken.
#[derive(Debug)]
pub enum UploadError {
    /// So many bytes are here: the next chunk has to begin there.
    Offset(u64),
    /// The file is longer than so many bytes.
    TooLarge(u64),
    /// The chunk is longer than the rest of the file, or the file is another one.
    Wrong,
    /// Too many files are under way.
    Busy,
    /// There is no room left.
    Full,
    /// The folder does not take it.
    Failed(std::io::Error),
}

impl Uploads {
    /// Opens the folder, for files of at most `limit` bytes.
    ///
    /// # Errors
    /// If it is not there, or cannot be written to.
    pub fn open(path: &Path, limit: u64) -> std::io::Result<Self> {
        let folder = rustix::fs::open(path, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        rustix::fs::accessat(&folder, c".", rustix::fs::Access::WRITE_OK, AtFlags::EACCESS)?;
        Ok(Self {
            folder: Arc::new(folder),
            limit,
            under_way: Mutex::default(),
        })
    }

    /// How much of the file is here; `None`: nothing is known of it.
    pub fn offset(&self, key: &str) -> Option<u64> {
        let upload = self.lock().get(key).cloned()?;
        let upload = upload.lock().unwrap_or_else(PoisonError::into_inner);
        Some(upload.offset)
    }

    /// Takes the next part of the file that is known by `key`. Blocks.
    ///
    /// # Errors
    /// See [`UploadError`]. What was there stays, but for a disk that is full.
    pub fn take(&self, key: &str, chunk: &Chunk<'_>) -> Result<Received, UploadError> {
        if chunk.size > self.limit {
            return Err(UploadError::TooLarge(self.limit));
        }
        let upload = self.begun(key, chunk)?;
        let mut upload = upload.lock().unwrap_or_else(PoisonError::into_inner);
        let received = upload.take(chunk);
        // Half a file does not keep the disk full.
        if matches!(received, Ok(Received::Whole(_)) | Err(UploadError::Full)) {
            self.lock().remove(key);
        }
        received
    }

    /// Forgets the file, and what has come of it. False: nothing is known of it.
    pub fn cancel(&self, key: &str) -> bool {
        self.lock().remove(key).is_some()
    }

    fn begun(&self, key: &str, chunk: &Chunk<'_>) -> Result<Arc<Mutex<Upload>>, UploadError> {
        let mut under_way = self.lock();
        let is_late = |upload: &Arc<Mutex<Upload>>| {
            // One that is being written to is not late.
            upload
                .try_lock()
                .is_ok_and(|upload| upload.seen.elapsed() > PATIENCE)
        };
        under_way.retain(|_, upload| !is_late(upload));
        if let Some(upload) = under_way.get(key) {
            return Ok(Arc::clone(upload));
        }
        if chunk.offset != 0 {
            return Err(UploadError::Offset(0));
        }
        if under_way.len() >= MOST {
            return Err(UploadError::Busy);
        }
        let upload = Arc::new(Mutex::new(Upload::begin(&self.folder, key, chunk)?));
        under_way.insert(key.to_owned(), Arc::clone(&upload));
        Ok(upload)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Mutex<Upload>>>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One file on its way. What has come is removed with this, unless it is whole.
#[derive(Debug)]
struct Upload {
    folder: Arc<OwnedFd>,
    part: String,
    file: File,
    name: String,
    size: u64,
    offset: u64,
    seen: Instant,
}

impl Upload {
    fn begin(folder: &Arc<OwnedFd>, key: &str, chunk: &Chunk<'_>) -> Result<Self, UploadError> {
        let part = format!(".deskbeam-{key}.part");
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::WRONLY | OFlags::CLOEXEC;
        let file = rustix::fs::openat(folder, &part, flags, Mode::RUSR | Mode::WUSR)?;
        Ok(Self {
            folder: Arc::clone(folder),
            part,
            file: file.into(),
            name: sanitised(chunk.name),
            size: chunk.size,
            offset: 0,
            seen: Instant::now(),
        })
    }

    fn take(&mut self, chunk: &Chunk<'_>) -> Result<Received, UploadError> {
        let length = chunk.bytes.len() as u64;
        if chunk.size != self.size || sanitised(chunk.name) != self.name {
            return Err(UploadError::Wrong);
        }
        if chunk.offset != self.offset {
            return Err(UploadError::Offset(self.offset));
        }
        if length > self.size - self.offset {
            return Err(UploadError::Wrong);
        }
        self.file.write_all_at(chunk.bytes, chunk.offset)?;
        self.offset += length;
        self.seen = Instant::now();
        match self.offset == self.size {
            true => Ok(Received::Whole(self.finish()?)),
            false => Ok(Received::Part(self.offset)),
        }
    }

    /// Gives the file its name, or the next one that nothing has.
    fn finish(&mut self) -> Result<String, UploadError> {
        for number in 0..MOST_NAMES {
            let name = numbered(&self.name, number);
            let moved = rustix::fs::renameat_with(
                &self.folder,
                &self.part,
                &self.folder,
                &name,
                RenameFlags::NOREPLACE,
            );
            match moved {
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
        // A file that is whole has another name.
        let _ = rustix::fs::unlinkat(&self.folder, &self.part, AtFlags::empty());
    }
}

impl From<Errno> for UploadError {
    fn from(error: Errno) -> Self {
        std::io::Error::from(error).into()
    }
}

impl From<std::io::Error> for UploadError {
    fn from(error: std::io::Error) -> Self {
        match Errno::from_io_error(&error) {
            Some(Errno::NOSPC | Errno::DQUOT | Errno::FBIG) => Self::Full,
            _ => Self::Failed(error),
        }
    }
}

impl fmt::Display for UploadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Offset(offset) => write!(f, "The next part has to begin at byte {offset}."),
            Self::TooLarge(limit) => write!(f, "The host takes files of {} MiB at most.", limit >> 20),
            Self::Wrong => f.write_str("This is no part of the file that was begun."),
            Self::Busy => f.write_str("The host takes too many files already."),
            Self::Full => f.write_str("There is no room left on the host."),
            Self::Failed(_) => f.write_str("The host cannot write the file."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, Uploads) {
        let folder = tempfile::tempdir().unwrap();
        let uploads = Uploads::open(folder.path(), 100).unwrap();
        (folder, uploads)
    }

    fn chunk<'a>(name: &'a str, size: u64, offset: u64, bytes: &'a [u8]) -> Chunk<'a> {
        Chunk {
            name,
            size,
            offset,
            bytes,
        }
    }

    fn names(folder: &tempfile::TempDir) -> Vec<String> {
        let entries = std::fs::read_dir(folder.path()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_comes_in_parts_and_appears_when_it_is_whole() {
        let (folder, uploads) = folder();
        assert_eq!(uploads.offset("k"), None);
        assert_eq!(
            uploads.take("k", &chunk("a.txt", 5, 0, b"abc")).unwrap(),
            Received::Part(3)
        );
        assert_eq!(uploads.offset("k"), Some(3));
        assert_eq!(names(&folder), [".deskbeam-k.part"]);
        let again = uploads.take("k", &chunk("a.txt", 5, 0, b"abc"));
        assert!(matches!(again, Err(UploadError::Offset(3))), "{again:?}");
        assert_eq!(
            uploads.take("k", &chunk("a.txt", 5, 3, b"de")).unwrap(),
            Received::Whole("a.txt".to_owned())
        );
        assert_eq!(std::fs::read(folder.path().join("a.txt")).unwrap(), b"abcde");
        assert_eq!(
            (names(&folder), uploads.offset("k")),
            (vec!["a.txt".to_owned()], None)
        );
    }

    #[test]
    fn nothing_is_overwritten_followed_or_left_behind() {
        let (folder, uploads) = folder();
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.txt"), "mine").unwrap();
        std::os::unix::fs::symlink(outside.path().join("x"), folder.path().join("a (1).txt")).unwrap();
        assert_eq!(
            uploads.take("k", &chunk("a.txt", 1, 0, b"b")).unwrap(),
            Received::Whole("a (2).txt".to_owned())
        );
        assert_eq!(std::fs::read(folder.path().join("a.txt")).unwrap(), b"mine");
        assert!(!outside.path().join("x").exists());
        uploads.take("cancelled", &chunk("c", 2, 0, b"c")).unwrap();
        assert!(uploads.cancel("cancelled") && !uploads.cancel("cancelled"));
        uploads.take("left", &chunk("l", 2, 0, b"l")).unwrap();
        drop(uploads);
        assert_eq!(names(&folder), ["a (1).txt", "a (2).txt", "a.txt"]);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let (folder, uploads) = folder();
        let refused = |key: &str, chunk: &Chunk<'_>| uploads.take(key, chunk).unwrap_err();
        assert!(matches!(
            refused("k", &chunk("a", 101, 0, b"")),
            UploadError::TooLarge(100)
        ));
        assert!(matches!(
            refused("k", &chunk("a", 5, 3, b"x")),
            UploadError::Offset(0)
        ));
        assert!(matches!(
            refused("k", &chunk("a", 1, 0, b"xy")),
            UploadError::Wrong
        ));
        uploads.take("k", &chunk("a", 1, 0, b"")).unwrap();
        assert!(matches!(
            refused("k", &chunk("b", 1, 0, b"x")),
            UploadError::Wrong
        ));
        for index in 1..MOST {
            uploads.take(&index.to_string(), &chunk("a", 5, 0, b"x")).unwrap();
        }
        assert!(matches!(
            refused("one more", &chunk("a", 5, 0, b"x")),
            UploadError::Busy
        ));
        assert_eq!(
            uploads.take("k", &chunk("a", 1, 0, b"x")).unwrap(),
            Received::Whole("a".to_owned())
        );
        drop(uploads);
        assert_eq!(names(&folder), ["a"]);
    }
}
