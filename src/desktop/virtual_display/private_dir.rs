//! The directory for the files of a virtual display, and those that killed hosts have left.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::xauthority::random;

/// A directory that only this user can look into, removed with all that is in it when dropped.
///
/// It is locked while its host lives, so that a later host can tell that it was left behind, and remove it.
pub(crate) struct PrivateDir {
    path: PathBuf,
    _lock: File,
}

impl PrivateDir {
    /// Creates one in `$XDG_RUNTIME_DIR`, or in the directory for temporary files, and removes those there that were
    /// left behind.
    pub(crate) fn create() -> io::Result<PrivateDir> {
        let runtime = std::env::var_os("XDG_RUNTIME_DIR")
            .map(PathBuf::from)
            .filter(|dir| dir.is_dir());
        PrivateDir::create_in(&runtime.unwrap_or_else(std::env::temp_dir))
    }

    fn create_in(parent: &Path) -> io::Result<PrivateDir> {
        remove_left(parent);
        let mut suffix = [0; 8];
        random(&mut suffix)?;
        let path = parent.join(format!("{PREFIX}{:016x}", u64::from_ne_bytes(suffix)));
        DirBuilder::new().mode(0o700).create(&path)?;
        // The file gets its name when it is locked: other hosts look for directories without a lock at any time.
        let unnamed = path.join("new");
        let lock = File::create_new(&unnamed)?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
        fs::rename(unnamed, path.join(LOCK))?;
        Ok(PrivateDir { path, _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for PrivateDir {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "cannot remove a directory of ours");
        }
    }
}

/// Removes the directories in `parent` whose hosts were killed. A directory without a lock is still being made.
fn remove_left(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let path = entry.path();
        if is_named(&path) && is_own_directory(&path) && is_unlocked(&path.join(LOCK)) {
            match fs::remove_dir_all(&path) {
                Ok(()) => tracing::info!(path = %path.display(), "removed what a killed host has left"),
                Err(error) => {
                    tracing::warn!(path = %path.display(), %error, "cannot remove what a killed host has left");
                }
            }
        }
    }
}

fn is_named(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    let number = name.and_then(|name| name.strip_prefix(PREFIX));
    number.is_some_and(|number| number.len() == 16 && number.bytes().all(|digit| digit.is_ascii_hexdigit()))
}

fn is_own_directory(path: &Path) -> bool {
    let user = rustix::process::geteuid().as_raw();
    fs::symlink_metadata(path).is_ok_and(|found| found.is_dir() && found.uid() == user)
}

fn is_unlocked(lock: &Path) -> bool {
    File::open(lock).is_ok_and(|lock| flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok())
}

const PREFIX: &str = "deskbeam-";
const LOCK: &str = "lock";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_host_left_is_removed_and_what_a_living_one_has_is_not() {
        let parent = tempfile::tempdir().unwrap();
        let make = |name: &str, has_lock: bool| {
            let path = parent.path().join(name);
            fs::create_dir(&path).unwrap();
            fs::write(path.join("Xauthority"), "secret").unwrap();
            if has_lock {
                fs::write(path.join(LOCK), "").unwrap();
            }
            path
        };
        let left = make("deskbeam-0123456789abcdef", true);
        let unlocked = make("deskbeam-0123456789abcdee", false);
        let foreign = make("deskbeam-settings", true);
        let living = PrivateDir::create_in(parent.path()).unwrap();
        assert!(!left.exists());
        assert!(unlocked.exists() && foreign.exists());
        let other = PrivateDir::create_in(parent.path()).unwrap();
        assert!(living.path().exists() && living.path() != other.path());
        let path = living.path().to_owned();
        drop(living);
        assert!(!path.exists());
    }

    #[test]
    fn hosts_that_start_at_once_remove_nothing_of_each_other() {
        let parent = tempfile::tempdir().unwrap();
        std::thread::scope(|hosts| {
            for _ in 0..8 {
                hosts.spawn(|| {
                    for _ in 0..200 {
                        let dir = PrivateDir::create_in(parent.path()).unwrap();
                        assert!(dir.path().join(LOCK).exists());
                    }
                });
            }
        });
    }
}
