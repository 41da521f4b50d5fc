//! The state folder, `$XDG_STATE_HOME/deskbeam`, whose files only the user can read.

use std::ffi::OsString;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::error::StateError;
use super::secret::Secret;

/// The bytes that are read of a file at most.
const MAX_FILE: u64 = 1024 * 1024;

/// The state folder. Only the user can read its files.
#[derive(Debug, Clone)]
pub struct StateDir(PathBuf);

impl StateDir {
    /// Opens the folder of the user, and creates it if it does not exist.
    ///
    /// # Errors
    /// If the user has no home, or the folder cannot be created.
    pub(crate) fn open() -> Result<Self, StateError> {
        let path = folder(std::env::var_os("XDG_STATE_HOME"), std::env::var_os("HOME")).ok_or_else(|| {
            StateError::unwritable(
                "there is no folder for the access token: neither $XDG_STATE_HOME nor $HOME is set"
                    .to_owned(),
            )
        })?;
        Self::at(path.join("deskbeam"))
    }

    /// Opens a folder in memory, which lasts until the machine restarts. It replaces a folder that cannot be written.
    ///
    /// # Errors
    /// If it cannot be created, or other users can access it.
    pub(crate) fn in_memory() -> Result<Self, StateError> {
        let user = rustix::process::geteuid().as_raw();
        let path = match std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from) {
            Some(path) if path.is_absolute() => path.join("deskbeam"),
            _ => PathBuf::from(format!("/dev/shm/deskbeam-{user}")),
        };
        let state = Self::at(path.clone())?;
        // Other users can create folders there too, and may have created this one.
        let is_own = std::fs::symlink_metadata(&path)
            .is_ok_and(|found| found.is_dir() && found.uid() == user && found.mode() & 0o077 == 0);
        match is_own {
            true => Ok(state),
            false => Err(StateError::new(format!(
                "other users can access {}",
                path.display()
            ))),
        }
    }

    /// Opens the folder at `path`, and creates it if it does not exist.
    ///
    /// # Errors
    /// If it cannot be created.
    pub fn at(path: PathBuf) -> Result<Self, StateError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path)
            .map_err(|error| StateError::unwritable(format!("cannot create {}: {error}", path.display())))?;
        Ok(Self(path))
    }

    /// The path of a file in the folder, whether it exists or not.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Reads a file; `None` if it does not exist.
    ///
    /// # Errors
    /// If it cannot be read, or if other users can read it.
    pub(crate) fn read(&self, name: &str) -> Result<Option<String>, StateError> {
        read_private(&self.path(name))
    }

    /// Creates a file. False if it exists already, and is left as it is.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn create(&self, name: &str, text: &str) -> Result<bool, StateError> {
        let (path, written) = (self.path(name), self.write_temporary(name, text)?);
        // A hard link appears with the whole content, and never replaces a file.
        let linked = std::fs::hard_link(&written, &path);
        let _ = std::fs::remove_file(&written);
        match linked {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(StateError::unwritable(format!(
                "cannot write {}: {error}",
                path.display()
            ))),
        }
    }

    /// Writes a file, and replaces the old one if it exists.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn replace(&self, name: &str, text: &str) -> Result<(), StateError> {
        let (path, written) = (self.path(name), self.write_temporary(name, text)?);
        std::fs::rename(written, &path)
            .map_err(|error| StateError::unwritable(format!("cannot write {}: {error}", path.display())))
    }

    /// Calls `change` while holding the lock of the folder, which excludes other processes.
    ///
    /// # Errors
    /// If `change` fails, or the folder cannot be locked.
    pub(crate) fn locked<T>(&self, change: impl FnOnce() -> Result<T, StateError>) -> Result<T, StateError> {
        let path = self.path("lock");
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path);
        let lock = lock.and_then(|file| file.lock().map(|()| file));
        let _held =
            lock.map_err(|error| StateError::new(format!("cannot lock {}: {error}", path.display())))?;
        change()
    }

    /// Writes a file under a temporary name, and returns its path.
    fn write_temporary(&self, name: &str, text: &str) -> Result<PathBuf, StateError> {
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
            StateError::unwritable(format!("cannot write {}: {error}", path.display()))
        })?;
        Ok(path)
    }
}

/// Reads a file that only the user can read; `None` if it does not exist.
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
            "can be read by other users (mode {mode:o}). Run `chmod 600 {}`, or delete it if they may have read it",
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

/// The base folder. Relative paths are ignored, as the XDG base directory specification wants.
fn folder(xdg: Option<OsString>, home: Option<OsString>) -> Option<PathBuf> {
    let absolute = |value: OsString| Some(PathBuf::from(value)).filter(|path| path.is_absolute());
    xdg.and_then(absolute)
        .or_else(|| Some(home.and_then(absolute)?.join(".local/state")))
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
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::at(folder.path().join("a/deskbeam")).unwrap();
        assert_eq!(mode(&folder.path().join("a/deskbeam")), 0o700);
        assert_eq!(state.read("x").unwrap(), None);
        assert!(state.create("x", "one").unwrap());
        assert!(!state.create("x", "two").unwrap());
        assert_eq!(state.read("x").unwrap().as_deref(), Some("one"));
        state.replace("x", "three").unwrap();
        assert_eq!(state.read("x").unwrap().as_deref(), Some("three"));
        assert_eq!(mode(&state.path("x")), 0o600);
        let left = std::fs::read_dir(folder.path().join("a/deskbeam"))
            .unwrap()
            .count();
        assert_eq!(left, 1, "nothing is left beside it");
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::at(folder.path().to_owned()).unwrap();
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
