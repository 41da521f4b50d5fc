//! The folder that takes what viewers send.

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

/// How many files may be under way at once.
const MOST: usize = 32;
/// How long one may take until its next chunk.
const PATIENCE: Duration = Duration::from_secs(600);
/// So many names are tried for a file.
const MOST_NAMES: u32 = 1000;
/// What the name of a part has around what the sender calls the file.
const PART_START: &str = ".deskbeam-";
const PART_END: &str = ".part";
const KEY_LENGTH: usize = 32;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

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
    /// Opens the folder, for files of at most `limit` bytes. What a host that was killed left there a day ago is removed;
    /// what is younger may be on its way to another host.
    ///
    /// # Errors
    /// If it is not there, or cannot be written to.
    pub fn open(path: &Path, limit: u64) -> std::io::Result<Self> {
        let folder = rustix::fs::open(path, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        rustix::fs::accessat(&folder, c".", rustix::fs::Access::WRITE_OK, AtFlags::EACCESS)?;
        if let Err(error) = remove_left_over(&folder, SystemTime::now()) {
            tracing::warn!(%error, "the folder for files cannot be tidied up");
        }
        Ok(Self {
            folder: Arc::new(folder),
            limit,
            under_way: Mutex::default(),
        })
    }

    /// Whether a sender may call a file so: 32 hexadecimal digits.
    pub fn is_key(key: &str) -> bool {
        key.len() == KEY_LENGTH && key.bytes().all(|byte| byte.is_ascii_hexdigit())
    }

    /// How much of the file is here; `None`: nothing is known of it.
    pub fn offset(&self, key: &str) -> Option<u64> {
        let upload = self.lock().get(key).cloned()?;
        let upload = lock(&upload);
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
        let mut upload = lock(&upload);
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
        lock(&self.under_way)
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
        let part = format!("{PART_START}{key}{PART_END}");
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::WRONLY | OFlags::CLOEXEC;
        let create = || rustix::fs::openat(folder, &part, flags, Mode::RUSR | Mode::WUSR);
        let file = match create() {
            // The same file was on its way to a host that was killed. It comes from the beginning.
            Err(Errno::EXIST) => {
                rustix::fs::unlinkat(folder, &part, AtFlags::empty())?;
                create()?
            }
            created => created?,
        };
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
            match give_name(&self.folder, &self.part, &name) {
                Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
                Ok(()) => return Ok(name),
            }
        }
        Err(Errno::EXIST.into())
    }
}

/// Gives a part its name, if nothing has that.
fn give_name(folder: &OwnedFd, part: &str, name: &str) -> Result<(), Errno> {
    match rustix::fs::renameat_with(folder, part, folder, name, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS) => add_name(folder, part, name),
        moved => moved,
    }
}

/// The same on file systems that cannot rename without replacing. It keeps its old name beside the new one.
fn add_name(folder: &OwnedFd, part: &str, name: &str) -> Result<(), Errno> {
    rustix::fs::linkat(folder, part, folder, name, AtFlags::empty())
}

/// Removes the parts that nobody has written to for a day.
fn remove_left_over(folder: &OwnedFd, now: SystemTime) -> Result<(), Errno> {
    let day_ago = now
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .saturating_sub(DAY);
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if !name.to_str().is_ok_and(is_part) {
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

/// Whether a part of ours has such a name.
fn is_part(name: &str) -> bool {
    let key = name
        .strip_prefix(PART_START)
        .and_then(|rest| rest.strip_suffix(PART_END));
    key.is_some_and(Uploads::is_key)
}

impl Drop for Upload {
    fn drop(&mut self) {
        // A file that is whole has another name, or this one beside it.
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
