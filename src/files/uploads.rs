//! The folder for files from viewers.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use crate::sync::lock;

use super::name::{numbered, sanitised};

/// The most unfinished uploads at a time.
const MAX_UNFINISHED: usize = 32;
/// The time without a chunk after which an upload is dropped.
const TIMEOUT: Duration = Duration::from_secs(600);
/// The numbers that are tried for a name that is taken.
const MAX_NAMES: u32 = 1000;
/// The name of the temporary file, around the key of the upload.
const PREFIX: &str = ".deskbeam-";
const SUFFIX: &str = ".part";
const KEY_LENGTH: usize = 32;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The folder and its unfinished uploads. Until it is complete, a file is a hidden temporary one in the folder.
#[derive(Debug)]
pub struct Uploads {
    folder: Arc<OwnedFd>,
    limit: u64,
    unfinished: Mutex<HashMap<String, Arc<Mutex<Upload>>>>,
}

/// A chunk of a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chunk<'a> {
    /// The name that the sender gives to the file.
    pub(crate) name: &'a str,
    /// The size of the whole file, in bytes.
    pub(crate) size: u64,
    /// The position of the chunk in the file, in bytes.
    pub(crate) offset: u64,
    /// The content of the chunk.
    pub(crate) bytes: &'a [u8],
}

/// The progress of an upload after a chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Received {
    /// The file is incomplete: this many bytes were received.
    Part(u64),
    /// The file is complete, under this name.
    Whole(String),
}

/// The reason why a chunk is refused.
#[derive(Debug)]
pub(crate) enum UploadError {
    /// The next chunk has to begin at this position.
    Offset(u64),
    /// The file is larger than this limit, in bytes.
    TooLarge(u64),
    /// The chunk is longer than the rest of the file, or its name and size are those of another file.
    Mismatch,
    /// There are too many unfinished uploads.
    Busy,
    /// The disk or the quota is full.
    Full,
    /// The file cannot be written.
    Failed(std::io::Error),
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
        if let Err(error) = remove_leftovers(&folder, SystemTime::now()) {
            tracing::warn!(%error, "cannot remove old temporary files of uploads");
        }
        Ok(Self {
            folder: Arc::new(folder),
            limit,
            unfinished: Mutex::default(),
        })
    }

    /// True if this can be the key of an upload: 32 hexadecimal digits, which the sender chooses.
    pub(crate) fn is_key(key: &str) -> bool {
        key.len() == KEY_LENGTH && key.bytes().all(|byte| byte.is_ascii_hexdigit())
    }

    /// The bytes of the file that were received; `None` if there is no such upload.
    pub(crate) fn offset(&self, key: &str) -> Option<u64> {
        let upload = self.lock().get(key).cloned()?;
        let upload = lock(&upload);
        Some(upload.offset)
    }

    /// Writes the next chunk of the upload with this key. Blocks.
    ///
    /// # Errors
    /// See [`UploadError`]. The upload can go on afterwards, except when the disk is full.
    pub(crate) fn take(&self, key: &str, chunk: &Chunk<'_>) -> Result<Received, UploadError> {
        if chunk.size > self.limit {
            return Err(UploadError::TooLarge(self.limit));
        }
        let upload = self.find_or_begin(key, chunk)?;
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

    fn find_or_begin(&self, key: &str, chunk: &Chunk<'_>) -> Result<Arc<Mutex<Upload>>, UploadError> {
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
        if unfinished.len() >= MAX_UNFINISHED {
            return Err(UploadError::Busy);
        }
        let upload = Arc::new(Mutex::new(Upload::begin(&self.folder, key, chunk)?));
        unfinished.insert(key.to_owned(), Arc::clone(&upload));
        Ok(upload)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Mutex<Upload>>>> {
        lock(&self.unfinished)
    }
}

/// An unfinished upload. Dropping it removes the temporary file.
#[derive(Debug)]
struct Upload {
    folder: Arc<OwnedFd>,
    temporary: String,
    file: File,
    name: String,
    size: u64,
    offset: u64,
    last_chunk: Instant,
}

impl Upload {
    fn begin(folder: &Arc<OwnedFd>, key: &str, chunk: &Chunk<'_>) -> Result<Self, UploadError> {
        let temporary = format!("{PREFIX}{key}{SUFFIX}");
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
        })
    }

    fn take(&mut self, chunk: &Chunk<'_>) -> Result<Received, UploadError> {
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
            match rename(&self.folder, &self.temporary, &name) {
                Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
                Ok(()) => return Ok(name),
            }
        }
        Err(Errno::EXIST.into())
    }
}

/// Renames a temporary file, unless a file of that name exists.
fn rename(folder: &OwnedFd, temporary: &str, name: &str) -> Result<(), Errno> {
    match rustix::fs::renameat_with(folder, temporary, folder, name, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS) => add_name(folder, temporary, name),
        moved => moved,
    }
}

/// Does the same on file systems that cannot rename without replacing. The file keeps its old name too.
fn add_name(folder: &OwnedFd, temporary: &str, name: &str) -> Result<(), Errno> {
    rustix::fs::linkat(folder, temporary, folder, name, AtFlags::empty())
}

/// Removes the temporary files that were not written to for a day.
fn remove_leftovers(folder: &OwnedFd, now: SystemTime) -> Result<(), Errno> {
    let day_ago = now
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .saturating_sub(DAY);
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if !name.to_str().is_ok_and(is_temporary) {
            continue;
        }
        let Ok(stat) = rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) else {
            continue;
        };
        let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        let is_old = u64::try_from(stat.st_mtime).is_ok_and(|seconds| seconds < day_ago.as_secs());
        if is_file && is_old {
            rustix::fs::unlinkat(folder, name, AtFlags::empty())?;
        }
    }
    Ok(())
}

/// True if this is the name of a temporary file.
fn is_temporary(name: &str) -> bool {
    let key = name
        .strip_prefix(PREFIX)
        .and_then(|rest| rest.strip_suffix(SUFFIX));
    key.is_some_and(Uploads::is_key)
}

impl Drop for Upload {
    fn drop(&mut self) {
        // A complete file has another name by now, or another one as well.
        let _ = rustix::fs::unlinkat(&self.folder, &self.temporary, AtFlags::empty());
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
            Self::Offset(offset) => write!(f, "The next chunk has to begin at byte {offset}."),
            Self::TooLarge(limit) => write!(f, "The host takes files of {} MiB at most.", limit >> 20),
            Self::Mismatch => f.write_str("This chunk does not belong to the file that was begun."),
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
    fn a_file_that_a_killed_host_left_half_comes_from_the_beginning() {
        let (folder, uploads) = folder();
        let outside = folder.path().join("outside");
        std::fs::write(&outside, "mine").unwrap();
        std::fs::write(folder.path().join(".deskbeam-k.part"), "left").unwrap();
        std::os::unix::fs::symlink(&outside, folder.path().join(".deskbeam-l.part")).unwrap();
        for (key, name) in [("k", "a"), ("l", "b")] {
            let whole = uploads.take(key, &chunk(name, 3, 0, b"new")).unwrap();
            assert_eq!(whole, Received::Whole(name.to_owned()));
            assert_eq!(std::fs::read(folder.path().join(name)).unwrap(), b"new");
        }
        assert_eq!(std::fs::read(outside).unwrap(), b"mine");
        assert_eq!(names(&folder), ["a", "b", "outside"]);
    }

    #[test]
    fn old_parts_are_removed_at_the_start_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let key = "0123456789abcdef0123456789abcdef";
        let path = |name: &str| folder.path().join(name);
        let age = |name: &str, days: u32| {
            let file = File::options().write(true).open(path(name)).unwrap();
            file.set_modified(SystemTime::now() - days * DAY - DAY / 2)
                .unwrap();
        };
        let old = format!(".deskbeam-{key}.part");
        let young = format!(".deskbeam-{}.part", key.replace('0', "1"));
        let others = [
            ".deskbeam-.part",
            ".deskbeam-0123456789abcdef0123456789abcdeg.part",
            ".deskbeam-0123456789abcdef0123456789abcdef0.part",
            "0123456789abcdef0123456789abcdef.part",
            "report.pdf",
        ];
        for name in others.into_iter().chain([&*old, &*young]) {
            std::fs::write(path(name), "x").unwrap();
            age(name, 2);
        }
        age(&young, 0);
        let (linked, nested) = (old.replace("012", "222"), old.replace("012", "333"));
        std::os::unix::fs::symlink(path("report.pdf"), path(&linked)).unwrap();
        std::fs::create_dir(path(&nested)).unwrap();
        let before = names(&folder);
        Uploads::open(folder.path(), 100).unwrap();
        let expected: Vec<_> = before.into_iter().filter(|name| *name != old).collect();
        assert_eq!(names(&folder), expected);
    }

    #[test]
    fn where_nothing_can_be_renamed_without_replacing_a_link_takes_its_place() {
        let (folder, uploads) = folder();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("part"), "new").unwrap();
        std::fs::write(path("taken"), "mine").unwrap();
        std::os::unix::fs::symlink(path("nowhere"), path("link")).unwrap();
        for taken in ["taken", "link"] {
            assert_eq!(add_name(&uploads.folder, "part", taken), Err(Errno::EXIST));
        }
        assert_eq!(add_name(&uploads.folder, "part", "free"), Ok(()));
        assert_eq!(std::fs::read(path("free")).unwrap(), b"new");
        assert_eq!(std::fs::read(path("taken")).unwrap(), b"mine");
        assert!(!path("nowhere").exists());
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
            UploadError::Mismatch
        ));
        uploads.take("k", &chunk("a", 1, 0, b"")).unwrap();
        assert!(matches!(
            refused("k", &chunk("b", 1, 0, b"x")),
            UploadError::Mismatch
        ));
        for index in 1..MAX_UNFINISHED {
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
