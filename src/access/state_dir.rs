//! The folder of what has to be kept and nobody else may read: `$XDG_STATE_HOME/deskbeam`.

use std::ffi::OsString;
use std::fmt;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::secret::{Secret, SecretError};

/// No file of ours is longer, in bytes.
const MAX_FILE: u64 = 1024 * 1024;

/// The folder. Each file in it is the user's alone.
#[derive(Debug, Clone)]
pub struct StateDir(PathBuf);

/// What is wrong with the folder or a file in it, as a sentence with a remedy.
#[derive(Debug)]
pub struct StateError {
    sentence: String,
    is_unwritable: bool,
}

impl StateDir {
    /// The user's folder, which is made if it is not there yet.
    ///
    /// # Errors
    /// If the user has no home, or the folder cannot be made.
    pub fn open() -> Result<Self, StateError> {
        let path = folder(std::env::var_os("XDG_STATE_HOME"), std::env::var_os("HOME")).ok_or_else(|| {
            StateError::unwritable(
                "there is no place for the access token: neither $XDG_STATE_HOME nor $HOME is set".to_owned(),
            )
        })?;
        Self::at(path.join("deskbeam"))
    }

    /// A folder of the user's in memory, which lasts until the machine is started again: for when the other cannot be
    /// written.
    ///
    /// # Errors
    /// If it cannot be made, or is not the user's alone.
    pub fn in_memory() -> Result<Self, StateError> {
        let user = rustix::process::geteuid().as_raw();
        let path = match std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from) {
            Some(path) if path.is_absolute() => path.join("deskbeam"),
            _ => PathBuf::from(format!("/dev/shm/deskbeam-{user}")),
        };
        let state = Self::at(path.clone())?;
        // Others can write beside it, and may have been there first.
        let is_own = std::fs::symlink_metadata(&path)
            .is_ok_and(|found| found.is_dir() && found.uid() == user && found.mode() & 0o077 == 0);
        match is_own {
            true => Ok(state),
            false => Err(StateError::new(format!("{} is not yours alone", path.display()))),
        }
    }

    /// This folder.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn at(path: PathBuf) -> Result<Self, StateError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path)
            .map_err(|error| StateError::unwritable(format!("{} cannot be made: {error}", path.display())))?;
        Ok(Self(path))
    }

    /// Where the file of this name is, or would be.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// What the file says; `None` if there is none.
    ///
    /// # Errors
    /// If it cannot be read, or if others than the user can.
    pub fn read(&self, name: &str) -> Result<Option<String>, StateError> {
        read_private(&self.path(name))
    }

    /// Writes a file that is not there yet. False: it is there.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn create(&self, name: &str, text: &str) -> Result<bool, StateError> {
        let (path, written) = (self.path(name), self.write_aside(name, text)?);
        // A link appears whole or not at all, and never in the place of something.
        let linked = std::fs::hard_link(&written, &path);
        let _ = std::fs::remove_file(&written);
        match linked {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(StateError::unwritable(format!(
                "{} cannot be written: {error}",
                path.display()
            ))),
        }
    }

    /// Writes a file, in the place of the old one if there is one.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn replace(&self, name: &str, text: &str) -> Result<(), StateError> {
        let (path, written) = (self.path(name), self.write_aside(name, text)?);
        std::fs::rename(written, &path)
            .map_err(|error| StateError::unwritable(format!("{} cannot be written: {error}", path.display())))
    }

    /// Does `change` while no other process that asks for the same does.
    ///
    /// # Errors
    /// If `change` fails, or the lock cannot be had.
    pub fn locked<T>(&self, change: impl FnOnce() -> Result<T, StateError>) -> Result<T, StateError> {
        let path = self.path("lock");
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path);
        let lock = lock.and_then(|file| file.lock().map(|()| file));
        let _held =
            lock.map_err(|error| StateError::new(format!("{} cannot be locked: {error}", path.display())))?;
        change()
    }

    fn write_aside(&self, name: &str, text: &str) -> Result<PathBuf, StateError> {
        let path = self.path(&format!(".{name}.{}", Secret::random::<8>()?.expose()));
        let write = || -> io::Result<()> {
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&path)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()
        };
        write().map_err(|error| {
            let _ = std::fs::remove_file(&path);
            StateError::unwritable(format!("{} cannot be written: {error}", path.display()))
        })?;
        Ok(path)
    }
}

/// Reads a file that the user alone can read; `None` if there is none.
pub(super) fn read_private(path: &Path) -> Result<Option<String>, StateError> {
    let wrong = |what: String| StateError::new(format!("{} {what}", path.display()));
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(wrong(format!("cannot be read: {error}"))),
    };
    let metadata = file
        .metadata()
        .map_err(|error| wrong(format!("cannot be read: {error}")))?;
    let mode = metadata.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(wrong(format!(
            "can be read by others than you (mode {mode:o}). Say `chmod 600 {}`, or delete it if somebody may have",
            path.display()
        )));
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(wrong("belongs to another user".to_owned()));
    }
    let mut text = String::new();
    file.take(MAX_FILE)
        .read_to_string(&mut text)
        .map_err(|error| wrong(format!("cannot be read: {error}")))?;
    Ok(Some(text))
}

/// The XDG base directory specification has a relative path ignored.
fn folder(xdg: Option<OsString>, home: Option<OsString>) -> Option<PathBuf> {
    let absolute = |value: OsString| Some(PathBuf::from(value)).filter(|path| path.is_absolute());
    xdg.and_then(absolute)
        .or_else(|| Some(home.and_then(absolute)?.join(".local/state")))
}

impl StateError {
    pub(super) fn new(sentence: impl Into<String>) -> Self {
        Self {
            sentence: sentence.into(),
            is_unwritable: false,
        }
    }

    fn unwritable(sentence: String) -> Self {
        Self {
            sentence,
            is_unwritable: true,
        }
    }

    /// Whether there is no place to write to: the file system is full or read-only, or there is no folder.
    pub fn is_unwritable(&self) -> bool {
        self.is_unwritable
    }
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl std::error::Error for StateError {}

impl From<SecretError> for StateError {
    fn from(error: SecretError) -> Self {
        Self::new(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn the_folder_is_that_of_xdg_and_otherwise_in_the_home() {
        let of = |xdg: &str, home: &str| folder(Some(xdg.into()), Some(home.into()));
        assert_eq!(of("/xdg", "/home/a"), Some("/xdg".into()));
        for ignored in ["", "relative"] {
            assert_eq!(of(ignored, "/home/a"), Some("/home/a/.local/state".into()));
        }
        assert_eq!(folder(None, None), None);
    }

    #[test]
    fn files_are_the_users_alone_and_are_not_overwritten_by_accident() {
        let place = tempfile::tempdir().unwrap();
        let state = StateDir::at(place.path().join("a/deskbeam")).unwrap();
        assert_eq!(mode(&place.path().join("a/deskbeam")), 0o700);
        assert_eq!(state.read("x").unwrap(), None);
        assert!(state.create("x", "one").unwrap());
        assert!(!state.create("x", "two").unwrap());
        assert_eq!(state.read("x").unwrap().as_deref(), Some("one"));
        state.replace("x", "three").unwrap();
        assert_eq!(state.read("x").unwrap().as_deref(), Some("three"));
        assert_eq!(mode(&state.path("x")), 0o600);
        let left = std::fs::read_dir(place.path().join("a/deskbeam"))
            .unwrap()
            .count();
        assert_eq!(left, 1, "nothing is left beside it");
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let state = StateDir::at(place.path().to_owned()).unwrap();
        state.create("x", "one").unwrap();
        for open in [0o640, 0o604, 0o660, 0o602] {
            std::fs::set_permissions(state.path("x"), std::fs::Permissions::from_mode(open)).unwrap();
            let error = state.read("x").unwrap_err().to_string();
            assert!(error.contains("chmod 600") && !error.contains("one"), "{error}");
        }
        std::fs::set_permissions(state.path("x"), std::fs::Permissions::from_mode(0o400)).unwrap();
        assert!(state.read("x").is_ok());
    }
}
