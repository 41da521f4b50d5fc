//! A time of day that a test sets for a program, by libfaketime. The monotonic clock is not affected.

use std::path::PathBuf;

pub struct SetClock {
    place: tempfile::TempDir,
}

impl SetClock {
    /// Creates a clock at this offset from the real one: `-2h`, `+30d`, `+0s`.
    pub fn new(offset: &str) -> Self {
        let clock = Self {
            place: tempfile::tempdir().unwrap(),
        };
        clock.set(offset);
        clock
    }

    /// Sets the offset. The program notices within about a second.
    pub fn set(&self, offset: &str) {
        let aside = self.place.path().join("next");
        std::fs::write(&aside, offset).unwrap();
        std::fs::rename(aside, self.file()).unwrap();
    }

    /// Returns environment variables for the program.
    pub fn environment(&self) -> [(&'static str, String); 4] {
        let text = |path: PathBuf| path.into_os_string().into_string().unwrap();
        [
            ("LD_PRELOAD", text(library())),
            ("FAKETIME_TIMESTAMP_FILE", text(self.file())),
            ("FAKETIME_CACHE_DURATION", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ]
    }

    fn file(&self) -> PathBuf {
        self.place.path().join("offset")
    }
}

/// Returns the path of the library on Debian and Ubuntu.
fn library() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").unwrap();
    let mut places = folders.map(|folder| folder.unwrap().path().join("faketime/libfaketimeMT.so.1"));
    places
        .find(|place| place.exists())
        .expect("libfaketime (package faketime)")
}
