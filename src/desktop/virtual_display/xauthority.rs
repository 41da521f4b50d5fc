//! The secret of a display: a fresh cookie, and the files in which the X server and its clients look for it.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// A MIT-MAGIC-COOKIE-1. No `Debug`: a program that has it may read the screen and type.
#[derive(Clone)]
pub(crate) struct Cookie([u8; 16]);

impl Cookie {
    /// A new cookie, from the system's random numbers.
    pub(crate) fn random() -> io::Result<Cookie> {
        let mut bytes = [0; 16];
        random(&mut bytes)?;
        Ok(Cookie(bytes))
    }

    pub(crate) fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// Writes an Xauthority file with one entry: `cookie` is good for the display `number` (empty: for any), however it
/// is reached. The file must not exist yet.
pub(crate) fn write(path: &Path, number: &str, cookie: &Cookie) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(&entry(number, cookie))
}

fn entry(number: &str, cookie: &Cookie) -> Vec<u8> {
    let mut entry = FAMILY_WILD.to_be_bytes().to_vec();
    for field in [
        b"".as_slice(),
        number.as_bytes(),
        b"MIT-MAGIC-COOKIE-1",
        &cookie.0,
    ] {
        // Each field is much shorter than 64 KiB.
        entry.extend((field.len() as u16).to_be_bytes());
        entry.extend(field);
    }
    entry
}

pub(super) fn random(bytes: &mut [u8]) -> io::Result<()> {
    getrandom::fill(bytes).map_err(|error| io::Error::other(error.to_string()))
}

/// The family of an entry that fits all addresses.
const FAMILY_WILD: u16 = 0xffff;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::super::private_dir::PrivateDir;
    use super::*;

    #[test]
    fn an_entry_is_written_in_the_binary_form() {
        let entry = entry("7", &Cookie([0xab; 16]));
        let mut expected = b"\xff\xff\0\0\0\x017\0\x12MIT-MAGIC-COOKIE-1\0\x10".to_vec();
        expected.extend([0xab; 16]);
        assert_eq!(entry, expected);
    }

    #[test]
    fn other_users_cannot_read_the_file_or_its_directory() {
        let dir = PrivateDir::create().unwrap();
        let path = dir.path().join("Xauthority");
        write(&path, "", &Cookie::random().unwrap()).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(dir.path()), mode(&path)), (0o700, 0o600));
        assert!(
            write(&path, "", &Cookie::random().unwrap()).is_err(),
            "an existing file is left alone"
        );
        let gone = dir.path().to_owned();
        drop(dir);
        assert!(!gone.exists());
    }

    #[test]
    fn cookies_differ() {
        assert_ne!(
            Cookie::random().unwrap().bytes(),
            Cookie::random().unwrap().bytes()
        );
    }
}
