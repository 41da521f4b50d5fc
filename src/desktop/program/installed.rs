//! Looking for installed programs.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// Returns the first of `names` that is an executable file in a directory of `path` (`$PATH`).
pub(in crate::desktop) fn first_installed(names: &[&str], path: Option<&OsStr>) -> Option<PathBuf> {
    names.iter().find_map(|name| {
        std::env::split_paths(path?)
            .map(|dir| dir.join(name))
            .find(|file| {
                file.metadata()
                    .is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
            })
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_first_name_that_is_executable_is_found() {
        let dir = tempfile::tempdir().unwrap();
        for (name, mode) in [("text", 0o644), ("second", 0o755), ("third", 0o755)] {
            let file = dir.path().join(name);
            fs::write(&file, "").unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        }
        let path = Some(dir.path().as_os_str());
        let found = first_installed(&["missing", "text", "second", "third"], path);
        assert_eq!(found, Some(dir.path().join("second")));
        assert_eq!(first_installed(&["text"], path), None);
        assert_eq!(first_installed(&["second"], None), None);
    }
}
