//! The location of the configuration file.

use std::ffi::OsString;
use std::path::PathBuf;

/// `deskbeam/config.toml` in the configuration folder of the user; `None` if there is no such folder.
pub(super) fn default_file() -> Option<PathBuf> {
    let folder = folder(std::env::var_os("XDG_CONFIG_HOME"), std::env::var_os("HOME"))?;
    Some(folder.join("deskbeam").join("config.toml"))
}

/// The base folder. Relative paths are ignored, as the XDG base directory specification wants.
fn folder(xdg: Option<OsString>, home: Option<OsString>) -> Option<PathBuf> {
    let absolute = |value: OsString| Some(PathBuf::from(value)).filter(|path| path.is_absolute());
    xdg.and_then(absolute)
        .or_else(|| Some(home.and_then(absolute)?.join(".config")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_that_of_xdg_and_otherwise_in_the_home() {
        let of = |xdg: &str, home: &str| folder(Some(xdg.into()), Some(home.into()));
        assert_eq!(of("/xdg", "/home/a"), Some("/xdg".into()));
        for ignored in ["", "relative"] {
            assert_eq!(of(ignored, "/home/a"), Some("/home/a/.config".into()));
        }
        assert_eq!(folder(None, None), None);
    }
}
