//! Which programs this host has.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// Window managers in the order of preference; the first is what Debian's administrator chose.
pub(super) const WINDOW_MANAGERS: &[&str] = &[
    "x-window-manager",
    "openbox",
    "xfwm4",
    "metacity",
    "marco",
    "icewm",
    "fluxbox",
    "jwm",
    "twm",
];

/// Terminals in the order of preference. Some that administrators choose hand over to a server on another display
/// and end at once; xterm does not.
pub(super) const TERMINALS: &[&str] = &[
    "xterm",
    "uxterm",
    "x-terminal-emulator",
    "xfce4-terminal",
    "mate-terminal",
    "lxterminal",
    "konsole",
    "urxvt",
];

/// The first of `names` that is an executable file in a directory of `path` (`$PATH`).
pub(super) fn first_installed(names: &[&str], path: Option<&OsStr>) -> Option<PathBuf> {
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
