//! The temporary files of uploads: their names, how they get their final one, and the removal of old ones.

use std::os::fd::OwnedFd;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{AtFlags, Dir, FileType, RenameFlags};
use rustix::io::Errno;

/// The name of a temporary file, around the key of the upload.
const PREFIX: &str = ".deskbeam-";
const SUFFIX: &str = ".part";
const KEY_LENGTH: usize = 32;
/// The age from which a temporary file is removed at the start.
pub(super) const MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// True if this can be the key of an upload: 32 hexadecimal digits.
pub(super) fn is_key(key: &str) -> bool {
    key.len() == KEY_LENGTH && key.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The name of the temporary file of an upload.
pub(super) fn name(key: &str) -> String {
    format!("{PREFIX}{key}{SUFFIX}")
}

/// Renames a temporary file, unless a file of that name exists.
pub(super) fn rename(folder: &OwnedFd, temporary: &str, name: &str) -> Result<(), Errno> {
    match rustix::fs::renameat_with(folder, temporary, folder, name, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS) => add_name(folder, temporary, name),
        moved => moved,
    }
}

/// Does the same on file systems that cannot rename without replacing. The file keeps its old name too.
pub(super) fn add_name(folder: &OwnedFd, temporary: &str, name: &str) -> Result<(), Errno> {
    rustix::fs::linkat(folder, temporary, folder, name, AtFlags::empty())
}

/// Removes the temporary files that were not written to for a day.
pub(super) fn remove_leftovers(folder: &OwnedFd, now: SystemTime) -> Result<(), Errno> {
    let oldest = now
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .saturating_sub(MAX_AGE);
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
        let is_old = u64::try_from(stat.st_mtime).is_ok_and(|seconds| seconds < oldest.as_secs());
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
    key.is_some_and(is_key)
}
