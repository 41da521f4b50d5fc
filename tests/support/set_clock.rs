//! A time of day that a test sets for a program, by libfaketime. What only goes on, goes on as it is.

use std::path::PathBuf;

pub struct SetClock {
    place: tempfile::TempDir,
}

impl SetClock {
    /// One that is so far from ours: `-2h`, `+30d`, `+0s`.
    pub fn new(offset: &str) -> Self {
        let clock = Self {
            place: tempfile::tempdir().unwrap(),
        };
        clock.set(offset);
        clock
    }

    /// Sets it, which the program notices within about a second.
    pub fn set(&self, offset: &str) {
        let aside = self.place.path().join("next");
        std::fs::write(&aside, offset).unwrap();
        std::fs::rename(aside, self.file()).unwrap();
    }

    /// The environment of the program.
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

/// Where Debian and Ubuntu have it.
fn library() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").unwrap();
    let mut places = folders.map(|folder| folder.unwrap().path().join("faketime/libfaketimeMT.so.1"));
    places
        .find(|place| place.exists())
        .expect("libfaketime (package faketime)")
}
